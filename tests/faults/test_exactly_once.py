"""R4: one effect for each event, through crashes and zombies; two twins are caught."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.faults.followers import Position
from tests.faults.history import History
from tests.faults.process import Running, kill_all, start_all
from tests.faults.running import World, add_traces, caught_up, collect, command_steadily, until
from tests.stores import Store

pytestmark = pytest.mark.timeout(400)

RATE = 60.0
SECOND_LIFE_SECONDS = 5.0
# What a stopped process holds open, PostgreSQL ends; the server's own limit is a minute.
IDLE_LIMIT = "4s"
POSITIONS = ("taken", "read", "applied", "committed")
TRIMMED = text("select coalesce(sum(trimmed_empty), 0) from report")


@pytest.fixture
async def world(store: Store, other_store: Store, kafka_server: str, prefix: str) -> World:
    await add_traces(other_store)
    admin = create_async_engine(other_store.admin)
    async with admin.begin() as conn:
        await conn.exec_driver_sql(
            f'alter database "{other_store.database}" set'
            f" idle_in_transaction_session_timeout = '{IDLE_LIMIT}'"
        )
    await admin.dispose()
    return World(store, other_store, kafka_server, prefix)


class Trial:
    """One reader that is struck at one position; `mate` is the copy that goes on."""

    def __init__(self, world: World, kind: str, name: str, number: signal.Signals) -> None:
        self.reader = f"{kind}, {number.name} when {name}"
        nth = 2 + secrets.randbelow(4)
        print(f"{self.reader}: the {nth}th time")
        fatal = Position(name, nth, number)
        spec = world.follower(self.reader, f"{self.reader} struck", kind=kind, fatal=fatal)
        self.struck = Running(self.reader, spec)
        self.mate = Running(self.reader, world.follower(self.reader, self.reader, kind=kind))

    async def dead(self) -> bool:
        return not self.struck.alive

    async def stopped(self) -> bool:
        return self.struck.stopped


async def strike(world: World, trials: list[Trial], *, zombies: bool) -> History:
    """Load, the blow, the copy that goes on, and for zombies the second life."""
    history, seed = History(), secrets.randbits(32)
    print(f"seed {seed}")
    relay = Running("relay", world.relay())
    struck, mates = [one.struck for one in trials], [one.mate for one in trials]
    readers = [one.reader for one in trials]
    try:
        async with load(world, history, seed):
            start_all([relay, *struck])
            for one in trials:
                await until(one.stopped if zombies else one.dead)
            start_all(mates)
        await until(lambda: caught_up(world, readers))
        if zombies:
            async with load(world, history, seed + 1000):
                for one in struck:
                    one.go_on()
                await asyncio.sleep(SECOND_LIFE_SECONDS)
            await until(lambda: caught_up(world, readers))
    finally:
        kill_all([relay, *struck, *mates])
    await collect(world, history)
    print(history.report())
    return history


@contextlib.asynccontextmanager
async def load(world: World, history: History, seed: int) -> AsyncIterator[None]:
    done = asyncio.Event()
    loading = asyncio.create_task(command_steadily(world.store.engine, history, RATE, seed, done))
    yield
    done.set()
    await loading


def faults_of(history: History, trial: Trial) -> set[str]:
    return {fault.kind for fault in history.faults() if fault.reader == trial.reader}


async def test_a_kill_at_any_place_leaves_one_effect_each(world: World) -> None:
    sound = [Trial(world, "locked", name, signal.SIGKILL) for name in POSITIONS]
    early = Trial(world, "acknowledges first", "read", signal.SIGKILL)
    loose = Trial(world, "checkpoint outside", "between", signal.SIGKILL)
    history = await strike(world, [*sound, early, loose], zombies=False)
    assert [faults_of(history, one) for one in sound] == [set()] * len(sound)
    assert "lost" in faults_of(history, early)
    assert "doubled" in faults_of(history, loose)


async def test_a_zombie_finds_everything_done(world: World) -> None:
    sound = [Trial(world, "locked", name, signal.SIGSTOP) for name in POSITIONS[:3]]
    loose = Trial(world, "checkpoint outside", "read", signal.SIGSTOP)
    history = await strike(world, [*sound, loose], zombies=True)
    assert [faults_of(history, one) for one in sound] == [set()] * len(sound)
    assert "doubled" in faults_of(history, loose)
    async with world.other.engine.connect() as conn:
        assert (await conn.execute(TRIMMED)).scalar_one() > 0
