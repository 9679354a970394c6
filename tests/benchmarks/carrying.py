"""P6, P7: the relay beside a bare idempotent producer, a subscription beside a bare insert."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.topics import partition_of, topic_of
from shared.feed import page
from shared.kafka import Producer, producer
from shared.relay import Relay
from shared.subscription import Entry, Subscription, deliver
from shared.waking import Waking
from tests.benchmarks.payload import ABSENT, example, parts
from tests.benchmarks.table import Row, Table, in_turn
from tests.stores import Store

EVENTS = 10_000
CHUNK = 1000
IDLE_COMMANDS, IDLE_WARMUP = 260, 10
IDLE_PAUSE_SECONDS, IDLE_POLL_SECONDS = 0.02, 0.0005
LEDGERS = ("990110", "990111", "990112", "990113")

# As long as those of the relay, and made once: the yardstick sends the same bytes.
HEADERS = (
    ("ce_source", b"/990110/enrollment"),
    ("ce_ledgerseq", b"12345"),
    ("ce_type", ABSENT.encode()),
    ("ce_prevhash", b"0123456789abcdef"),
    ("ce_subject", b"01933d00-0000-7000-8000-000000000001"),
)

FILL = text(
    "select append(cast(:ledger as text), null, array_agg('s-' || :base || '-' || n), array_agg(1),"
    " array_agg(gen_random_uuid()), array_agg(0), array_agg(cast(:type as text)),"
    " array_agg(cast(:head as text)), array_agg(cast(:tail as text)),"
    " '{}', '{}', '{}', '{}', '{}', '{}')"
    " from generate_series(1, 500) n"
)
ONE = text(
    "select append(cast(:l as text), null, array[cast(:s as text)], array[1],"
    " array[gen_random_uuid()], array[0], array[cast(:y as text)], array[cast(:h as text)],"
    " array[cast(:t as text)], '{}', '{}', '{}', '{}', '{}', '{}')"
)
INSERT = text(
    "insert into seen (ledger, seq, subject, day) select * from unnest(cast(:l as text[]),"
    " cast(:s as bigint[]), cast(:u as text[]), cast(:d as text[]))"
)


class Carrying:
    def __init__(self, store: Store, bootstrap: str, prefix: str) -> None:
        self.store, self.bootstrap, self.prefix = store, bootstrap, prefix
        self.base = 0

    async def fill(self) -> None:
        head, tail = parts(ABSENT)
        async with self.store.engine.begin() as conn:
            for n in range(EVENTS // 500):
                self.base += 1
                ledger = LEDGERS[n % len(LEDGERS)]
                values = {
                    "ledger": ledger,
                    "base": str(self.base),
                    "type": ABSENT,
                    "head": head,
                    "tail": tail,
                }
                await conn.execute(FILL, values)

    async def relay(self) -> float:
        """Store → acknowledged by Kafka → marked."""
        await self.fill()
        made = producer(self.bootstrap)
        await made.start()
        one = Relay(self.store.engine, "enrollment", self.prefix, made, Waking())
        async with self.store.engine.connect() as raw:
            lock = await raw.execution_options(isolation_level="AUTOCOMMIT")
            began = perf_counter()
            sent = await one.publish(lock)
            took = perf_counter() - began
            # The pool keeps the connection, and the ledgers would stay this relay's.
            await lock.exec_driver_sql("select pg_advisory_unlock_all()")
        await made.stop()
        assert sent == EVENTS, f"{sent} of {EVENTS} were published"
        return EVENTS / took

    async def idle(self) -> list[float]:
        """From a commit to its mark, in milliseconds: one command at a time, the relay at rest."""
        made = producer(self.bootstrap)
        await made.start()
        waking = Waking()
        one = Relay(self.store.engine, "enrollment", self.prefix, made, waking)
        running = asyncio.create_task(one.run())
        took: list[float] = []
        for n in range(IDLE_COMMANDS):
            await self._append_one(n)
            began = perf_counter()
            waking.wake()
            while one.published <= n:
                await asyncio.sleep(IDLE_POLL_SECONDS)
            took.append((perf_counter() - began) * 1000)
            await asyncio.sleep(IDLE_PAUSE_SECONDS)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await made.stop()
        return took[IDLE_WARMUP:]

    async def _append_one(self, n: int) -> None:
        head, tail = parts(ABSENT)
        values = {"l": LEDGERS[0], "s": f"idle-{self.base}-{n}", "h": head, "t": tail, "y": ABSENT}
        async with self.store.engine.begin() as conn:
            await conn.execute(ONE, values)

    async def bare_producer(self) -> float:
        """The same records on the same partitions, in batches, as fast as the client allows."""
        body = example(ABSENT).encode()
        made = producer(self.bootstrap)
        await made.start()
        topic = topic_of(self.prefix, "notify")
        began = perf_counter()
        lanes = [self._produce(made, topic, body, ledger) for ledger in LEDGERS]
        await asyncio.gather(*lanes)
        took = perf_counter() - began
        await made.stop()
        return EVENTS / took

    async def _produce(self, made: Producer, topic: str, body: bytes, ledger: str) -> None:
        record = {"key": ledger.encode(), "value": body, "timestamp": None, "headers": [*HEADERS]}
        left, futures = EVENTS // len(LEDGERS), []
        while left:
            builder = made.create_batch()
            while left and builder.append(**record) is not None:
                left -= 1
            builder.close()
            futures.append(await made.send_batch(builder, topic, partition=partition_of(ledger)))
        await asyncio.gather(*futures)


async def _rows(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    envelopes = [entry.envelope for entry in entries]
    days = [msgspec.json.decode(one.data)["on"] for one in envelopes]
    values: dict[str, Any] = {
        "l": [entry.ledger for entry in entries],
        "s": [entry.seq for entry in entries],
        "u": [one.subject for one in envelopes],
        "d": days,
    }
    await conn.execute(INSERT, values)


class Following:
    """A read model of four columns from StudentAbsent, with and without what makes it exact."""

    def __init__(self, store: Store, entries: Sequence[Entry]) -> None:
        self.store, self.entries, self.round = store, entries, 0

    async def subscription(self) -> float:
        self.round += 1
        reads = Subscription(f"bench.{self.round}", ("enrollment",), _rows)
        began = perf_counter()
        for start in range(0, len(self.entries), CHUNK):
            gaps = await deliver(
                self.store.engine, reads, "enrollment", self.entries[start : start + CHUNK]
            )
            assert not gaps
        took = perf_counter() - began
        assert reads.applied == len(self.entries)
        return len(self.entries) / took

    async def bare(self) -> float:
        began = perf_counter()
        for start in range(0, len(self.entries), CHUNK):
            async with self.store.engine.begin() as conn:
                await _rows(conn, self.entries[start : start + CHUNK])
        return len(self.entries) / (perf_counter() - began)


async def run(store: Store, bootstrap: str, prefix: str, table: Table) -> None:
    async with store.engine.begin() as conn:
        for ledger in LEDGERS:
            values = {"l": ledger, "o": f"bench/{ledger}/enrollment"}
            await conn.execute(text("select found_ledger(:l, :o)"), values)
    carrying = Carrying(store, bootstrap, prefix)
    rates, bare = await in_turn(carrying.relay, carrying.bare_producer)
    table.add(Row("P6", "relay: store → Kafka → marked", "≥ 0.7×", rates, "producer batches", bare))
    table.add(
        Row(
            "P6",
            "idle relay: commit → acknowledged and marked",
            "p99 ≤ 25 ms",
            await carrying.idle(),
            "",
            unit=" ms",
            note="median (least–most)",
        )
    )
    entries = []
    for seq, body in enumerate(await page(store.engine, LEDGERS[0], 0, EVENTS), 1):
        entries.append(Entry("enrollment", LEDGERS[0], seq, body.encode()))
    following = Following(store, entries)
    rates, bare = await in_turn(following.subscription, following.bare)
    table.add(
        Row(
            "P7",
            "subscription: batch → read model and checkpoint",
            "≥ 0.7×",
            rates,
            "decode and insert",
            bare,
        )
    )
