"""Subscriptions on the own store: straight from its tables, each page read once for all."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.topics import source_of
from shared.feed import page
from shared.following import RETRY_SECONDS, Follower, pause_after
from shared.pace import Pace
from shared.pool import reading
from shared.reception import concerned
from shared.subscription import BATCH_LIMIT_EVENTS, Entry
from shared.waking import Ear, Waking

# Whoever appends wakes the loop; this is for a hint that was lost.
IDLE_SECONDS = 2.0

BEHIND = text(
    "select f.name, l.ledger, l.last_seq, coalesce(c.seq, 0) as seq"
    " from unnest(cast(:names as text[]), cast(:sources as text[])) as f(name, source)"
    " join ledger l on f.source = :service || case when l.ledger like '%-access' then '.access'"
    " else '' end left join checkpoint c on c.subscription = f.name and c.source = f.source"
    " and c.ledger = l.ledger where l.last_seq > coalesce(c.seq, 0) order by l.ledger, seq"
)


Given = tuple[str, list[Entry]]


@dataclass(slots=True)
class OwnStore:
    """All subscriptions of a process on its own store; a slow one holds up no other."""

    engine: AsyncEngine
    service: str
    followers: Sequence[Follower]
    waking: Waking
    pace: Pace = field(default_factory=Pace)
    _ear: Ear = field(init=False)
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ear = self.waking.ear()

    async def run(self) -> None:
        """For ever."""
        try:
            while True:
                try:
                    await self._start()
                    await self._ear.wait(IDLE_SECONDS)
                    await self.pace.rest()
                except Exception as error:
                    for one in self.followers:
                        one.fail(error)
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            busy = list(self._busy.values())
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)

    async def once(self) -> int:
        """A page of each ledger, done to its end; returns how many followers had something new."""
        started = await self._start()
        await asyncio.gather(*self._busy.values())
        return started

    async def _start(self) -> int:
        """Give everybody who is free one page of each ledger that has something new."""
        behind = await self._behind([one for one in self.followers if one.name not in self._busy])
        given: dict[str, list[Given]] = defaultdict(list)
        for (ledger, seq), ours in behind.items():
            source = source_of(self.service, ledger)
            bodies = await page(self.engine, ledger, seq, BATCH_LIMIT_EVENTS)
            entries = [
                Entry(source, ledger, n, body.encode()) for n, body in enumerate(bodies, seq + 1)
            ]
            for one, rest in await concerned(self.engine, ours, source, entries):
                given[one.name].append((source, rest))
        for one in self.followers:
            if pages := given.get(one.name):
                self._busy[one.name] = asyncio.create_task(self._take(one, pages))
        return sum(map(len, behind.values()))

    async def _behind(self, free: Sequence[Follower]) -> dict[tuple[str, int], list[Follower]]:
        """Who stands where below a ledger's head; whoever stands nowhere below follows."""
        pairs = [(one.name, source) for one in free for source in one.subscription.sources]
        params: dict[str, Any] = {
            "names": [name for name, _ in pairs],
            "sources": [source for _, source in pairs],
            "service": self.service,
        }
        async with reading(self.engine) as conn:
            rows = (await conn.execute(BEHIND, params)).all()
        found: dict[tuple[str, int], list[Follower]] = defaultdict(list)
        for one in free:
            ours = [row for row in rows if row.name == one.name]
            one.lag = sum(row.last_seq - row.seq for row in ours)
            for row in ours:
                found[row.ledger, row.seq].append(one)
            if not ours:
                one.settle()
        return found

    async def _take(self, follower: Follower, pages: Sequence[Given]) -> None:
        """The loop looks again at once, unless a ledger waits: then at the next hint."""
        try:
            for source, entries in pages:
                place = (source, entries[0].ledger)
                follower.waiting.pop(place, None)
                if error := await follower.hear(source, entries):
                    await asyncio.sleep(pause_after(error))
                    break
        finally:
            del self._busy[follower.name]
            if not follower.waiting:
                self._ear.hear()
