"""A child's school year out of rolls and absences, and what is recorded about the child."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import ATTENDANCE, CHILD

# Taken or noted as missing, of the class in which the child sat on that day.
ROLLS = text(
    "select r.day, r.submission is not null as taken, r.missing_at is not null as missing"
    " from membership m join roll_day r on r.klass = m.klass and r.day >= m.since"
    " and (m.until is null or r.day < m.until)"
    " where m.child = :child and r.day between :first and :last"
)
MARKS = text(
    "select day, mark from absence where child = :child and day between :first and :last"
    " and mark is not null"
)
SEATED = text(
    "select since, until from membership where child = :child"
    " and since <= :last and (until is null or until > :first)"
)
LONG_RUNS = text(
    "select distinct last_on from long_run where child = :child"
    " and last_on between :first and :last order by last_on"
)
LEAVE = text(
    "select first_on, last_on, kind from leave_given where child = :child"
    " and last_on >= :day order by first_on limit 1"
)
BODIES = text(
    "select body from events where ledger = :ledger and stream = any(:streams)"
    " order by seq desc limit :limit"
)
COUNT = text("select count(*) from events where ledger = :ledger and stream = any(:streams)")
VERSION = text("select version from current where ledger = :ledger and stream = :stream")
RESPONSIBLE = text(
    "select 'homeroom_teacher' as role, staff, valid_from from homeroom where klass = :klass"
    " and valid_from <= :day and (valid_to is null or valid_to >= :day)"
    " union all select role, staff, valid_from from role_grant where unit = any(:units)"
    " and role in ('principal', 'township_officer') and valid_from <= :day"
    " and (valid_to is null or valid_to >= :day) order by 1, 3"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """`rolls`: day → taken, noted as missing; `marks`: day → mark; `seated`: since, until."""

    rolls: dict[date, tuple[bool, bool]]
    marks: dict[date, str]
    seated: tuple[tuple[date, date | None], ...]
    long_runs: tuple[date, ...]

    def sat(self, day: date) -> bool:
        return any(since <= day and (until is None or day < until) for since, until in self.seated)


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who answers for a child, in which role, since when."""

    role: str
    staff: UUID
    since: date


async def year(conn: AsyncConnection, child: UUID, first: date, last: date) -> Year:
    span = {"child": child, "first": first, "last": last}
    rolls = {r.day: (r.taken, r.missing) for r in await conn.execute(ROLLS, span)}
    marks = {row.day: row.mark for row in await conn.execute(MARKS, span)}
    seated = tuple((row.since, row.until) for row in await conn.execute(SEATED, span))
    runs = tuple(row.last_on for row in await conn.execute(LONG_RUNS, span))
    return Year(rolls=rolls, marks=marks, seated=seated, long_runs=runs)


async def current_leave(
    conn: AsyncConnection, child: UUID, day: date
) -> tuple[date, date, str] | None:
    """(first, last, kind) of leave that holds or is to come; None without."""
    row = (await conn.execute(LEAVE, {"child": child, "day": day})).first()
    return (row.first_on, row.last_on, row.kind) if row else None


async def version_of(conn: AsyncConnection, ledger: str, stream: str) -> int:
    """Of a stream, for the form that is drawn from it; 0 before its first event."""
    params = {"ledger": ledger, "stream": stream}
    return (await conn.execute(VERSION, params)).scalar() or 0


async def told(
    conn: AsyncConnection, ledger: str, child: UUID, limit: int
) -> tuple[list[str], int]:
    """The newest bodies of the child's own two streams, newest first, and how many there are."""
    streams = [f"{one.prefix}{child}" for one in (CHILD, ATTENDANCE)]
    params = {"ledger": ledger, "streams": streams}
    total = (await conn.execute(COUNT, params)).scalar_one()
    rows = await conn.execute(BODIES, params | {"limit": limit})
    return [row.body for row in rows], total


async def answerable(
    conn: AsyncConnection, klass: UUID | None, units: Sequence[str], day: date
) -> list[Answerable]:
    """谁的学生谁负责: homeroom teacher, principal, township; a handover day is the newcomer's."""
    params = {"klass": klass, "units": list(units), "day": day}
    found: dict[str, Answerable] = {}
    for row in await conn.execute(RESPONSIBLE, params):
        found[row.role] = Answerable(row.role, row.staff, row.valid_from)
    order = ("homeroom_teacher", "principal", "township_officer")
    return [found[role] for role in order if role in found]
