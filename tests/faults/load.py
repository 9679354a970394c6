"""Writers that hold their appends open, roll back, repeat, and go on from what never happened."""

import asyncio
import random
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from shared import feed
from shared.event_store import Batch, is_race
from tests.faults.history import History, identity
from tests.spine.counter import COUNTER, LEDGER, PATH, Add, circumstances

LEDGERS = (LEDGER, "990102", "990103", f"{LEDGER}-access")
HOLD_LIMIT_SECONDS = 0.012
ROLLED_BACK, CARRIED_ON, REPEATED = 0.1, 0.5, 0.05  # shares of the transactions
PAGE_LIMIT = 300
IDLE_SECONDS = 0.002
SLEEP = text("select pg_sleep(:seconds)")


@dataclass(slots=True)
class Load:
    """At least `events` acknowledged by `writers` on LEDGERS, up to `batch` in one append."""

    seed: int
    writers: int
    events: int
    streams: int = 5
    batch: int = 8
    refused: int = 0
    rolled_back: int = 0
    commands: list[tuple[str, UUID]] = field(default_factory=list)


class _RolledBack(Exception):
    pass


async def write_and_read(engine: AsyncEngine, load: Load, readers: int) -> History:
    """The load, with readers polling `seq > last` all the while; returns what both sides know."""
    history = History()
    seeds = random.Random(load.seed)
    done = asyncio.Event()
    reading = [
        asyncio.create_task(_poll(engine, history, f"reader-{n}", done, seeds.random()))
        for n in range(readers)
    ]
    writers = [_writer(engine, load, seeds.random(), history) for _ in range(load.writers)]
    await asyncio.gather(*writers)
    done.set()
    await asyncio.gather(*reading)
    return history


async def _writer(engine: AsyncEngine, load: Load, seed: float, history: History) -> None:
    rng = random.Random(seed)
    batch: Batch | None = None
    stream = ""
    while len(history.acknowledged) < load.events:
        if batch is None:
            stream = f"counter-{rng.randrange(load.streams)}"
            batch = Batch(circumstances(*_command(load, rng)))
        try:
            async with engine.begin() as conn:
                await _append(conn, batch, stream, load, rng)
            _acknowledge(batch, stream, load, history)
            batch = None
        except _RolledBack:
            load.rolled_back += 1
            # The impatient writer goes on from a state that was never stored.
            batch = batch if rng.random() < CARRIED_ON else None
        except IntegrityError as error:
            if not is_race(error):
                raise
            load.refused += 1
            batch = None


def _command(load: Load, rng: random.Random) -> tuple[str, UUID]:
    """A ledger and a command id there, now and then one that was accepted before."""
    if load.commands and rng.random() < REPEATED:
        return rng.choice(load.commands)
    return rng.choice(LEDGERS), uuid7()


async def _append(
    conn: AsyncConnection, batch: Batch, stream: str, load: Load, rng: random.Random
) -> None:
    """Number the events, then hold the transaction open a while before it ends either way."""
    await batch.load(conn, COUNTER, [stream])
    add = Add(events=rng.randint(1, load.batch))
    batch.decide(stream, add, unitpath=PATH, subject=None)
    await batch.append(conn)
    await conn.execute(SLEEP, {"seconds": rng.random() * HOLD_LIMIT_SECONDS})
    if rng.random() < ROLLED_BACK:
        raise _RolledBack


def _acknowledge(batch: Batch, stream: str, load: Load, history: History) -> None:
    done, command = batch.appended, batch.circumstances.command_id
    assert done is not None
    ledger = batch.circumstances.ledger
    load.commands.append((ledger, command))
    first_version = batch.held(stream).version - done.count + 1
    for n in range(done.count):
        what = identity(stream, first_version + n, command)
        history.acknowledge(ledger, done.first_seq + n, what)


async def _poll(
    engine: AsyncEngine, history: History, name: str, done: asyncio.Event, seed: float
) -> None:
    rng = random.Random(seed)
    at = dict.fromkeys(LEDGERS, 0)
    while True:
        last_round = done.is_set()
        found = 0
        for ledger in LEDGERS:
            for body in await feed.page(engine, ledger, at[ledger], rng.randint(1, PAGE_LIMIT)):
                at[ledger] = history.saw(name, body).ledgerseq
                found += 1
        if last_round and not found:
            return
        await asyncio.sleep(0 if found else IDLE_SECONDS)
