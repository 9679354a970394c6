"""The database's clock: read it, and move a simulated one forward."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

NOW = text("select clock()")
STATE = text("select simulated, running, clock() as now from clock")
STOP = text("update clock set sim_at = clock(), real_at = clock_timestamp(), running = false")
SET = text(
    "update clock set sim_at = greatest(cast(:at as timestamptz), clock()),"
    " real_at = clock_timestamp() where simulated"
)
RUN = text("update clock set real_at = clock_timestamp(), running = true")


@dataclass(frozen=True, slots=True)
class ClockState:
    simulated: bool
    running: bool
    now: datetime


async def now(conn: AsyncConnection) -> datetime:
    """The clock's time (aware, UTC)."""
    return (await conn.execute(NOW)).scalar_one()


async def state(engine: AsyncEngine) -> ClockState:
    async with engine.connect() as conn:
        row = (await conn.execute(STATE)).one()
        return ClockState(row.simulated, row.running, row.now)


async def stop(conn: AsyncConnection) -> None:
    """Halt a simulated clock where it stands."""
    await conn.execute(STOP)


async def set_forward(conn: AsyncConnection, at: datetime) -> None:
    """Move a simulated clock to `at`; never back, a real clock not at all."""
    await conn.execute(SET, {"at": at})


async def run_on(conn: AsyncConnection) -> None:
    await conn.execute(RUN)
