"""The board of a day: each class with its roll, who is away, and who teaches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The largest county has some 3,000 classes; a page of more would be nobody's reading.
BOARD_LIMIT_CLASSES = 4000

# An open class, its pupils on the day, its roll, and the homeroom teacher of that day.
BOARD = """
select k.klass, k.ledger, k.school, k.grade, k.name, k.path, u.name as school_name,
    coalesce(m.enrolled, 0) as enrolled, coalesce(a.unexcused, 0) as unexcused,
    coalesce(a.excused, 0) as excused, r.version, r.submission, r.expected, r.present, r.author,
    r.submitted_at, r.settles_at, r.corrected, r.missing_at, h.staff as teacher
from klass k
left join unit u on u.unit = k.school
left join (select klass, count(*) as enrolled from membership
    where since <= :day and (until is null or :day < until) group by klass) m using (klass)
left join roll_day r on r.klass = k.klass and r.day = :day
left join (select klass, count(*) filter (where mark = 'unexcused') as unexcused,
    count(*) filter (where mark in ('sick', 'personal')) as excused
    from absence where day = :day and mark is not null group by klass) a on a.klass = k.klass
left join lateral (select staff from homeroom where homeroom.klass = k.klass
    and valid_from <= :day and (valid_to is null or valid_to >= :day)
    order by valid_from desc limit 1) h on true
where k.valid_from <= :day and (k.closed_on is null or :day < k.closed_on) {where}
order by u.name, k.school, k.grade, k.name, k.klass limit :limit
"""
ALL = text(BOARD.format(where=""))
BELOW = text(BOARD.format(where="and (k.path || '/') ^@ (cast(:path as text) || '/')"))
CLASS = text(
    BOARD.format(where="and k.klass = :klass").replace(
        "k.valid_from <= :day and (k.closed_on is null or :day < k.closed_on)", "true"
    )
)
UNIT_PATH = text(
    "select path, name from unit where unit = :unit"
    " union all select path, name from klass where cast(klass as text) = :unit limit 1"
)
UNIT_NAMES = text("select unit, name, kind from unit where unit = any(:units)")
LEDGERS = text("select ledger from ledger where ledger not like '%-access' order by ledger")
DAYS = text(
    """
with due as (select d.day, k.school, count(*) as due
    from unnest(cast(:days as date[])) as d(day) join klass k
    on k.valid_from <= d.day and (k.closed_on is null or d.day < k.closed_on)
    where exists (select 1 from membership m where m.klass = k.klass and m.since <= d.day
        and (m.until is null or d.day < m.until)) group by 1, 2),
taken as (select day, school, count(*) as taken, sum(expected) as pupils from roll_day
    where day = any(:days) and submission is not null group by 1, 2),
away as (select day, school, count(*) as unexcused from absence
    where day = any(:days) and mark = 'unexcused' group by 1, 2)
select due.day, due.school, due.due, coalesce(taken.taken, 0) as taken,
    coalesce(taken.pupils, 0) as pupils, coalesce(away.unexcused, 0) as unexcused
from due left join taken using (day, school) left join away using (day, school)
order by due.school, due.day
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDay:
    """One class on one day; `submission` is None while no roll stands, `due` counts pupils."""

    klass: UUID
    ledger: str
    school: str
    grade: int
    name: str
    path: str
    school_name: str | None
    enrolled: int
    unexcused: int
    excused: int
    version: int | None
    submission: int | None
    expected: int | None
    present: int | None
    author: str | None
    submitted_at: datetime | None
    settles_at: datetime | None
    corrected: bool | None
    missing_at: datetime | None
    teacher: UUID | None

    @property
    def taken(self) -> bool:
        return self.submission is not None

    @property
    def lacking(self) -> bool:
        """Pupils sit in it and nobody has called them."""
        return not self.taken and self.enrolled > 0


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """A school on one day: classes with pupils, classes called, and their pupils."""

    day: date
    school: str
    due: int
    taken: int
    pupils: int
    unexcused: int

    @property
    def per_thousand(self) -> float | None:
        """None where a class has no roll: a gap is no zero."""
        if self.taken < self.due or not self.pupils:
            return None
        return self.unexcused * 1000 / self.pupils


async def board(conn: AsyncConnection, day: date, below: str | None = None) -> list[ClassDay]:
    """The jurisdiction's classes on a day, or those below a unit's path."""
    params: dict[str, Any] = {"day": day, "limit": BOARD_LIMIT_CLASSES}
    if below is None:
        rows = await conn.execute(ALL, params)
    else:
        rows = await conn.execute(BELOW, params | {"path": below})
    return [ClassDay(**row._mapping) for row in rows]


async def class_day(conn: AsyncConnection, klass: UUID, day: date) -> ClassDay | None:
    """One class on a day, closed ones too; None outside the jurisdiction."""
    row = (await conn.execute(CLASS, {"klass": klass, "day": day, "limit": 1})).first()
    return ClassDay(**row._mapping) if row else None


async def unit_named(conn: AsyncConnection, unit: str) -> tuple[str, str] | None:
    """(path, name) of a unit's code or of a class in the jurisdiction."""
    row = (await conn.execute(UNIT_PATH, {"unit": unit})).first()
    return (row.path, row.name) if row else None


async def unit_names(conn: AsyncConnection, units: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Code → (name, kind)."""
    rows = await conn.execute(UNIT_NAMES, {"units": list(units)})
    return {row.unit: (row.name, row.kind) for row in rows}


async def ledgers(conn: AsyncConnection) -> list[str]:
    return [row.ledger for row in await conn.execute(LEDGERS)]


async def school_days(conn: AsyncConnection, days: Sequence[date]) -> list[SchoolDay]:
    """The jurisdiction's schools on some days, by school and day."""
    return [SchoolDay(*row) for row in await conn.execute(DAYS, {"days": list(days)})]
