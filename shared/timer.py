"""Timers: things that fall due, each done exactly once, by whichever copy comes first."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.waking import Waking

log = structlog.get_logger()

TICK_SECONDS = 0.5
TAKE_LIMIT = 200
RETRY_SECONDS = 1.0
FAILURE_LIMIT = 20

ARM = text(
    "insert into timer (key, due_at, kind, ledger, args) values (:key, :due_at, :kind, :ledger, :args)"
    " on conflict (key) do update set due_at = excluded.due_at, args = excluded.args, failures = 0"
)
DISARM = text("delete from timer where key = any(:keys)")
TAKE = text(
    "delete from timer where key in (select key from timer where due_at <= clock()"
    " and failures < :failures order by due_at, key limit :limit for update skip locked)"
    " returning key, due_at, kind, ledger, args"
)
FAILED = text("update timer set failures = failures + 1 where key = :key")
DUE = text("select count(*) from timer where due_at <= clock() and failures < :failures")


@dataclass(frozen=True, slots=True)
class Timer:
    """Something due: `args` is whatever JSON it was armed with."""

    key: str
    due_at: datetime
    kind: str
    ledger: str
    args: dict[str, Any]


Handler = Callable[[AsyncConnection, Timer], Awaitable[None]]


async def arm(conn: AsyncConnection, timer: Timer) -> None:
    """In the caller's transaction; arming the same key again moves it."""
    await arm_many(conn, [timer])


async def arm_many(conn: AsyncConnection, timers: list[Timer]) -> None:
    rows = [
        {
            "key": one.key,
            "due_at": one.due_at,
            "kind": one.kind,
            "ledger": one.ledger,
            "args": msgspec.json.encode(one.args).decode(),
        }
        for one in timers
    ]
    if rows:
        await conn.execute(ARM, rows)


async def disarm(conn: AsyncConnection, *keys: str) -> None:
    await conn.execute(DISARM, {"keys": list(keys)})


async def tick(engine: AsyncEngine, handlers: Mapping[str, Handler]) -> int:
    """Do what is due, at most TAKE_LIMIT in one transaction; returns how many.

    When one fails, the transaction is rolled back and each is repeated alone, so that a broken one
    holds up no other; it stays, counted, and is given up for a person after FAILURE_LIMIT.
    """
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
        rows = (await conn.execute(TAKE, {"limit": limit, "failures": FAILURE_LIMIT})).all()
        for row in sorted(rows, key=lambda r: (r.due_at, r.key)):
            args = msgspec.json.decode(row.args)
            timer = Timer(row.key, row.due_at, row.kind, row.ledger, args)
            await handlers[row.kind](conn, timer)
        return len(rows)


async def _tick_one(engine: AsyncEngine, handlers: Mapping[str, Handler]) -> int | None:
    key = ""
    try:
        async with engine.begin() as conn:
            rows = (await conn.execute(TAKE, {"limit": 1, "failures": FAILURE_LIMIT})).all()
            if not rows:
                return None
            key = rows[0].key
            args = msgspec.json.decode(rows[0].args)
            row = rows[0]
            await handlers[row.kind](conn, Timer(key, row.due_at, row.kind, row.ledger, args))
            return 1
    except Exception as error:
        log.error("timer_failed", key=key, reason=f"{type(error).__name__}: {error}"[:300])
        async with engine.begin() as conn:
            await conn.execute(FAILED, {"key": key})
        return 0


async def due(engine: AsyncEngine) -> int:
    """How many timers are due and not done."""
    async with engine.connect() as conn:
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
