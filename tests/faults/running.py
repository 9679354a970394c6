"""Commands at a steady rate, tables where processes leave traces, and what became of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.event_store import execute
from tests.faults.history import History
from tests.faults.load import LEDGERS
from tests.faults.process import FollowerSpec, RelaySpec
from tests.spine.counter import Add, order
from tests.stores import PASSWORDS, Store

STREAMS = 6
WRITERS = 12
POLL_SECONDS = 0.1
CATCH_UP_SECONDS = 120.0
TRACES = (
    "create table seen (n bigserial, reader text, copy text, body text)",
    "create table report (copy text primary key, trimmed_empty integer, state text)",
    "create table fired (key text)",
)
HEADS = text("select ledger, last_seq from ledger where last_seq > 0")
REACHED = text(
    "select cast(body as json) ->> 'source' as source, max((cast(body as json) ->>"
    " 'ledgerseq')::bigint) as seq from seen where reader = :reader group by 1"
)


@dataclass(frozen=True, slots=True)
class World:
    """A store with its relay's words, and a database where readers write what they saw."""

    store: Store
    other: Store
    kafka: str
    prefix: str

    def relay(self) -> RelaySpec:
        return RelaySpec(url_of(self.store), self.kafka, self.prefix)

    def follower(self, reader: str, copy: str, **more: object) -> FollowerSpec:
        feed = self.store.url(self.store.roles.feed, PASSWORDS.feed)
        source = feed.render_as_string(hide_password=False)
        words = (url_of(self.other), source, self.kafka, self.prefix, reader, copy)
        return FollowerSpec(*words, **more)  # type: ignore[arg-type]


def url_of(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


async def add_traces(store: Store) -> None:
    """The tables that the processes write into, made by the administrator."""
    admin = create_async_engine(store.admin.set(database=store.database))
    async with admin.begin() as conn:
        for statement in TRACES:
            await conn.exec_driver_sql(statement)
        await conn.exec_driver_sql(
            f'grant all on seen, seen_n_seq, report, fired to "{store.roles.app}"'
        )
    await admin.dispose()


async def until(condition: Callable[[], Awaitable[bool]], limit: float = CATCH_UP_SECONDS) -> None:
    async with asyncio.timeout(limit):
        while not await condition():
            await asyncio.sleep(POLL_SECONDS)


async def command_steadily(
    engine: AsyncEngine, history: History, rate: float, seed: int, done: asyncio.Event
) -> None:
    """`rate` commands a second on every ledger in turn until `done`; each answer is kept."""

    async def writer(rng: random.Random) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not done.is_set():
            wish = order(
                f"counter-{rng.randrange(STREAMS)}",
                Add(events=rng.choice((1, 1, 1, 3))),
                ledger=rng.choice(LEDGERS),
            )
            history.acknowledge_all((await execute(engine, wish)).envelopes)
            due += WRITERS / rate
            await asyncio.sleep(max(0.0, due - loop.time()))

    await asyncio.gather(*(writer(random.Random(seed + n)) for n in range(WRITERS)))


async def caught_up(world: World, readers: Sequence[str]) -> bool:
    """Whether every reader has seen the newest event of every ledger."""
    async with world.store.engine.connect() as conn:
        heads = {row.ledger: row.last_seq for row in await conn.execute(HEADS)}
    async with world.other.engine.connect() as conn:
        for reader in readers:
            rows = await conn.execute(REACHED, {"reader": reader})
            if {row.source.split("/")[1]: row.seq for row in rows} != heads:
                return False
    return True


async def collect(world: World, history: History) -> None:
    """What the readers saw, in the order in which it was committed within a ledger."""
    async with world.other.engine.connect() as conn:
        for row in await conn.execute(text("select reader, body from seen order by n")):
            history.saw(row.reader, row.body)


async def read_topic(kafka: str, topic: str) -> list[bytes]:
    """Every value of a topic, each partition in its order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        numbers = consumer.partitions_for_topic(topic) or set()
        if not numbers:
            await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic, n) for n in sorted(numbers)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        values: list[bytes] = []
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                values += [record.value or b"" for record in records]
        return values
    finally:
        await consumer.stop()
