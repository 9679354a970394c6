"""From one store to another: relay, Kafka, subscription, feed, and what goes wrong on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import feed
from shared.checkpoints import places
from shared.contracts.topics import partition_of, topic_of
from shared.event_store import execute
from shared.feed import FeedClient
from shared.following import Follower
from shared.kafka import broker, producer
from shared.reception import Reception
from shared.redrive import redrive
from shared.relay import Relay
from shared.subscription import Entry, Shape, Subscription, deliver
from shared.waking import Waking
from tests.spine.counter import LEDGER, Add, order
from tests.stores import Store

WAIT_SECONDS = 30.0


async def until(condition: object, limit_seconds: float = WAIT_SECONDS) -> None:
    """Wait until `condition()` (awaitable) is true."""
    async with asyncio.timeout(limit_seconds):
        while not await condition():  # type: ignore[operator]
            await asyncio.sleep(0.02)


@dataclass
class Reader:
    """A reader that writes what it applied into a table of its own, and fails where it is told."""

    fail_subjects: set[str] = field(default_factory=set)

    async def apply(self, conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        for one in entries:
            if one.envelope.subject in self.fail_subjects:
                raise ValueError("cannot be applied")
            await conn.execute(
                text("insert into seen (ledger, seq, body) values (:l, :s, :b)"),
                {"l": one.ledger, "s": one.seq, "b": one.body.decode()},
            )


async def make_seen(store: Store) -> None:
    engine = store.engine
    admin = store.admin.set(database=store.database)
    from sqlalchemy.ext.asyncio import create_async_engine

    made = create_async_engine(admin)
    async with made.begin() as conn:
        await conn.exec_driver_sql("create table seen (ledger text, seq bigint, body text)")
        await conn.exec_driver_sql(f'grant all on seen to "{store.roles.app}"')
    await made.dispose()
    assert engine


async def seen(store: Store) -> list[int]:
    async with store.engine.connect() as conn:
        return [row.seq for row in await conn.execute(text("select seq from seen order by ctid"))]


async def nobody() -> None:
    return None


@contextlib.asynccontextmanager
async def feed_of(store: Store, waking: Waking) -> AsyncIterator[FeedClient]:
    """The store's feed, asked in process."""
    app = FastAPI()
    app.include_router(feed.router(store.engine, waking, nobody))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport) as http:
        yield FeedClient("casework", "http://casework", lambda: "token", http)


def subscription(reader: Reader) -> Subscription:
    return Subscription("reader.test", ("casework",), reader.apply)


async def entries_of(store: Store) -> list[Entry]:
    bodies = await feed.page(store.engine, LEDGER, 0, 1000)
    return [Entry("casework", LEDGER, n, body.encode()) for n, body in enumerate(bodies, 1)]


async def test_what_is_appended_arrives_once_and_in_order(
    store: Store, other_store: Store, kafka_server: str, prefix: str
) -> None:
    await make_seen(other_store)
    waking = Waking()
    async with feed_of(store, waking) as client:
        reader = Reader()
        follower = Follower(
            other_store.engine, "reader", subscription(reader), {"casework": client}, Waking()
        )
        kafka = broker(kafka_server)
        Reception(other_store.engine, [follower]).attach(kafka, prefix, follower.name)
        made = producer(kafka_server)
        await made.start()
        relay = asyncio.create_task(Relay(store.engine, "casework", prefix, made, waking).run())
        await kafka.start()
        for n in range(30):
            await execute(store.engine, order(f"counter-{n % 4}", Add(events=3)))
            waking.wake()

        async def all_there() -> bool:
            return len(await seen(other_store)) == 90

        await until(all_there)
        assert await seen(other_store) == list(range(1, 91))
        relay.cancel()
        await kafka.stop()
        await made.stop()


async def test_a_repeated_batch_is_trimmed_to_nothing(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order(command=Add(events=5)))
    reads, all_of_them = subscription(Reader()), await entries_of(store)
    for _ in range(3):
        assert await deliver(other_store.engine, reads, "casework", all_of_them) == []
    assert await seen(other_store) == [1, 2, 3, 4, 5]
    assert reads.trimmed_empty == 2


async def test_a_gap_is_told_and_healed_from_the_feed(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order(command=Add(events=9)))
    reads, all_of_them = subscription(Reader()), await entries_of(store)
    gaps = await deliver(
        other_store.engine, reads, "casework", [*all_of_them[:3], *all_of_them[5:]]
    )
    assert [(gap.ledger, gap.after) for gap in gaps] == [(LEDGER, 3)]
    async with feed_of(store, Waking()) as client:
        follower = Follower(other_store.engine, "reader", reads, {"casework": client}, Waking())
        await follower.heal(gaps[0])
    assert await seen(other_store) == list(range(1, 10))
    assert follower.healed == 6


async def test_the_sweep_pulls_a_lost_last_event(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order(command=Add(events=4)))
    reads = subscription(Reader())
    async with feed_of(store, Waking()) as client:
        follower = Follower(other_store.engine, "reader", reads, {"casework": client}, Waking())
        await follower.sweep_once({("casework", LEDGER): 0})
    assert await seen(other_store) == [1, 2, 3, 4]


async def test_a_rewritten_past_is_refused(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order(command=Add(events=2)))
    async with feed_of(store, Waking()) as client:
        with pytest.raises(feed.FeedRewritten):
            await client.bodies(LEDGER, 2, "0" * 64)
        reads = subscription(Reader())
        await deliver(other_store.engine, reads, "casework", await entries_of(store))
        at = await places(other_store.engine, reads.name)
        seq, kept = at["casework", LEDGER]
        assert await client.bodies(LEDGER, seq, kept) == []


async def test_poison_parks_its_subject_only_and_redrive_restores(
    store: Store, other_store: Store
) -> None:
    await make_seen(other_store)
    for n in range(12):
        await execute(store.engine, order(f"counter-{n % 3}"))
    entries = await entries_of(store)
    bad = entries[1].envelope.subject
    assert bad
    reader = Reader({bad})
    reads = subscription(reader)
    await deliver(other_store.engine, reads, "casework", entries)
    good = [one.seq for one in entries if one.envelope.subject != bad]
    assert await seen(other_store) == good
    assert (await places(other_store.engine, reads.name))["casework", LEDGER][0] == 12
    reader.fail_subjects.clear()
    assert await redrive(other_store.engine, reads, bad) == 4
    assert sorted(await seen(other_store)) == list(range(1, 13))


async def test_a_ledger_never_parks(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order())
    (entry,) = await entries_of(store)
    reads = Subscription(
        "reader.bytes", ("casework",), Reader({entry.envelope.subject or ""}).apply, Shape.LEDGER
    )
    with pytest.raises(ValueError, match="cannot"):
        await deliver(other_store.engine, reads, "casework", [entry])
    assert (await places(other_store.engine, reads.name)) == {}


async def test_strangers_are_set_aside_and_stop_nobody(
    store: Store, other_store: Store, kafka_server: str, prefix: str
) -> None:
    await make_seen(other_store)
    made = producer(kafka_server)
    await made.start()
    topic = topic_of(prefix, "casework")
    partition = partition_of(LEDGER)
    await made.send_and_wait(topic, b"not ours", key=b"x", partition=partition)
    await execute(store.engine, order())
    waking = Waking()
    relay = asyncio.create_task(Relay(store.engine, "casework", prefix, made, waking).run())
    async with feed_of(store, waking) as client:
        follower = Follower(
            other_store.engine, "reader", subscription(Reader()), {"casework": client}, Waking()
        )
        kafka = broker(kafka_server)
        Reception(other_store.engine, [follower]).attach(kafka, prefix, follower.name)
        await kafka.start()

        async def both() -> bool:
            return follower.strangers == 1 and await seen(other_store) == [1]

        await until(both)
        await kafka.stop()
    relay.cancel()
    await made.stop()


async def test_two_readers_at_once_apply_each_event_once(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order(command=Add(events=40)))
    entries = await entries_of(store)
    copies = [subscription(Reader()) for _ in range(4)]
    await asyncio.gather(
        *(deliver(other_store.engine, copy, "casework", entries) for copy in copies)
    )
    assert await seen(other_store) == list(range(1, 41))
    assert sum(copy.trimmed_empty for copy in copies) == 3


async def test_a_backlog_larger_than_the_brokers_limit_is_published(
    store: Store, kafka_server: str, prefix: str
) -> None:
    """The broker's limit on a message counts the whole batch that a producer sends."""
    for _ in range(4):
        await execute(store.engine, order(command=Add(events=500)))
    made = producer(kafka_server)
    await made.start()
    relay = Relay(store.engine, "casework", prefix, made, Waking())
    async with store.engine.connect() as raw:
        lock = await raw.execution_options(isolation_level="AUTOCOMMIT")
        sent = await relay.publish(lock)
    await made.stop()
    assert sent == 2000


async def test_of_other_types_only_the_checkpoint_hears(store: Store, other_store: Store) -> None:
    await make_seen(other_store)
    await execute(store.engine, order(command=Add(events=4)))
    entries = await entries_of(store)
    assert {one.type for one in entries} == {one.envelope.type for one in entries}
    deaf = subscription(Reader())
    deaf.types = frozenset(("casework.NothingOfThisKind",))
    assert await deliver(other_store.engine, deaf, "casework", entries) == []
    assert await seen(other_store) == []
    assert (await places(other_store.engine, deaf.name))["casework", LEDGER][0] == 4
    deaf.types = frozenset(one.type for one in entries)
    await execute(store.engine, order("counter-2", Add(events=1)))
    await deliver(other_store.engine, deaf, "casework", await entries_of(store))
    assert await seen(other_store) == [5]


def test_a_body_in_another_order_still_has_its_type() -> None:
    body = (
        b'{"id":"x","specversion":"1.0","source":"/990101/casework","padding":"'
        + b"x" * 200
        + b'","type":"casework.Late","dataversion":1,"occurredat":"","stream":"s","unitpath":"",'
        b'"actorid":"","actorrole":"","actorunit":"","via":"web","policyversion":"",'
        b'"correlationid":"","commandid":"","ledgerseq":1,"time":"","streamversion":1,"data":{}}'
    )
    assert Entry("casework", "990101", 1, body).type == "casework.Late"
