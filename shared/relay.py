"""The relay: publishes a store's events to Kafka, each ledger in its own order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.topics import (
    LEDGER_SEQ,
    PREVIOUS_HASH,
    PREVIOUS_HASH_DIGITS,
    SOURCE,
    SUBJECT,
    TYPE,
    partition_of,
    source_of,
    topic_of,
)
from shared.event import read
from shared.kafka import Producer, digest
from shared.waking import Ear, Waking

log = structlog.get_logger()

CHUNK_LIMIT_EVENTS = 1000
# Whoever appends wakes the loop; this is for a hint that was lost.
IDLE_SECONDS = 2.0
RETRY_SECONDS = 1.0
SEND_SECONDS = 30.0

BEHIND = text(
    "select l.ledger, p.seq, l.last_seq from ledger l join published p using (ledger)"
    " where l.last_seq > p.seq order by l.ledger"
)
CHUNK = text(
    "select seq, type, body from events where ledger = :ledger and seq > :seq"
    " order by seq limit :limit"
)
BODY = text("select body from events where ledger = :ledger and seq = :seq")
MARK = text("update published set seq = :seq where ledger = :ledger and seq < :seq")
TRY_LOCK = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
MOVED = text("select ledger, partition from moved_ledger")


@dataclass(slots=True)
class Relay:
    """One process's relay of one store. Several may run: an advisory lock a ledger decides.

    The lock lives on a connection of its own; a relay that loses it may still send what it holds,
    which consumers trim as repeated or heal as a gap.
    """

    engine: AsyncEngine
    service: str
    prefix: str
    producer: Producer
    waking: Waking
    published: int = 0
    failing: str = ""
    _held: set[str] = field(default_factory=set)
    _last: dict[str, tuple[int, str]] = field(default_factory=dict)
    _ear: Ear = field(init=False)

    def __post_init__(self) -> None:
        self._ear = self.waking.ear()

    async def run(self) -> None:
        """Publish for ever; a failure of the world is retried with a pause."""
        while True:
            try:
                await self._hold_and_publish()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the world failed: database or broker away
                self.failing = f"{type(error).__name__}: {error}"
                log.warning("relay_failed", service=self.service, reason=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _hold_and_publish(self) -> None:
        async with self.engine.connect() as raw:
            lock = await raw.execution_options(isolation_level="AUTOCOMMIT")
            self._held.clear()
            self._last.clear()
            while True:
                moved = await self.publish_once(lock)
                self.failing = ""
                if not moved:
                    await self._ear.wait(IDLE_SECONDS)

    async def publish_once(self, lock: AsyncConnection) -> int:
        """Publish one chunk of each ledger that is behind; returns how many events."""
        behind = [row for row in await lock.execute(BEHIND) if await self._hold(lock, row.ledger)]
        if not behind:
            return 0
        moved = {row.ledger: row.partition for row in await lock.execute(MOVED)}
        sent = [await self._send(lock, row.ledger, row.seq, moved) for row in behind]
        acknowledgements = [future for _, _, futures in sent for future in futures]
        await asyncio.wait_for(asyncio.gather(*acknowledgements), SEND_SECONDS)
        for ledger, seq, _ in sent:
            await lock.execute(MARK, {"ledger": ledger, "seq": seq})
        count = sum(seq - row.seq for (_, seq, _), row in zip(sent, behind, strict=True))
        self.published += count
        return count

    async def _hold(self, lock: AsyncConnection, ledger: str) -> bool:
        if ledger not in self._held:
            name = {"name": f"relay {self.service} {ledger}"}
            if not (await lock.execute(TRY_LOCK, name)).scalar():
                return False
            self._held.add(ledger)
        return True

    async def _send(
        self, lock: AsyncConnection, ledger: str, after: int, moved: dict[str, int]
    ) -> tuple[str, int, list[Any]]:
        params = {"ledger": ledger, "seq": after, "limit": CHUNK_LIMIT_EVENTS}
        rows = (await lock.execute(CHUNK, params)).all()
        previous = await self._previous(lock, ledger, after)
        topic = topic_of(self.prefix, source_of(self.service, ledger))
        partition = partition_of(ledger, moved)
        futures: list[Any] = []
        builder = self.producer.create_batch()
        for row in rows:
            body = row.body.encode()
            headers = self._headers(ledger, row.seq, row.type, body, previous)
            previous = digest(body)
            message = {"key": ledger.encode(), "value": body, "timestamp": None, "headers": headers}
            if builder.append(**message) is None:
                futures.append(await self._close(builder, topic, partition))
                builder = self.producer.create_batch()
                builder.append(**message)
        futures.append(await self._close(builder, topic, partition))
        last = rows[-1].seq
        self._last[ledger] = (last, previous)
        return ledger, last, futures

    async def _close(self, builder: Any, topic: str, partition: int) -> Any:
        builder.close()
        return await self.producer.send_batch(builder, topic, partition=partition)

    async def _previous(self, lock: AsyncConnection, ledger: str, seq: int) -> str:
        if seq == 0:
            return ""
        if self._last.get(ledger, (0, ""))[0] != seq:
            body = (await lock.execute(BODY, {"ledger": ledger, "seq": seq})).scalar_one()
            self._last[ledger] = (seq, digest(body.encode()))
        return self._last[ledger][1]

    def _headers(
        self, ledger: str, seq: int, type_name: str, body: bytes, previous: str
    ) -> Sequence[tuple[str, bytes]]:
        subject = _subject(body)
        return [
            (SOURCE, f"/{ledger}/{self.service}".encode()),
            (LEDGER_SEQ, str(seq).encode()),
            (TYPE, type_name.encode()),
            (PREVIOUS_HASH, previous[:PREVIOUS_HASH_DIGITS].encode()),
            *([(SUBJECT, subject)] if subject else []),
        ]


def _subject(body: bytes) -> bytes:
    return (read(body).subject or "").encode()
