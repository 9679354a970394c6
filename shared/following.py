"""How a process follows: Kafka is the fast path, the feed heals, the own store is polled."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.topics import source_of, topic_of
from shared.contracts.upcast import NewerVersion
from shared.event import read
from shared.faults import NotNow, ParkedTooMany, PastRewritten, UpgradeNeeded
from shared.feed import FeedClient, FeedRewritten, page
from shared.kafka import Arrived, Broker, Strange, subscribe
from shared.pool import reading
from shared.subscription import (
    BATCH_LIMIT_EVENTS,
    Entry,
    Gap,
    Shape,
    Subscription,
    deliver,
    entry,
    places,
)
from shared.waking import Ear, Waking

log = structlog.get_logger()

# Whoever appends wakes the loop; this is for a hint that was lost.
IDLE_SECONDS = 2.0
SWEEP_SECONDS = 30.0
RETRY_SECONDS = 1.0
HALTED_SECONDS = 5.0

# What stops one ledger and no other, until something outside has changed.
WAITS = (NotNow, NewerVersion, PastRewritten, FeedRewritten)

SET_ASIDE = text(
    'insert into stranger (topic, partition, "offset", value, reason)'
    " values (:topic, :partition, :offset, :value, :reason) on conflict do nothing"
)
OWN_BEHIND = text(
    "select l.ledger, l.last_seq, coalesce(c.seq, 0) as seq from ledger l left join checkpoint c"
    " on c.subscription = :subscription and c.source = :source and c.ledger = l.ledger"
    " where l.last_seq > coalesce(c.seq, 0) order by l.ledger"
)


@dataclass(slots=True)
class Follower:
    """Runs one subscription in one process; any number of copies may."""

    engine: AsyncEngine
    service: str
    subscription: Subscription
    feeds: Mapping[str, FeedClient]
    waking: Waking
    state: str = "starting"
    strangers: int = 0
    healed: int = 0
    lag: int = 0
    waiting: dict[tuple[str, str], str] = field(default_factory=dict)
    _ear: Ear = field(init=False)

    def __post_init__(self) -> None:
        self._ear = self.waking.ear()

    def attach(self, kafka: Broker, prefix: str) -> Any:
        """Follow the topics of every source; returns FastStream's subscriber."""
        topics = [topic_of(prefix, source) for source in self.subscription.sources]
        return subscribe(kafka, topics, f"{prefix}{self.subscription.name}", self.receive)

    async def receive(self, arrived: Sequence[Arrived], strange: Sequence[Strange]) -> None:
        """One batch from Kafka. Raising makes the whole batch come again, after a pause."""
        try:
            await self._set_aside(strange)
            await self._take([entry(one) for one in arrived])
            self._settle()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await self._pause(error)
            raise

    async def _take(self, entries: Sequence[Entry]) -> None:
        by_source: dict[str, list[Entry]] = defaultdict(list)
        for one in entries:
            by_source[one.source].append(one)
        for source, ours in by_source.items():
            for chunk in _chunks(ours):
                for gap in await self._deliver(source, chunk):
                    # A ledger that waits is tried again by the sweep, from its checkpoint.
                    if (source, gap.ledger) not in self.waiting:
                        await self.heal(gap)
        self._tell()

    def _tell(self) -> None:
        """Wake whoever follows what this one wrote; a projection writes what only people read."""
        if self.subscription.shape is not Shape.PROJECTION:
            self.waking.wake()

    async def _deliver(self, source: str, entries: Sequence[Entry]) -> list[Gap]:
        """As `deliver`, except that a ledger that must wait stops no other."""
        try:
            return await deliver(self.engine, self.subscription, source, entries)
        except WAITS:
            by_ledger: dict[str, list[Entry]] = defaultdict(list)
            for one in entries:
                by_ledger[one.ledger].append(one)
        gaps = [await self._deliver_up_to(source, ours) for ours in by_ledger.values()]
        return [gap for found in gaps for gap in found]

    async def _deliver_up_to(self, source: str, entries: Sequence[Entry]) -> list[Gap]:
        """One by one, to the one that must wait or to a gap."""
        try:
            for one in sorted(entries, key=lambda e: e.seq):
                if gaps := await deliver(self.engine, self.subscription, source, [one]):
                    return gaps
        except WAITS as error:
            self._wait(source, entries[0].ledger, error)
        return []

    def _wait(self, source: str, ledger: str, error: Exception) -> None:
        newer = isinstance(error, UpgradeNeeded | NewerVersion)
        self.waiting[source, ledger] = "upgrade_needed" if newer else "waiting"
        log.warning(
            "ledger_waits",
            subscription=self.subscription.name,
            ledger=ledger,
            reason=f"{type(error).__name__}: {error}"[:200],
        )

    def _settle(self) -> None:
        """What is said of the whole: that everything goes on, or why one ledger does not."""
        self.state = min(self.waiting.values(), default="following")

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
        self.strangers += len(rows)
        log.warning("strangers_set_aside", subscription=self.subscription.name, count=len(rows))

    async def _pause(self, error: Exception) -> None:
        halted = isinstance(error, ParkedTooMany)
        self.state = "halted" if halted else "waiting"
        log.warning(
            "subscription_waits",
            subscription=self.subscription.name,
            state=self.state,
            reason=f"{type(error).__name__}: {error}"[:200],
        )
        await asyncio.sleep(HALTED_SECONDS if halted else RETRY_SECONDS)

    async def heal(self, gap: Gap) -> None:
        """Pull what is missing after `gap.after` from the source, through the same handler."""
        service, place = gap.source.split(".")[0], (gap.source, gap.ledger)
        if service == self.service and self.subscription.own:
            return
        self.waiting.pop(place, None)
        try:
            async for bodies in self.feeds[service].since(gap.ledger, gap.after, gap.hash):
                entries = [Entry(*place, read(body).ledgerseq, body) for body in bodies]
                for chunk in _chunks(entries):
                    await self._deliver(gap.source, chunk)
                    if place in self.waiting:
                        return
                self.healed += len(entries)
        except FeedRewritten as error:
            self._wait(*place, error)

    async def sweep(self) -> None:
        """For ever: whatever stands below its source's head and does not move is pulled."""
        before: dict[tuple[str, str], int] = {}
        while True:
            before = await self.sweep_once(before)
            await asyncio.sleep(RETRY_SECONDS if self.waiting else SWEEP_SECONDS)

    async def sweep_once(self, before: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Heal ledgers whose checkpoint is still where `before` saw it, below the head.

        What `before` does not know is healed at once: a process that starts does not wait for the
        group to find out that its predecessor is dead.
        """
        said = self.state == "starting" or bool(self.waiting)
        standing: dict[tuple[str, str], int] = {}
        self.lag = 0
        for service in sorted({source.split(".")[0] for source in self.subscription.sources}):
            try:
                for gap in await self._behind(service, standing):
                    place = (gap.source, gap.ledger)
                    if before.get(place, gap.after) == gap.after:
                        await self.heal(gap)
            except Exception as error:
                log.info(
                    "sweep_waits", subscription=self.subscription.name, reason=type(error).__name__
                )
        if said:
            self._settle()
        return standing

    async def _behind(self, service: str, standing: dict[tuple[str, str], int]) -> list[Gap]:
        """The ledgers of a service that stand below its heads; all places go into `standing`."""
        heads = await self.feeds[service].heads()
        at = await places(self.engine, self.subscription.name)
        found: list[Gap] = []
        for head in heads:
            source = source_of(service, head.ledger)
            if source not in self.subscription.sources:
                continue
            seq, hash = at.get((source, head.ledger), (0, ""))
            standing[source, head.ledger] = seq
            self.lag += max(0, head.seq - seq)
            if head.seq > seq:
                found.append(Gap(source, head.ledger, seq, hash))
        return found

    async def follow_own(self) -> None:
        """For ever: the own store, straight from its tables."""
        while True:
            try:
                moved = await self.follow_own_once()
                self._settle()
                if moved:
                    self._tell()
                else:
                    await self._ear.wait(IDLE_SECONDS)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                await self._pause(error)

    async def follow_own_once(self) -> int:
        """Deliver one chunk of each own ledger that has something new; returns how many events."""
        (source,) = self.subscription.sources
        place = {"subscription": self.subscription.name, "source": source}
        async with reading(self.engine) as conn:
            rows = (await conn.execute(OWN_BEHIND, place)).all()
        behind = [row for row in rows if source_of(self.service, row.ledger) == source]
        self.lag = sum(row.last_seq - row.seq for row in behind)
        moved = 0
        for ledger, _, seq in behind:
            bodies = await page(self.engine, ledger, seq, BATCH_LIMIT_EVENTS)
            entries = [
                Entry(source, ledger, seq + n, body.encode()) for n, body in enumerate(bodies, 1)
            ]
            self.waiting.pop((source, ledger), None)
            await self._deliver(source, entries)
            # A ledger that waits is looked at again when the others have come to rest.
            moved += 0 if (source, ledger) in self.waiting else len(entries)
        return moved


def _chunks(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [
        entries[start : start + BATCH_LIMIT_EVENTS]
        for start in range(0, len(entries), BATCH_LIMIT_EVENTS)
    ]
