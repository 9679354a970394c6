"""R2: each ledger in order, without a hole, whatever is killed, with several relays at once."""

import asyncio
import random
import secrets
from time import monotonic

import pytest

from shared.contracts.topics import topic_of
from tests.faults.history import History
from tests.faults.process import Running, kill_all, start_all
from tests.faults.running import (
    World,
    add_traces,
    caught_up,
    collect,
    command_steadily,
    read_topic,
    until,
)
from tests.stores import Store

pytestmark = pytest.mark.timeout(400)

RATE = 130.0  # commands a second; a slow machine lets more time pass between two kills
SHORT_KILLS, LONG_KILLS = 30, 200
EVENTS_BETWEEN_KILLS = (20, 120)
READERS = ("one", "two")
POLL_SECONDS = 0.005


def crew_of(world: World) -> list[Running]:
    """Two relays, a reader of two copies and a reader of one."""
    return [
        Running("relay a", world.relay()),
        Running("relay b", world.relay()),
        Running("one a", world.follower("one", "one a")),
        Running("one b", world.follower("one", "one b")),
        Running("two", world.follower("two", "two")),
    ]


async def kill_some(crew: list[Running], kills: int, seed: int, history: History) -> None:
    """In rounds, each in random order, so that each is killed as often as the others."""
    rng = random.Random(seed)
    at = 0
    for n in range(kills):
        at += rng.randint(*EVENTS_BETWEEN_KILLS)
        while len(history.acknowledged) < at:
            await asyncio.sleep(POLL_SECONDS)
        if n % len(crew) == 0:
            rng.shuffle(crew)
        victim = crew[n % len(crew)]
        print(f"kill {n}: {victim.name} after {len(history.acknowledged)} events")
        victim.kill()
        victim.start()


async def run_kills(world: World, kills: int) -> None:
    await add_traces(world.other)
    seed, history, done = secrets.randbits(32), History(), asyncio.Event()
    print(f"seed {seed}")
    crew = crew_of(world)
    start_all(crew)
    began = monotonic()
    load = asyncio.create_task(command_steadily(world.store.engine, history, RATE, seed, done))
    try:
        await kill_some(crew, kills, seed, history)
        took = monotonic() - began
        done.set()
        await load
        await until(lambda: caught_up(world, READERS))
    finally:
        done.set()
        kill_all(crew)
    await collect(world, history)
    for source in ("casework", "casework.access"):
        for body in await read_topic(world.kafka, topic_of(world.prefix, source)):
            history.saw_first("topic", body)
    commands = len({what.rpartition("#")[2] for what in history.acknowledged.values()})
    print(f"{commands / took:.0f} commands/s for {took:.0f} s;", history.report())
    assert history.faults() == []
    assert min(one.killed for one in crew) >= kills // len(crew)


async def test_order_holds_through_kills(
    store: Store, other_store: Store, kafka_server: str, prefix: str
) -> None:
    await run_kills(World(store, other_store, kafka_server, prefix), SHORT_KILLS)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_order_holds_through_two_hundred_kills(
    store: Store, other_store: Store, kafka_server: str, prefix: str
) -> None:
    await run_kills(World(store, other_store, kafka_server, prefix), LONG_KILLS)
