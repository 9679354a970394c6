"""Appends, rollbacks and redeliveries while checks run: never a finding."""

import asyncio
import random

import pytest

from services.audit.checks.logs import standing
from services.audit.subscriptions import ledgers
from shared.event_store import execute_in
from shared.feed import page
from shared.subscription import Entry, deliver
from tests.integrity.conftest import Scene
from tests.spine.counter import LEDGER, Add, order

RUNS_SHORT, RUNS_LONG = 50, 1000


async def _write(scene: Scene, chance: random.Random, stop: asyncio.Event) -> None:
    while not stop.is_set():
        async with scene.producer.engine.connect() as conn:
            stream = f"counter-{chance.randrange(30)}"
            try:
                await execute_in(conn, order(stream, Add(events=chance.randrange(1, 40))))
            except Exception:
                await conn.rollback()  # two writers met; the loser goes on
                continue
            await (conn.rollback() if chance.random() < 0.3 else conn.commit())
        await asyncio.sleep(0)


async def _follow(scene: Scene, chance: random.Random, stop: asyncio.Event) -> None:
    """Bring new bodies in, some of them twice, sealing now and then."""
    while not stop.is_set():
        (log,) = await standing(scene.audit.engine)
        after = max(0, log.size - chance.randrange(20))
        bodies = await page(scene.producer.engine, LEDGER, after, chance.randrange(1, 300))
        entries = [
            Entry("casework", LEDGER, after + n, b.encode()) for n, b in enumerate(bodies, 1)
        ]
        await deliver(scene.audit.engine, ledgers()[0], "casework", entries)
        if chance.random() < 0.3:
            await scene.seal()
        await asyncio.sleep(0)


async def _runs(scene: Scene, count: int) -> None:
    chance, stop = random.Random(20261118), asyncio.Event()
    work = [asyncio.create_task(_write(scene, chance, stop)) for _ in range(2)]
    work.append(asyncio.create_task(_follow(scene, chance, stop)))
    for _ in range(count):
        assert await (scene.tail() if chance.random() < 0.8 else scene.whole()) == []
        assert not any(one.done() for one in work)
    stop.set()
    await asyncio.gather(*work)
    while await scene.follow():
        pass
    assert await scene.whole() == []


async def test_checks_beside_running_writers_raise_no_alarm(both: Scene) -> None:
    await _runs(both, RUNS_SHORT)


@pytest.mark.long
async def test_a_thousand_checks_beside_running_writers_raise_no_alarm(both: Scene) -> None:
    await _runs(both, RUNS_LONG)
