"""What arrives for a process: read once, given to every subscription that it concerns."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.checkpoints import pass_over
from shared.contracts.topics import topic_of
from shared.following import Follower, pause_after
from shared.kafka import BATCH_LIMIT_RECORDS, Arrived, Broker, Strange, subscribe
from shared.pace import Pace
from shared.subscription import Entry, entry, steps

log = structlog.get_logger()

SET_ASIDE = text(
    'insert into stranger (topic, partition, "offset", value, reason)'
    " values (:topic, :partition, :offset, :value, :reason) on conflict do nothing"
)


@dataclass(frozen=True, slots=True)
class Reception:
    """One consumer of Kafka for all followers of a process.

    A batch is acknowledged when every follower has taken it or has said that it could not: what
    one has missed it fetches from the feed, so that none holds up the others.

    After a batch that was not full it waits for company, as long as its pace says.
    """

    engine: AsyncEngine
    followers: Sequence[Follower]
    pace: Pace = field(default_factory=Pace)

    def attach(self, kafka: Broker, prefix: str, name: str) -> Any:
        """Follow the topics of every source as group `name`; returns FastStream's subscriber."""
        sources = {source for one in self.followers for source in one.subscription.sources}
        topics = [topic_of(prefix, source) for source in sorted(sources)]
        return subscribe(kafka, topics, f"{prefix}{name}", self.receive)

    async def receive(self, arrived: Sequence[Arrived], strange: Sequence[Strange]) -> None:
        """One batch from Kafka. Raising makes the whole batch come again, after a pause.

        It is raised when nobody could take anything: the database is away, and Kafka waits for us.
        """
        await self._set_aside(strange)
        by_source: dict[str, list[Entry]] = defaultdict(list)
        for one in arrived:
            by_source[one.source].append(entry(one))
        for source, entries in by_source.items():
            await self._offer(source, entries)
        if len(arrived) < BATCH_LIMIT_RECORDS:
            await self.pace.gather()

    async def _offer(self, source: str, entries: list[Entry]) -> None:
        ours = [one for one in self.followers if source in one.subscription.sources]
        try:
            taking = await concerned(self.engine, ours, source, entries)
        except Exception as error:
            await self._nobody(ours, error)
            raise
        failed = await asyncio.gather(*(one.hear(source, left) for one, left in taking))
        if len(taking) == len(ours) and (errors := [e for e in failed if e]) == failed:
            await asyncio.sleep(min(map(pause_after, errors)))
            raise errors[0]

    async def _nobody(self, ours: Sequence[Follower], error: Exception) -> None:
        for one in ours:
            one.fail(error)
        await asyncio.sleep(pause_after(error))

    async def _set_aside(self, strange: Sequence[Strange]) -> None:
        if not strange:
            return
        rows = [
            {
                "topic": one.topic,
                "partition": one.partition,
                "offset": one.offset,
                "value": one.value,
                "reason": one.reason,
            }
            for one in strange
        ]
        async with self.engine.begin() as conn:
            await conn.execute(SET_ASIDE, rows)
        for one in self.followers:
            one.strangers += len(rows)
        log.warning("strangers_set_aside", count=len(rows))


async def concerned(
    engine: AsyncEngine, followers: Sequence[Follower], source: str, entries: list[Entry]
) -> list[tuple[Follower, list[Entry]]]:
    """Who is to take what of these entries of one source that they follow.

    Those whom nothing of it concerns are moved over it together, in one statement; what is left
    are ledgers in which one does not stand right before the first entry.
    """
    taking: list[tuple[Follower, list[Entry]]] = []
    deaf: list[Follower] = []
    for one in followers:
        if one.subscription.concerning(entries):
            taking.append((one, entries))
        else:
            deaf.append(one)
    if not deaf:
        return taking
    moved = await pass_over(engine, [one.name for one in deaf], source, steps(entries))
    for one in deaf:
        left = [entry for entry in entries if (one.name, entry.ledger) not in moved]
        one.passed(len(entries) - len(left))
        if left:
            taking.append((one, left))
    return taking
