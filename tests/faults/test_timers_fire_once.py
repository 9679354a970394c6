"""Timers under two copies that are killed and started again fire exactly once."""

import asyncio
import random
import secrets
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from shared import clock
from shared.timer import Timer, arm_many, due
from tests.faults.process import Running, TimerSpec, kill_all, start_all
from tests.faults.running import add_traces, until, url_of
from tests.spine.counter import LEDGER
from tests.stores import Store

pytestmark = pytest.mark.timeout(400)

TIMERS, KILLS = 4000, 12
SPREAD_SECONDS = 6.0
PAUSE_SECONDS = (0.05, 0.8)


async def arm_some(store: Store, rng: random.Random) -> set[str]:
    async with store.engine.begin() as conn:
        now = await clock.now(conn)
        timers = [
            Timer(
                f"t-{n}",
                now + timedelta(seconds=rng.random() * SPREAD_SECONDS),
                "test",
                LEDGER,
                {},
            )
            for n in range(TIMERS)
        ]
        await arm_many(conn, timers)
    return {one.key for one in timers}


async def test_timers_fire_once_under_two_copies_and_kills(store: Store) -> None:
    await add_traces(store)
    seed = secrets.randbits(32)
    rng = random.Random(seed)
    print(f"seed {seed}")
    armed = await arm_some(store, rng)
    copies = [Running(name, TimerSpec(url_of(store))) for name in ("a", "b")]
    start_all(copies)

    async def fired() -> list[str]:
        async with store.engine.connect() as conn:
            return [row.key for row in await conn.execute(text("select key from fired"))]

    async def all_fired() -> bool:
        return len(await fired()) >= TIMERS

    try:
        for _ in range(KILLS):
            await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))
            victim = rng.choice(copies)
            print(f"{victim.name} killed when {len(await fired())} had fired")
            victim.kill()
            victim.start()
        await until(all_fired)
    finally:
        kill_all(copies)
    assert {key for key, times in Counter(await fired()).items() if times != 1} == set()
    assert set(await fired()) == armed
    assert await due(store.engine) == 0
