"""Where units, classes, children and people are today: their ledgers and their paths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import CHILD, CLASS, STAFF, UNIT
from services.enrollment.domain import child as children
from services.enrollment.domain import klass as classes
from services.enrollment.domain import staff as people
from services.enrollment.domain import unit as units
from shared.decider import CommandRejected
from shared.event_store import Aggregate

UNITS = text("select unit, ledger, kind, name, path from unit where unit = any(:ids)")
CLASSES = text(
    "select klass, ledger, school, grade, name, path, valid_from, closed_on from klass"
    " where klass = any(:ids)"
)
PUPILS = text("select exists (select 1 from child where klass = :klass)")
CHILDREN = text("select child, ledger, klass, path from child where child = any(:ids)")
STAFF_PLACES = text(
    "select p.staff, p.ledger, p.unit, u.path from person p join unit u using (unit)"
    " where p.staff = any(:ids)"
)
# The directory follows within milliseconds; what was written just now is in `current` already.
CURRENT = text(
    "select ledger, stream, unitpath, state, doc from current where stream = any(:streams)"
    " and ledger = any(select ledger from ledger)"
)
ELSEWHERE = text("select 1 from current where stream = :stream and ledger <> :ledger limit 1")


class KnownElsewhere(CommandRejected):
    """An id that another county's record bears: a stream never begins in a second ledger."""

    code = "known_elsewhere"


async def require_not_elsewhere(conn: AsyncConnection, stream: str, ledger: str) -> None:
    """Raises KnownElsewhere: else who knows an id could draw the record into their own county."""
    if (await conn.execute(ELSEWHERE, {"stream": stream, "ledger": ledger})).first():
        raise KnownElsewhere("这个编号别的县已经在用。请核对编号。", stream=stream)


class NoSuchRecord(CommandRejected):
    """Nothing is known under this id; pages answer it 404."""

    code = "no_such_record"


@dataclass(frozen=True, slots=True)
class UnitPlace:
    unit: str
    ledger: str
    kind: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class ClassPlace:
    klass: UUID
    ledger: str
    school: str
    grade: int
    name: str
    path: str
    valid_from: date
    closed_on: date | None = None

    def open_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.closed_on is None or day < self.closed_on)


@dataclass(frozen=True, slots=True)
class ChildPlace:
    child: UUID
    ledger: str
    klass: UUID | None
    path: str


@dataclass(frozen=True, slots=True)
class StaffPlace:
    staff: UUID
    ledger: str
    unit: str
    path: str


async def unit_places(conn: AsyncConnection, codes: Iterable[str]) -> dict[str, UnitPlace]:
    wanted = list(dict.fromkeys(codes))
    rows = await conn.execute(UNITS, {"ids": wanted})
    found = {row.unit: UnitPlace(*row) for row in rows}
    for row, state in await _current(conn, UNIT, [c for c in wanted if c not in found]):
        if isinstance(state, units.Standing):
            place = UnitPlace(state.unit, row.ledger, state.kind, state.name, state.path)
            found[state.unit] = place
    return found


async def unit_place(conn: AsyncConnection, code: str) -> UnitPlace:
    """Raises NoSuchRecord."""
    found = (await unit_places(conn, [code])).get(code)
    if found is None:
        raise NoSuchRecord(f"没有代码为 {code} 的单位。请核对代码，或先登记。", field="unit")
    return found


async def class_places(conn: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, ClassPlace]:
    wanted = list(dict.fromkeys(ids))
    rows = await conn.execute(CLASSES, {"ids": wanted})
    found = {row.klass: ClassPlace(*row) for row in rows}
    for row, state in await _current(conn, CLASS, [k for k in wanted if k not in found]):
        if isinstance(state, classes.Opened):
            found[state.klass] = ClassPlace(
                state.klass,
                row.ledger,
                state.school,
                state.grade,
                state.name,
                state.path,
                state.since,
            )
    return found


async def class_place(conn: AsyncConnection, klass: UUID) -> ClassPlace:
    """Raises NoSuchRecord."""
    found = (await class_places(conn, [klass])).get(klass)
    if found is None:
        raise NoSuchRecord("没有这个班。请核对班级。", field="klass")
    return found


async def has_pupils(conn: AsyncConnection, klass: UUID) -> bool:
    """Whether a child sits in the class today; who has left it does not."""
    return bool((await conn.execute(PUPILS, {"klass": klass})).scalar_one())


async def child_places(conn: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, ChildPlace]:
    wanted = list(dict.fromkeys(ids))
    rows = await conn.execute(CHILDREN, {"ids": wanted})
    found = {row.child: ChildPlace(*row) for row in rows}
    for row, state in await _current(conn, CHILD, [c for c in wanted if c not in found]):
        child = UUID(row.stream.removeprefix(CHILD.prefix))
        klass = state.klass if isinstance(state, children.Enrolled) else None
        found[child] = ChildPlace(child, row.ledger, klass, row.unitpath)
    return found


async def child_place(conn: AsyncConnection, child: UUID) -> ChildPlace:
    """Raises NoSuchRecord."""
    found = (await child_places(conn, [child])).get(child)
    if found is None:
        raise NoSuchRecord("没有这名学生。请从名册里打开。", field="child")
    return found


async def staff_places(conn: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, StaffPlace]:
    wanted = list(dict.fromkeys(ids))
    rows = await conn.execute(STAFF_PLACES, {"ids": wanted})
    found = {row.staff: StaffPlace(*row) for row in rows}
    for row, state in await _current(conn, STAFF, [s for s in wanted if s not in found]):
        if isinstance(state, people.Registered):
            staff = UUID(row.stream.removeprefix(STAFF.prefix))
            found[staff] = StaffPlace(staff, row.ledger, state.unit, row.unitpath)
    return found


async def staff_place(conn: AsyncConnection, staff: UUID) -> StaffPlace:
    """Raises NoSuchRecord."""
    found = (await staff_places(conn, [staff])).get(staff)
    if found is None:
        raise NoSuchRecord("没有这位教职工。请先登记。", field="staff")
    return found


async def _current(
    conn: AsyncConnection, aggregate: Aggregate[Any, Any, Any], ids: Sequence[object]
) -> list[tuple[Row[Any], Any]]:
    if not ids:
        return []
    streams = [f"{aggregate.prefix}{one}" for one in ids]
    rows = (await conn.execute(CURRENT, {"streams": streams})).all()
    return [(row, msgspec.json.decode(row.doc, type=aggregate.states[row.state])) for row in rows]
