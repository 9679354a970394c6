"""Timers: things that fall due, each done exactly once, by whichever copy comes first."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.pool import reading
from shared.waking import Waking

log = structlog.get_logger()

TICK_SECONDS = 1.0
TAKE_LIMIT = 500
RETRY_SECONDS = 1.0
FAILURE_LIMIT = 20

ARM = text(
    "insert into timer (key, due_at, kind, ledger, args) select * from unnest(cast(:key as text[]),"
    " cast(:due_at as timestamptz[]), cast(:kind as text[]), cast(:ledger as text[]),"
    " cast(:args as text[]))"
    " on conflict (key) do update set due_at = excluded.due_at, args = excluded.args, failures = 0"
)
DISARM = text("delete from timer where key = any(:keys)")
DISARM_FREE = text(
    "delete from timer where key in (select key from timer where key = any(:keys)"
    " for update skip locked)"
)
# The clock is volatile: in a subquery it is asked once, and the index on `due_at` is used.
TAKE = text(
    "delete from timer where key in (select key from timer where due_at <= (select clock())"
    " and failures < :failures order by due_at, key limit :limit for update skip locked)"
    " returning key, due_at, kind, ledger, args"
)
FAILED = text("update timer set failures = failures + 1 where key = :key")
DUE = text("select count(*) from timer where due_at <= (select clock()) and failures < :failures")
ANY_DUE = text(
    "select exists (select from timer where due_at <= (select clock()) and failures < :failures)"
)


@dataclass(frozen=True, slots=True)
class Timer:
    """Something due: `args` is whatever JSON it was armed with."""

    key: str
    due_at: datetime
    kind: str
    ledger: str
    args: dict[str, Any]


# Gets all that is due of its kind, at most TAKE_LIMIT, in the transaction that takes them.
Handler = Callable[[AsyncConnection, Sequence[Timer]], Awaitable[None]]


async def arm(conn: AsyncConnection, timer: Timer) -> None:
    """In the caller's transaction; arming the same key again moves it."""
    await arm_many(conn, [timer])


async def arm_many(conn: AsyncConnection, timers: Sequence[Timer]) -> None:
    last = {one.key: one for one in timers}.values()
    columns = {
        "key": [one.key for one in last],
        "due_at": [one.due_at for one in last],
        "kind": [one.kind for one in last],
        "ledger": [one.ledger for one in last],
        "args": [msgspec.json.encode(one.args).decode() for one in last],
    }
    if last:
        await conn.execute(ARM, columns)


async def disarm(conn: AsyncConnection, *keys: str) -> None:
    await conn.execute(DISARM, {"keys": list(keys)})


async def disarm_free(conn: AsyncConnection, keys: Sequence[str]) -> None:
    """Those that are not being done just now, for whom a timer that comes late decides nothing.

    Waiting for one would be waiting for a transaction that may wait for this one.
    """
    await conn.execute(DISARM_FREE, {"keys": list(keys)})


async def tick(engine: AsyncEngine, handlers: Mapping[str, Handler]) -> int:
    """Do what is due, at most TAKE_LIMIT in one transaction; returns how many.

    Looks first without a transaction: most often nothing is due.

    When one fails, the transaction is rolled back and each is repeated alone, so that a broken one
    holds up no other; it stays, counted, and is given up for a person after FAILURE_LIMIT.
    """
    async with reading(engine) as conn:
        if not (await conn.execute(ANY_DUE, {"failures": FAILURE_LIMIT})).scalar():
            return 0
    try:
        return await _tick(engine, handlers, TAKE_LIMIT)
    except Exception as error:
        log.warning("timers_one_by_one", reason=type(error).__name__)
    done = 0
    for _ in range(TAKE_LIMIT):
        taken = await _tick_one(engine, handlers)
        if taken is None:
            break
        done += taken
    return done


async def _tick(engine: AsyncEngine, handlers: Mapping[str, Handler], limit: int) -> int:
    async with engine.begin() as conn:
        timers = await _take(conn, limit)
        await _handle(conn, handlers, timers)
        return len(timers)


async def _take(conn: AsyncConnection, limit: int) -> list[Timer]:
    rows = (await conn.execute(TAKE, {"limit": limit, "failures": FAILURE_LIMIT})).all()
    return [
        Timer(row.key, row.due_at, row.kind, row.ledger, msgspec.json.decode(row.args))
        for row in sorted(rows, key=lambda row: (row.due_at, row.key))
    ]


async def _handle(
    conn: AsyncConnection, handlers: Mapping[str, Handler], timers: Sequence[Timer]
) -> None:
    by_kind: dict[str, list[Timer]] = {}
    for one in timers:
        by_kind.setdefault(one.kind, []).append(one)
    for kind, due_now in by_kind.items():
        await handlers[kind](conn, due_now)


async def _tick_one(engine: AsyncEngine, handlers: Mapping[str, Handler]) -> int | None:
    taken: list[Timer] = []
    try:
        async with engine.begin() as conn:
            taken = await _take(conn, 1)
            if not taken:
                return None
            await _handle(conn, handlers, taken)
            return 1
    except Exception as error:
        if not taken:
            raise
        log.error("timer_failed", key=taken[0].key, reason=f"{type(error).__name__}: {error}")
        async with engine.begin() as conn:
            await conn.execute(FAILED, {"key": taken[0].key})
        return 0


async def due(engine: AsyncEngine) -> int:
    """How many timers are due and not done."""
    async with reading(engine) as conn:
        return (await conn.execute(DUE, {"failures": FAILURE_LIMIT})).scalar_one()


async def run(engine: AsyncEngine, handlers: Mapping[str, Handler], waking: Waking) -> None:
    """Tick for ever."""
    ear = waking.ear()
    while True:
        try:
            done = await tick(engine, handlers)
            if done:
                waking.wake()
            else:
                await ear.wait(TICK_SECONDS)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.warning("timers_failed", reason=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
