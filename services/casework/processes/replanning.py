"""A calendar published late: duties that have not fallen due get their due times anew."""

from datetime import timedelta
from uuid import uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import DUTY
from services.casework.domain.duty import Replan
from services.casework.duties.due import NoDueTime, due_at
from services.casework.duties.facts import Fact
from services.casework.processes import duty_work as works
from services.casework.processes.duty_work import Work
from services.casework.queries import duty_rows as rows
from services.casework.queries.duty_rows import OpenDuty
from shared.event import business_day
from shared.founding import EFFECTS
from shared.policy.duty_schema import Due

A_MOMENT = timedelta(microseconds=1)


async def replan(conn: AsyncConnection, work: Work, fact: Fact) -> None:
    """Every duty of the unit and below whose due time lies ahead and counts school days."""
    params = {"ledger": work.ledger, "now": work.now, "path": fact.path}
    for row in (await conn.execute(rows.AHEAD, params)).all():
        await _one(conn, work, rows.open_duty(row), fact)
        await works.append(conn, work, whole=False)


def counts_school_days(due: Due) -> bool:
    return due.days is not None and due.count == "school"


async def _one(conn: AsyncConnection, work: Work, duty: OpenDuty, fact: Fact) -> None:
    pack = work.pack_of(duty)
    kind = pack.file.duties.get(duty.kind)
    if kind is None or not (counts_school_days(kind.due) or pack.values.counting.roll_forward):
        return
    day = business_day(duty.began_at)
    ground = work.ground(duty.path, pack, day)
    try:
        due = due_at(kind.due, duty.began_at, ground, {})
    except NoDueTime:  # it rests on a date of its event, which no calendar moves
        return
    await work.batch.load(conn, DUTY, [duty.stream])
    # What is in force on the last day: the new one, which may begin after the duty did.
    version = ground.calendar.version_for(duty.path, business_day(due - A_MOMENT))
    command = Replan(due_at=due, calendar=version, now=work.now)
    command_id = uuid5(EFFECTS, f"replan|{duty.duty}|{fact.cause.ledger}|{fact.cause.seq}")
    path, child = duty.path, duty.child
    if works.give(work, duty.stream, command, pack, path, child, command_id, fact):
        works.note(work, duty, work.now)
        work.timers.append(works.due_timer(duty.duty, work.ledger, due))
