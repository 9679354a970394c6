"""Who sits in a class on a day, their leave, their marks, and what lies behind a mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Days looked back for a run; a longer one has long been an alert.
RUN_LOOK_BACK_DAYS = 60

PUPILS = text(
    "select m.child, m.seat, c.fields -> 'name' as name from membership m"
    " left join child c using (child) where m.klass = :klass and m.since <= :day"
    " and (m.until is null or :day < m.until) order by m.seat nulls last, m.child"
)
LEAVES = text(
    "select child, kind from leave_given where child = any(:children)"
    " and first_on <= :day and last_on >= :day order by seq"
)
MARKS = text(
    "select child, mark, reason from absence"
    " where klass = :klass and day = :day and mark is not null"
)
AWAY = text(
    "select a.child, a.klass, a.mark, a.reason, c.fields -> 'name' as name from absence a"
    " left join child c using (child) where a.klass = any(:classes) and a.day = :day"
    " and a.mark is not null order by a.klass, a.mark desc, a.child"
)
TAKEN = text(
    "select day from roll_day where klass = :klass and day between :first and :day"
    " and submission is not null order by day desc"
)
UNEXCUSED = text(
    "select child, day from absence where child = any(:children)"
    " and day between :first and :day and mark = 'unexcused'"
)
PEOPLE = text("select staff, fields -> 'name' as name from person where staff = any(:staff)")


@dataclass(frozen=True, slots=True)
class Sitting:
    """One place of the sheet; `name` is sealed and missing for a child of elsewhere by now."""

    child: UUID
    seat: int
    name: Any


@dataclass(frozen=True, slots=True)
class Marked:
    """Somebody who is not there, as the roll and what became of it say."""

    child: UUID
    mark: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody away, with the class: for lists of several classes."""

    child: UUID
    klass: UUID
    mark: str
    reason: str | None
    name: Any


async def sitting(conn: AsyncConnection, klass: UUID, day: date) -> list[Sitting]:
    """In seat order; who has no seat is counted on."""
    rows = await conn.execute(PUPILS, {"klass": klass, "day": day})
    return [Sitting(row.child, row.seat or n, row.name) for n, row in enumerate(rows, 1)]


async def leaves(conn: AsyncConnection, children: Sequence[UUID], day: date) -> dict[UUID, str]:
    """Approved leave of the day by child, the last one granted."""
    rows = await conn.execute(LEAVES, {"children": list(children), "day": day})
    return {row.child: row.kind for row in rows}


async def marks(conn: AsyncConnection, klass: UUID, day: date) -> dict[UUID, Marked]:
    rows = await conn.execute(MARKS, {"klass": klass, "day": day})
    return {row.child: Marked(*row) for row in rows}


async def missed(conn: AsyncConnection, classes: Sequence[UUID], day: date) -> list[Missed]:
    rows = await conn.execute(AWAY, {"classes": list(classes), "day": day})
    return [Missed(*row) for row in rows]


async def runs(
    conn: AsyncConnection, klass: UUID, children: Sequence[UUID], first: date, day: date
) -> dict[UUID, int]:
    """Unexcused days in a row up to `day`, over days with a roll; a day without one is no day."""
    span = {"first": first, "day": day}
    taken = [row.day for row in await conn.execute(TAKEN, {"klass": klass, **span})]
    rows = await conn.execute(UNEXCUSED, {"children": list(children), **span})
    away = {(row.child, row.day) for row in rows}
    return {child: _run(child, taken, away) for child in children}


def _run(child: UUID, taken: Sequence[date], away: set[tuple[UUID, date]]) -> int:
    count = 0
    for day in taken:
        if (child, day) not in away:
            break
        count += 1
    return count


async def staff_names(conn: AsyncConnection, staff: Sequence[UUID]) -> dict[UUID, Any]:
    """Sealed names by person."""
    rows = await conn.execute(PEOPLE, {"staff": list(set(staff))})
    return {row.staff: row.name for row in rows if row.name}
