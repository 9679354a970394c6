"""What falls due in enrollment: rolls that settle, and the cut-off of the daily roll."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import roll_stream
from services.enrollment.processes import missing, settling
from shared import clock
from shared.rulebook import Rulebook, Rules
from shared.timer import Handler, Timer

SETTLE = "settle"

Due = Callable[[AsyncConnection, Rules, datetime, Sequence[Timer]], Awaitable[None]]


def settle_timer(
    ledger: str, path: str, klass: UUID, on: date, version: int, due_at: datetime
) -> Timer:
    """One a roll: a later submission moves it, and names itself as the version that counts."""
    args = {"klass": str(klass), "on": on.isoformat(), "version": version, "path": path}
    return Timer(settle_key(klass, on), due_at, SETTLE, ledger, args)


def settle_key(klass: UUID, on: date) -> str:
    return f"{SETTLE}:{roll_stream(klass, on)}"


def handlers(rulebook: Rulebook) -> Mapping[str, Handler]:
    return {
        SETTLE: _with_rules(rulebook, settling.settle),
        missing.MISSING: _with_rules(rulebook, missing.check),
    }


def _with_rules(rulebook: Rulebook, due: Due) -> Handler:
    async def handle(conn: AsyncConnection, timers: Sequence[Timer]) -> None:
        rules = await rulebook.rules(conn)
        await due(conn, rules, await clock.now(conn), timers)

    return handle
