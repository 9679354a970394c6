"""Whatever arrives is answered or refused with a reason, and nothing of it is half stored.

Runs after the other tests of this folder: what is accepted here changes the two counties.
"""

import json
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.contracts.topics import SERVICES
from tests.guard import nasty
from tests.guard.asking import Answer, Header, ask
from tests.guard.conftest import Deployed
from tests.guard.counties import OPERATOR
from tests.guard.declared import DECLARED
from tests.guard.declared_commands import commands
from tests.guard.nasty import Strange
from tests.guard.routes import table_of

pytestmark = pytest.mark.timeout(7200)

SHORT, LONG = 3000, 100_000
STORED = text("select coalesce(sum(last_seq), 0) from ledger")
PARKED = text("select count(*) from parked")
ACTORS = (
    "homeroom_teacher class0",
    "principal school0",
    "registrar school0",
    "county_officer county",
    "policy_officer county",
    "inspector county",
)
HYPOTHESIS = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    # The first failure tells enough; making it smaller would send thousands of requests more.
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@dataclass(slots=True, repr=False)
class Shot:
    """The requests of a run: what is aimed at, and what has come of it so far."""

    deployed: Deployed
    strange: st.SearchStrategy[Strange]
    tokens: list[bytes]
    answered: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    async def fire(self, one: Strange) -> None:
        """Raises AssertionError with the request, so that it can be repeated."""
        world = self.deployed.stage.worlds[one.service]
        token = self.tokens[one.by % len(self.tokens)]
        session: list[Header] = [(b"authorization", b"Bearer " + token)] if one.signed else []
        headers = [*session, (b"accept", b"application/json"), *one.headers]
        before = await self._stored(one.service)
        answer = await ask(world.app, one.method, one.target, headers, one.body)
        assert not answer.error, f"{one!r}\n{answer.error[-2500:]}"
        self.answered += 1
        if one.target.startswith(b"/health/ready"):
            return  # says 503 of itself here, where there is no broker
        assert answer.status < 500, f"{one!r} {answer.status}"
        if answer.status >= 400:
            assert await self._stored(one.service) == before, f"{one!r} stored something"
            self.refused[reason(one, answer)] = self.refused.get(reason(one, answer), 0) + 1

    async def _stored(self, service: str) -> int:
        async with self.deployed.stage.worlds[service].engine.connect() as conn:
            return (await conn.execute(STORED)).scalar_one()


def reason(one: Strange, answer: Answer) -> str:
    """The code of a refusal, which says what to do and, where a field is at fault, which one."""
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/") or not answer.body:  # pages, and the logs' own plain sentences
        assert answer.body or one.method == "HEAD", f"{one!r} {answer.status} without a word"
        return kind
    told = json.loads(answer.body)
    assert told.get("say"), f"{one!r} → {told}"
    if told["code"] == "invalid":
        fields = told.get("fields") or {}
        name = fields.get("field") or next(iter(fields), "")
        assert name, f"{one!r} names no field: {told}"
    return told["code"]


def aims(deployed: Deployed) -> st.SearchStrategy[Strange]:
    """A request at anything that the route tables and command tables hold."""
    known = [
        (service, name, given_.values)
        for service, table in commands(deployed.here).items()
        for name, given_ in table.items()
    ]
    posts = list(posted(deployed)) + [(s, f"/{s}/commands/{n}") for s, n, _ in known]
    pages = list(read(deployed))
    return (
        nasty.commands(known)
        | nasty.commands(known)
        | nasty.raw_bodies(posts)
        | nasty.gets(pages)
        | nasty.heads(pages)
    )


def posted(deployed: Deployed) -> Iterator[tuple[str, str]]:
    unknown = "0198c5b0-0000-7000-8000-000000000000"
    for service in SERVICES:
        for route in table_of(service, deployed.stage.worlds[service].app):
            if route.method == "POST" and "/commands/" not in route.path:
                yield service, re.sub(r"\{\w+\}", unknown, route.path)


def read(deployed: Deployed) -> Iterator[tuple[str, str, list[str]]]:
    """Each GET with the names that its query is known to take."""
    for service in SERVICES:
        for route in table_of(service, deployed.stage.worlds[service].app):
            if route.method == "GET":
                declared = DECLARED[service][f"GET {route.path}"]
                known = {name for a in declared.asks for name, _ in parse_qsl(urlsplit(a).query)}
                yield service, route.path, sorted(known | {"on", "after", "page", "month", "at"})


@pytest.fixture(scope="session")
def shot(deployed: Deployed) -> Shot:
    viewers = [deployed.callers[f"{deployed.here.code} {one}"] for one in ACTORS]
    tokens = [deployed.token(one).encode() for one in (*viewers, OPERATOR) if one]
    return Shot(deployed, aims(deployed), tokens)


def drawn(strange: st.SearchStrategy[Strange], number: int) -> list[Strange]:
    """The requests before the first is sent, so that no answer can change what is drawn next."""
    requests: list[Strange] = []

    @settings(max_examples=number, **HYPOTHESIS)
    @given(strange)
    def draw(one: Strange) -> None:
        requests.append(one)

    draw()
    return requests


def firing(number: int) -> Callable[[Shot], Coroutine[Any, Any, None]]:
    async def fire(shot: Shot) -> None:
        for one in drawn(shot.strange, number):
            await shot.fire(one)

    return fire


test_strange_requests_are_answered_or_refused = firing(SHORT)
test_a_hundred_thousand_strange_requests = pytest.mark.long(firing(LONG))


async def test_afterwards_every_event_is_followed_and_every_page_is_drawn(shot: Shot) -> None:
    """What was accepted among it is data like any other."""
    stage = shot.deployed.stage
    await stage.spread()
    for world in stage.worlds.values():
        async with world.engine.connect() as conn:
            assert (await conn.execute(PARKED)).scalar_one() == 0
    for service, path, _ in read(shot.deployed):
        if "{" not in path and "/health/" not in path:
            for by in range(len(shot.tokens)):
                headers = ((b"accept", b"text/html"),)
                await shot.fire(Strange(service, "GET", path.encode(), headers, b"", by))
    assert shot.answered >= SHORT, shot.answered
    assert shot.refused.get("invalid"), shot.refused
