"""The database's clock: read it, and move a simulated one forward."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.pool import reading
from shared.waking import CHANNEL

NOW = text("select clock()")
STATE = text("select simulated, running, clock() as now from clock")
STOP = text("update clock set sim_at = clock(), real_at = clock_timestamp(), running = false")
SET = text(
    "update clock set sim_at = greatest(cast(:at as timestamptz), clock()),"
    " real_at = clock_timestamp() where simulated"
)
# In one statement, for whoever moves a clock a few thousand times: every process hears of it.
SET_AND_TELL = text(
    "with moved as (update clock set sim_at = greatest(cast(:at as timestamptz), clock()),"
    " real_at = clock_timestamp() where simulated returning 1)"
    f" select pg_notify('{CHANNEL}', '') from moved"
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


async def set_and_tell(engine: AsyncEngine, at: datetime) -> None:
    """As `set_forward`, committed; whatever follows the store looks what is due now."""
    async with reading(engine) as conn:
        await conn.execute(SET_AND_TELL, {"at": at})


async def run_on(conn: AsyncConnection) -> None:
    await conn.execute(RUN)
