"""What the code really names: events, commands, rules, pages and documents, by loading them."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import yaml
from fastapi import FastAPI

from shared.contracts.decode import EVENTS
from shared.contracts.topics import SERVICES
from shared.key_files import make_key_files
from shared.policy.pack import parameter_paths, seed_pack
from shared.settings import Settings
from shared.signing import make_signing_keys

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KINDS = ("event", "command", "policy", "page", "document")
# Where a service says what it exports; the kind stands in `ExportCreated`.
DOCUMENTS = ("services.casework.pages.sheet", "services.casework.pages.assignment_sheet")
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
MECHANISMS = ("duties", "schemes", "bodies", "systems")
PLACEHOLDER = re.compile(r"\\\{\w+\\\}")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the map; `test` is a pytest node id without parameters."""

    asks: str
    names: list[dict[str, str]]
    test: str
    later: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        return [pair for named in self.names for pair in named.items()]


@cache
def rows() -> dict[str, Row]:
    read = yaml.safe_load((HERE / "requirements.yaml").read_text(encoding="utf-8"))
    return msgspec.convert(read, dict[str, Row])


def events() -> set[str]:
    return set(EVENTS)


def commands() -> set[str]:
    """`<service>.<name>` of each row of each service's command table."""
    return {f"{service}.{name}" for service in SERVICES for name in table_of(service)}


def table_of(service: str) -> Any:
    module = f"services.{service}.commands"
    return import_module(module).TABLE if find_spec(module) else {}


def policies() -> set[str]:
    """Key paths of the values, and `<part>.<code>` of each duty, scheme, body and system."""
    pack = seed_pack()
    mechanisms = {f"{part}.{code}" for part in MECHANISMS for code in getattr(pack.file, part)}
    return mechanisms | set(parameter_paths(pack.values))


@cache
def pages(home: Path) -> frozenset[str]:
    """Every path that an application of ours answers to a GET, made without any server."""
    make_key_files(home / "keys")
    make_signing_keys(home / "secrets")
    return frozenset(path for service in SERVICES for path in gets(app_of(service, home)))


def app_of(service: str, home: Path) -> FastAPI:
    module: ModuleType = import_module(f"services.{service}.app")
    settings = Settings(
        home=home,
        database_url=NOWHERE,
        feed_database_url=NOWHERE,
        keyring_url=NOWHERE,
        keys=home / "keys" / f"{service}.json",
        secrets=home / "secrets",
    )
    return module.make_app(settings)


def gets(app: FastAPI) -> Iterator[str]:
    return (path for path, methods in app.openapi()["paths"].items() if "get" in methods)


def documents() -> set[str]:
    return {import_module(module).KIND for module in DOCUMENTS}


def known(home: Path) -> dict[str, Callable[[], set[str] | frozenset[str]]]:
    """Kind → all names of that kind."""
    return {
        "event": events,
        "command": commands,
        "policy": policies,
        "page": lambda: pages(home),
        "document": documents,
    }


def sources(test: str) -> str:
    """The text of a test's module and of what it uses of this folder."""
    path = ROOT / test.partition("::")[0]
    text = path.read_text(encoding="utf-8")
    used = [
        node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests.requirements")
    ]
    files = [ROOT / f"{module.replace('.', '/')}.py" for module in used if module]
    return "\n".join([text, *(file.read_text(encoding="utf-8") for file in files)])


def mentions(text: str, kind: str, name: str) -> bool:
    """Whether a test's text holds the name as it is sent, answered or asked for."""
    if kind == "page":
        return (
            re.search(PLACEHOLDER.sub(r"[^/\\s]+", re.escape(name)) + r"[\"'?]", text) is not None
        )
    coded = name.partition(".")[0] in MECHANISMS
    wire = name.partition(".")[2] if coded or kind in ("command", "event") else name
    return re.search(rf"\b{re.escape(wire)}\b", text) is not None
