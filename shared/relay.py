"""The relay: publishes a store's events to Kafka, each ledger in its own order."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import structlog
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
from shared.event import subject_mark, subject_of
from shared.kafka import Producer
from shared.pace import Pace
from shared.waking import Ear, Waking

log = structlog.get_logger()

CHUNK_LIMIT_EVENTS = 1000
ROUND_LIMIT_EVENTS = 4000
# One being acknowledged while the next is read and built; more would only hold memory.
ROUNDS_IN_FLIGHT = 2
# Whoever appends wakes the loop; this is for a hint that was lost.
IDLE_SECONDS = 2.0
RETRY_SECONDS = 1.0
SEND_SECONDS = 30.0

BEHIND = (
    "select l.ledger, p.seq, l.last_seq, m.partition from ledger l join published p using (ledger)"
    " left join moved_ledger m using (ledger) where l.last_seq > p.seq order by l.ledger"
)
CHUNKS = (
    "select e.ledger, e.seq, e.type, e.body"
    " from unnest($1::text[], $2::bigint[]) as w(ledger, after), lateral (select ledger, seq, type,"
    " body from events where ledger = w.ledger and seq > w.after order by seq limit $3) e"
)
MARK = (
    "update published p set seq = m.seq from unnest($1::text[], $2::bigint[]) as m(ledger, seq)"
    " where p.ledger = m.ledger and p.seq < m.seq"
)
TRY_LOCKS = (
    "select ledger from unnest($1::text[]) as w(ledger)"
    " where pg_try_advisory_lock(hashtextextended($2 || ledger, 0))"
)


class StoreHasHole(RuntimeError):
    """The store answered sequences that do not follow each other: nothing beyond is published."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What follows `after` in a ledger, and where in the broker it goes."""

    ledger: str
    after: int
    partition: int
    rows: Sequence[Any]

    @property
    def last_seq(self) -> int:
        return self.after + len(self.rows)


@dataclass(frozen=True, slots=True)
class Round:
    """One chunk of each ledger that was behind, each on its way in a task of its own."""

    chunks: Sequence[Chunk]
    sending: Sequence[asyncio.Task[None]]

    def cancel(self) -> None:
        for task in self.sending:
            task.cancel()


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
    pace: Pace = field(default_factory=Pace)
    published: int = 0
    failing: str = ""
    _held: set[str] = field(default_factory=set[str])
    # The newest chunk of a ledger that is under way, and the task that sends it.
    _under_way: dict[str, tuple[int, asyncio.Task[None]]] = field(
        default_factory=dict[str, tuple[int, asyncio.Task[None]]]
    )
    # Up to where a ledger's records are built, and the hash of the body there.
    _built: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
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
            self._built.clear()
            while True:
                await self.publish(lock)
                self.failing = ""
                await self._ear.wait(IDLE_SECONDS)
                await self.pace.rest()

    async def publish(self, lock: AsyncConnection) -> int:
        """Publish what is behind; returns how many events were acknowledged and marked.

        What comes while the last round is being acknowledged wakes whoever called. The next round
        is read and built while the last is being acknowledged. A ledger's chunks go one after the
        other: the first that fails stops what follows, and nothing of it is marked.
        """
        driver: Any = (await lock.get_raw_connection()).driver_connection
        flying: deque[Round] = deque()
        count = 0
        try:
            while True:
                if chunks := await self._read(driver):
                    flying.append(self._send(chunks))
                while flying and (not chunks or len(flying) == ROUNDS_IN_FLIGHT):
                    count += await self._acknowledge(driver, flying[0])
                    flying.popleft()
                if not chunks:
                    return count
        finally:
            await self._abandon(flying)

    async def _read(self, driver: Any) -> list[Chunk]:
        """The next chunk of each ledger that is behind what is marked or already under way."""
        places: dict[str, tuple[int, int]] = {}
        behind = await driver.fetch(BEHIND)
        await self._hold(driver, [ledger for ledger, *_ in behind])
        for ledger, seq, last_seq, moved in behind:
            after = max(seq, self._under_way[ledger][0]) if ledger in self._under_way else seq
            if ledger in self._held and last_seq > after:
                places[ledger] = after, partition_of(ledger) if moved is None else moved
        return await self._chunks(driver, places) if places else []

    async def _hold(self, driver: Any, ledgers: Sequence[str]) -> None:
        wanted = [ledger for ledger in ledgers if ledger not in self._held]
        if wanted:
            rows = await driver.fetch(TRY_LOCKS, wanted, f"relay {self.service} ")
            self._held.update(row["ledger"] for row in rows)

    async def _chunks(self, driver: Any, places: dict[str, tuple[int, int]]) -> list[Chunk]:
        # Where the hash before a chunk is not known, its body is read with the chunk.
        firsts = {
            ledger: after if self._knows(ledger, after) else after - 1
            for ledger, (after, _) in places.items()
        }
        limit = max(1, min(CHUNK_LIMIT_EVENTS, ROUND_LIMIT_EVENTS // len(places)))
        found: dict[str, list[Any]] = defaultdict(list)
        for row in await driver.fetch(CHUNKS, [*firsts], [*firsts.values()], limit + 1):
            found[row[0]].append(row)
        return [
            self._chunk(ledger, firsts[ledger], rows, *places[ledger])
            for ledger, rows in found.items()
        ]

    def _knows(self, ledger: str, seq: int) -> bool:
        """Whether the hash of the body at `seq` is known, or will be before its chunk is built."""
        under_way, built = self._under_way.get(ledger), self._built.get(ledger)
        return seq == 0 or seq in (under_way and under_way[0], built and built[0])

    def _chunk(
        self, ledger: str, first: int, rows: Sequence[Any], after: int, partition: int
    ) -> Chunk:
        if [row[1] for row in rows] != list(range(first + 1, first + 1 + len(rows))):
            raise StoreHasHole(f"{self.service} {ledger} after {first}")
        if first < after:
            self._built[ledger] = after, sha256(rows[0][3].encode()).hexdigest()
            rows = rows[1:]
        return Chunk(ledger, after, partition, rows)

    def _send(self, chunks: Sequence[Chunk]) -> Round:
        sending: list[asyncio.Task[None]] = []
        for chunk in chunks:
            _, before = self._under_way.get(chunk.ledger, (0, None))
            task = asyncio.create_task(self._send_chunk(chunk, before))
            self._under_way[chunk.ledger] = chunk.last_seq, task
            sending.append(task)
        return Round(chunks, sending)

    async def _send_chunk(self, chunk: Chunk, before: asyncio.Task[None] | None) -> None:
        """Each batch after the one before it is acknowledged: a failed one leaves no hole."""
        if before:
            await before
        topic = topic_of(self.prefix, source_of(self.service, chunk.ledger))
        acknowledged: Any = None
        for batch in self._batches(chunk):  # one is built while the last is under way
            if acknowledged:
                await acknowledged
            acknowledged = await self.producer.send_batch(batch, topic, partition=chunk.partition)
        await acknowledged

    def _batches(self, chunk: Chunk) -> Iterator[Any]:
        """The chunk's records in batches that the broker takes."""
        key, origin = chunk.ledger.encode(), f"/{chunk.ledger}/{self.service}"
        source, mark = (SOURCE, origin.encode()), subject_mark(origin)
        previous = self._built[chunk.ledger][1] if chunk.after else ""
        builder = self.producer.create_batch()
        for _, seq, type_name, text in chunk.rows:
            body = text.encode()
            headers = [
                source,
                (LEDGER_SEQ, b"%d" % seq),
                (TYPE, type_name.encode()),
                (PREVIOUS_HASH, previous[:PREVIOUS_HASH_DIGITS].encode()),
            ]
            if subject := subject_of(body, mark):
                headers.append((SUBJECT, subject))
            if builder.append(timestamp=None, key=key, value=body, headers=headers) is None:
                yield builder
                builder = self.producer.create_batch()
                builder.append(timestamp=None, key=key, value=body, headers=headers)
            previous = sha256(body).hexdigest()
        self._built[chunk.ledger] = chunk.last_seq, previous
        builder.close()
        yield builder

    async def _acknowledge(self, driver: Any, one: Round) -> int:
        """Wait until every chunk of a round is acknowledged, then mark them in one statement."""
        async with asyncio.timeout(SEND_SECONDS):
            await asyncio.gather(*one.sending)
        chunks = one.chunks
        await driver.execute(MARK, [c.ledger for c in chunks], [c.last_seq for c in chunks])
        for chunk in chunks:
            if self._under_way[chunk.ledger][0] == chunk.last_seq:
                del self._under_way[chunk.ledger]
        count = sum(len(chunk.rows) for chunk in chunks)
        self.published += count
        self.failing = ""
        return count

    async def _abandon(self, flying: Sequence[Round]) -> None:
        """What was under way when something failed is sent again from what is marked."""
        for one in flying:
            one.cancel()
        sending = [task for one in flying for task in one.sending]
        await asyncio.gather(*sending, return_exceptions=True)
        if flying:
            self._under_way.clear()
            self._built.clear()
