"""What Kafka loses, the feed gives: gaps, a last event, a whole topic, and a late start."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.checkpoints import places
from shared.contracts.topics import topic_of
from shared.event_store import execute
from shared.following import Follower
from shared.kafka import create_topics
from shared.ledger_schema import quoted
from shared.subscription import Subscription
from shared.waking import Waking
from tests.faults.feeds import feed_of
from tests.faults.following import READER, Reads, way
from tests.faults.load import LEDGERS
from tests.faults.running import World, add_traces
from tests.spine.counter import LEDGER, Add, order
from tests.stores import Store

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
async def world(store: Store, other_store: Store, kafka_server: str, prefix: str) -> World:
    await add_traces(other_store)
    return World(store, other_store, kafka_server, prefix)


async def lose(world: World, ledger: str) -> None:
    """Let the relay believe that everything is published: Kafka will never bring it."""
    admin = create_async_engine(world.store.admin.set(database=world.store.database))
    async with admin.begin() as conn:
        await conn.exec_driver_sql(f"set local role {quoted(world.store.roles.owner)}")
        await conn.execute(
            text(
                "update published p set seq = l.last_seq from ledger l where l.ledger = p.ledger"
                " and l.ledger = :ledger"
            ),
            {"ledger": ledger},
        )
    await admin.dispose()


async def append_and_lose(world: World, events: int) -> list[str]:
    outcome = await execute(world.store.engine, order(command=Add(events=events)))
    await lose(world, LEDGER)
    return [one.id for one in outcome.envelopes]


async def test_a_gap_is_healed_from_the_feed(world: World) -> None:
    async with way(world) as whole:
        await whole.append(LEDGER, 3)
        await whole.arrive()
        whole.relaying.cancel()
        await append_and_lose(world, 4)
        relaying = asyncio.create_task(whole.relay.run())
        await whole.append(LEDGER, 2)
        await whole.check()
        assert whole.follower.healed >= 4
        relaying.cancel()


async def test_a_lost_last_event_is_healed_though_nothing_follows_it(world: World) -> None:
    async with way(world) as whole:
        await whole.append(LEDGER, 3)
        await whole.arrive()
        whole.relaying.cancel()
        await append_and_lose(world, 1)
        await whole.check()
        assert whole.follower.healed >= 1


async def test_an_emptied_topic_loses_nothing(world: World) -> None:
    async with way(world) as whole:
        for ledger in LEDGERS:
            await whole.append(ledger, 5)
        await whole.arrive()
        topic = topic_of(world.prefix, "casework")
        admin = AIOKafkaAdminClient(bootstrap_servers=world.kafka)
        await admin.start()
        await admin.delete_topics([topic])
        await admin.close()
        for ledger in LEDGERS:
            await whole.append(ledger, 2)
        await create_topics(world.kafka, world.prefix)
        for ledger in LEDGERS:
            await whole.append(ledger, 2)
        await whole.check()


async def test_a_process_that_starts_behind_pulls_at_once(world: World) -> None:
    """Its group may still be waiting for a dead predecessor: Kafka brings nothing for a while."""
    await execute(world.store.engine, order(command=Add(events=7)))
    reads = Subscription(READER, ("casework", "casework.access"), Reads().apply)
    async with feed_of(world.store.engine, Waking()) as client:
        follower = Follower(world.other.engine, "reader", reads, {"casework": client}, Waking())
        await follower.sweep_once({})
    assert follower.state == "following"
    assert (await places(world.other.engine, READER))["casework", LEDGER][0] == 7
