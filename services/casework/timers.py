"""What casework does when something falls due: dropout reports that were not made by 24:00."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import ALERT, CASE
from services.casework.domain.alert import MarkReportOverdue
from services.casework.domain.alert_state import Cleared, Unflagged, Verified
from services.casework.queries.streams import OF_STREAM
from shared import clock
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import Batch
from shared.founding import EFFECTS
from shared.rulebook import Rulebook, Rules
from shared.timer import Handler, Timer


def report_overdue(rulebook: Rulebook) -> Handler:
    """不过夜: an alert whose dropout was not reported by its time is overdue, once."""

    async def handle(conn: AsyncConnection, timers: Sequence[Timer]) -> None:
        rules = await rulebook.rules(conn)
        by_ledger: dict[str, list[Timer]] = defaultdict(list)
        for timer in timers:
            by_ledger[timer.ledger].append(timer)
        for ledger in sorted(by_ledger):
            batch = await _batch(conn, ledger)
            for timer in by_ledger[ledger]:
                await _mark(conn, batch, rules, timer)
            await batch.append(conn)

    return handle


async def _batch(conn: AsyncConnection, ledger: str) -> Batch:
    return Batch(
        Circumstances(
            ledger=ledger,
            actor=SYSTEM,
            via="system",
            policy_version="",
            command_id=EFFECTS,
            now=await clock.now(conn),
        )
    )


async def _mark(conn: AsyncConnection, batch: Batch, rules: Rules, timer: Timer) -> None:
    stream = timer.args["stream"]
    row = (await conn.execute(OF_STREAM, {"stream": stream})).first()
    if row is None:
        return
    await batch.load(conn, ALERT, [stream])
    alert = batch.held(stream).state
    if isinstance(alert, Unflagged | Cleared):
        return
    reported = isinstance(alert, Verified) and await _reported(conn, batch, alert.case)
    now = batch.circumstances.now
    if now < alert.report_due_at:
        return
    _use(batch, rules.pack(row.path, business_day(now)).version)
    command = MarkReportOverdue(reported=reported, now=now)
    command_id = uuid5(EFFECTS, f"{timer.key} {timer.ledger}")
    subject = str(alert.child)
    batch.decide(stream, command, unitpath=row.path, subject=subject, command_id=command_id)


async def _reported(conn: AsyncConnection, batch: Batch, case: UUID) -> bool:
    stream = f"case-{case}"
    await batch.load(conn, CASE, [stream])
    return bool(getattr(batch.held(stream).state, "reported", ()))


def _use(batch: Batch, policy_version: str) -> None:
    batch.circumstances = replace(batch.circumstances, policy_version=policy_version)
