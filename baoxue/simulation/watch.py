"""How far enrollment and casework have come, read from their stores: cheap enough to ask often."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from baoxue.system import System
from shared import timer
from shared.pool import reading

# In this order: whatever the first has caused is in what the second shows when it has caught up.
WAITED_FOR = ("enrollment", "casework")
TIMERS = text(
    "select (select count(*) from timer where due_at <= (select clock()) and failures < :failures)"
    " as due, (select min(due_at) from timer where failures < :failures) as next"
)
PLACES = text(
    "select (select json_object_agg(ledger, last_seq) from ledger where last_seq > 0) as heads,"
    " (select json_agg(json_build_array(subscription, source, ledger, seq)) from checkpoint)"
    " as places"
)


@dataclass(frozen=True, slots=True)
class Watch:
    """`follows`: of each of the two services, its subscriptions and their sources."""

    engines: Mapping[str, AsyncEngine]
    follows: Mapping[str, Mapping[str, list[str]]]

    @classmethod
    async def begin(cls, system: System, engines: Mapping[str, AsyncEngine]) -> "Watch":
        follows: dict[str, dict[str, list[str]]] = {}
        for name in WAITED_FOR:
            told = (await system.get(name, "/positions"))["follows"]
            follows[name] = {one: src for one, src in told.items() if set(src) <= {*WAITED_FOR}}
        return cls(engines, follows)

    async def timers(self) -> tuple[int, datetime | None]:
        """How many of a service are due now and not done, and when the next of all is due."""
        rows = await asyncio.gather(*(self._timers(name) for name in WAITED_FOR))
        if due := next((row.due for row in rows if row.due), 0):
            return due, None
        return 0, min((row.next for row in rows if row.next), default=None)

    async def _timers(self, name: str) -> Row[Any]:
        async with reading(self.engines[name]) as conn:
            return (await conn.execute(TIMERS, {"failures": timer.FAILURE_LIMIT})).one()

    async def behind(self) -> list[str]:
        """Subscriptions that have not reached what was written, the latest effects included.

        Those of the first service that is behind: nobody asks for more before they are there.
        """
        heads: dict[str, dict[str, int]] = {}
        for name in WAITED_FOR:
            async with reading(self.engines[name]) as conn:
                row = (await conn.execute(PLACES)).one()
            heads[name] = row.heads or {}
            if waits := _behind(self.follows[name], row.places or [], heads):
                return waits
        return []


def _behind(
    follows: Mapping[str, list[str]], places: list[list[Any]], heads: Mapping[str, dict[str, int]]
) -> list[str]:
    reached = {(name, source, ledger): seq for name, source, ledger, seq in places}
    return [
        f"{name} at {reached.get((name, source, ledger), 0)} of {seq} in {ledger}"
        for name, sources in follows.items()
        for source in sources
        for ledger, seq in heads.get(source, {}).items()
        if not ledger.endswith("-access") and reached.get((name, source, ledger), 0) < seq
    ]
