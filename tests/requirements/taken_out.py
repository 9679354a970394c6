"""A pytest plugin that takes one name out of the code, to see that its test misses it.

`BAOXUE_TAKEN_OUT="command casework.assign_case" pytest -p tests.requirements.taken_out NODE`
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec
from fastapi import APIRouter

from shared.contracts.decode import _DECODERS, EVENTS
from shared.event_store import Aggregate
from shared.policy.pack import Pack
from shared.policy.schema import PackFile
from tests.requirements.naming import DOCUMENTS, MECHANISMS, table_of

VARIABLE = "BAOXUE_TAKEN_OUT"


def pytest_configure() -> None:
    kind, _, name = os.environ[VARIABLE].partition(" ")
    TAKE_OUT[kind](name)


def event(name: str) -> None:
    """No contract knows it, and its own service calls it something else."""
    service, _, bare = name.partition(".")
    del EVENTS[name], _DECODERS[name]
    stored = vars(import_module(f"services.{service}.aggregates")).values()
    for aggregate in stored:
        if isinstance(aggregate, Aggregate) and bare in aggregate.events:
            aggregate.events[bare].__name__ = "TakenOut"


def command(name: str) -> None:
    service, _, bare = name.partition(".")
    del table_of(service)[bare]


def policy(name: str) -> None:
    """A value that cannot be read, or a mechanism that no pack has."""
    part, _, code = name.partition(".")
    if part in MECHANISMS:
        mechanism(part, code)
    else:
        rule(name)


def rule(name: str) -> None:
    value = Pack.value

    def without(pack: Pack, path: str) -> object:
        if path == name:
            raise KeyError(path)
        return value(pack, path)

    Pack.value = without


def mechanism(part: str, code: str) -> None:
    """Every pack comes without this duty, scheme, body or system."""
    made = Pack.__init__

    def without(pack: Pack, sha256: str, file: PackFile) -> None:
        left = {name: one for name, one in getattr(file, part).items() if name != code}
        made(pack, sha256, msgspec.structs.replace(file, **{part: left}))

    vars_of: Any = Pack
    vars_of.__init__ = without


def page(name: str) -> None:
    """No router takes the path, nor the part of it below a router's prefix."""
    add = APIRouter.add_api_route

    def without(router: APIRouter, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        gets = "GET" in (more.get("methods") or {"GET"})
        if not (gets and router.prefix + path == name):
            add(router, path, endpoint, **more)

    APIRouter.add_api_route = without


def document(name: str) -> None:
    """Nothing is exported under this kind."""
    made = {module.KIND: module for module in map(import_module, DOCUMENTS)}

    async def nothing(*_given: object) -> None:
        raise LookupError(f"no document {name}")

    vars(made[name])["answer"] = nothing


TAKE_OUT: dict[str, Callable[[str], None]] = {
    "event": event,
    "command": command,
    "policy": policy,
    "page": page,
    "document": document,
}
