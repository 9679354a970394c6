"""How a process follows: Kafka is the fast path, the feed heals, the own store is polled."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.topics import is_access, source_of, topic_of
from shared.contracts.upcast import NewerVersion
from shared.event import read
from shared.faults import ParkedTooMany, UpgradeNeeded
from shared.feed import FeedClient, page
from shared.kafka import Arrived, Broker, Strange, subscribe
from shared.subscription import BATCH_LIMIT_EVENTS, Entry, Gap, Subscription, deliver, entry, places
from shared.waking import Ear, Waking

log = structlog.get_logger()

IDLE_SECONDS = 0.25
SWEEP_SECONDS = 30.0
RETRY_SECONDS = 1.0
HALTED_SECONDS = 5.0

SET_ASIDE = text(
    'insert into stranger (topic, partition, "offset", value, reason)'
    " values (:topic, :partition, :offset, :value, :reason) on conflict do nothing"
)
OWN_HEADS = text("select ledger, last_seq from ledger where last_seq > 0 order by ledger")


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
            self.state = "following"
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
                for gap in await deliver(self.engine, self.subscription, source, chunk):
                    await self.heal(gap)
        self.waking.wake()

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
        waits = isinstance(error, ParkedTooMany)
        newer = isinstance(error, UpgradeNeeded | NewerVersion)
        self.state = "upgrade_needed" if newer else "waiting"
        if waits:
            self.state = "halted"
        log.warning(
            "subscription_waits",
            subscription=self.subscription.name,
            state=self.state,
            reason=f"{type(error).__name__}: {error}"[:200],
        )
        await asyncio.sleep(HALTED_SECONDS if waits else RETRY_SECONDS)

    async def heal(self, gap: Gap) -> None:
        """Pull what is missing after `gap.after` from the source, through the same handler."""
        if gap.source.split(".")[0] == self.service and self.subscription.own:
            return
        feed = self.feeds[gap.source.split(".")[0]]
        async for bodies in feed.since(gap.ledger, gap.after, gap.hash):
            entries = [Entry(gap.source, gap.ledger, read(body).ledgerseq, body) for body in bodies]
            for chunk in _chunks(entries):
                await deliver(self.engine, self.subscription, gap.source, chunk)
            self.healed += len(entries)

    async def sweep(self) -> None:
        """For ever: whatever stands below its source's head and does not move is pulled."""
        before: dict[tuple[str, str], int] = {}
        while True:
            try:
                before = await self.sweep_once(before)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.info(
                    "sweep_waits", subscription=self.subscription.name, reason=type(error).__name__
                )
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep_once(self, before: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Heal ledgers whose checkpoint is still where `before` saw it, below the head."""
        standing: dict[tuple[str, str], int] = {}
        lag = 0
        for service in {source.split(".")[0] for source in self.subscription.sources}:
            heads = await self.feeds[service].heads()
            at = await places(self.engine, self.subscription.name)
            for head in heads:
                source = source_of(service, head.ledger)
                if source not in self.subscription.sources:
                    continue
                seq, hash = at.get((source, head.ledger), (0, ""))
                standing[source, head.ledger] = seq
                lag += max(0, head.seq - seq)
                if head.seq > seq and before.get((source, head.ledger), -1) == seq:
                    await self.heal(Gap(source, head.ledger, seq, hash))
        self.lag = lag
        if self.state == "starting":
            self.state = "following"
        return standing

    async def follow_own(self) -> None:
        """For ever: the own store, straight from its tables."""
        while True:
            try:
                moved = await self.follow_own_once()
                self.state = "following"
                if moved:
                    self.waking.wake()
                else:
                    await self._ear.wait(IDLE_SECONDS)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                await self._pause(error)

    async def follow_own_once(self) -> int:
        """Deliver one chunk of each own ledger that has something new; returns how many events."""
        async with self.engine.connect() as conn:
            heads = {row.ledger: row.last_seq for row in await conn.execute(OWN_HEADS)}
        at = await places(self.engine, self.subscription.name)
        moved = 0
        self.lag = 0
        for ledger, last in heads.items():
            source = source_of(self.service, ledger)
            seq, _ = at.get((source, ledger), (0, ""))
            if last <= seq or is_access(ledger) != self.subscription.sources[0].endswith(".access"):
                continue
            self.lag += last - seq
            bodies = await page(self.engine, ledger, seq, BATCH_LIMIT_EVENTS)
            entries = [
                Entry(source, ledger, seq + n, body.encode()) for n, body in enumerate(bodies, 1)
            ]
            await deliver(self.engine, self.subscription, source, entries)
            moved += len(entries)
        return moved


def _chunks(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [
        entries[start : start + BATCH_LIMIT_EVENTS]
        for start in range(0, len(entries), BATCH_LIMIT_EVENTS)
    ]
