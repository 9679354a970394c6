"""R2, R4: relays and followers are killed and frozen; nothing is lost, doubled, turned."""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared import feed
from shared.event_store import execute
from shared.waking import Waking
from tests.faults.history import History
from tests.faults.load import LEDGERS
from tests.servers import free_ports
from tests.spine.counter import Add, order
from tests.stores import Store

OURS = LEDGERS[:3]
WRITERS = 4
PAUSE_SECONDS = 0.02  # of each writer between two commands: together far above 100 a second
SETTLE_SECONDS = 60.0
ROWS = text("select body from seen order by id")


@dataclass
class Killed:
    """The processes; which one dies when comes from the seed, and is printed."""

    seed: int
    commands: dict[str, list[str]]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def start(self, name: str) -> None:
        words = [sys.executable, "-m", "tests.faults.process", *self.commands[name]]
        self.running[name] = subprocess.Popen(words, stderr=subprocess.DEVNULL)

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait()
        self.log.append(f"kill {name}")
        self.start(name)

    async def freeze(self, name: str, seconds: float) -> None:
        """Past its session: the group goes on without it, then it wakes as a zombie."""
        os.kill(self.running[name].pid, signal.SIGSTOP)
        self.log.append(f"freeze {name} {seconds}s")
        await asyncio.sleep(seconds)
        os.kill(self.running[name].pid, signal.SIGCONT)

    def end(self) -> None:
        for one in self.running.values():
            one.kill()
            one.wait()


@pytest.fixture
async def feed_url(store: Store) -> AsyncIterator[str]:
    app = FastAPI()
    app.include_router(feed.router(store.engine, Waking(), lambda: None))
    (port,) = free_ports(1)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def make_seen(store: Store) -> None:
    engine = create_async_engine(store.admin.set(database=store.database))
    async with engine.begin() as conn:
        await conn.exec_driver_sql(
            "create table seen (id bigserial, ledger text, seq bigint, body text)"
        )
        await conn.exec_driver_sql(f'grant all on seen to "{store.roles.app}"')
        await conn.exec_driver_sql(f'grant all on sequence seen_id_seq to "{store.roles.app}"')
    await engine.dispose()


async def write(store: Store, history: History, done: asyncio.Event, seed: int) -> None:
    rng = random.Random(seed)
    while not done.is_set():
        wish = order(f"counter-{rng.randrange(6)}", Add(), ledger=rng.choice(OURS))
        history.acknowledge_all((await execute(store.engine, wish)).envelopes)
        await asyncio.sleep(PAUSE_SECONDS)


async def seen(store: Store) -> list[str]:
    async with store.engine.connect() as conn:
        return [row.body for row in await conn.execute(ROWS)]


async def run_killed(
    store: Store, other: Store, killed: Killed, relay_kills: int, follower_kills: int
) -> History:
    history, done, rng = History(), asyncio.Event(), random.Random(killed.seed)
    writers = [
        asyncio.create_task(write(store, history, done, killed.seed + n)) for n in range(WRITERS)
    ]
    victims = ["relay"] * relay_kills + ["follow"] * follower_kills
    rng.shuffle(victims)
    for kind in victims:
        await asyncio.sleep(rng.uniform(0.2, 0.8))
        killed.kill(f"{kind}-{rng.randrange(2)}")
    await killed.freeze("follow-0", 8.0)
    done.set()
    await asyncio.gather(*writers)
    async with asyncio.timeout(SETTLE_SECONDS):
        while len(await seen(other)) < len(history.acknowledged):
            await asyncio.sleep(0.2)
    await asyncio.sleep(1.0)  # a zombie's late batch would come now
    for body in await seen(other):
        history.saw("reader", body)
    return history


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "kills",
    [(24, 6), pytest.param((160, 40), marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
    ids=["30", "200"],
)
async def test_nothing_is_lost_doubled_or_turned_by_kills(
    store: Store,
    other_store: Store,
    kafka_server: str,
    prefix: str,
    feed_url: str,
    kills: tuple[int, int],
) -> None:
    await make_seen(other_store)
    source, target = store.app_url(), other_store.app_url()
    commands = {f"relay-{n}": ["relay", source, kafka_server, prefix] for n in range(2)}
    commands |= {
        f"follow-{n}": ["follow", target, kafka_server, prefix, feed_url] for n in range(2)
    }
    killed = Killed(secrets.randbits(32), commands)
    for name in commands:
        killed.start(name)
    try:
        history = await run_killed(store, other_store, killed, *kills)
    finally:
        killed.end()
        print(f"seed {killed.seed}", *killed.log, sep="; ")
    print(history.report())
    assert history.faults() == []
    assert len(history.acknowledged) > 100
