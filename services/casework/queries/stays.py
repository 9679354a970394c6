"""Which class a child was in on any day, and the events that gave people their posts."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import enrollment as e
from shared.subscription import Entry

A_DAY = timedelta(days=1)
FOLLOWED = frozenset(
    f"enrollment.{kind.__name__}"
    for kind in (
        e.StudentEnrolled,
        e.StudentLeftClass,
        e.HomeroomTeacherAssigned,
        e.RoleGranted,
        e.UnitMoved,
    )
)
# Who leaves on a day is not there any more on it; a stay that ended before it began never was.
END = text(
    "update stay s set until = u.day - 1 from unnest(cast(:child as uuid[]),"
    " cast(:klass as uuid[]), cast(:day as date[])) as u(child, klass, day)"
    " where s.child = u.child and s.until is null and (u.klass is null or s.klass = u.klass)"
)
VOID = text("delete from stay where child = any(cast(:child as uuid[])) and until < since")
BEGIN = text(
    "insert into stay (child, ledger, klass, school, grade, path, since)"
    " select * from unnest(cast(:child as uuid[]), cast(:ledger as text[]),"
    " cast(:klass as uuid[]), cast(:school as text[]), cast(:grade as int[]),"
    " cast(:path as text[]), cast(:since as date[])) on conflict (child, since) do update set"
    " klass = excluded.klass, school = excluded.school, grade = excluded.grade,"
    " path = excluded.path, until = null"
)
# Who is there follows the unit into another jurisdiction; who was there before does not.
MOVE = text(
    "update stay set path = :path || substr(path, strpos(path, '/' || :unit) + 1 + length(:unit))"
    " where until is null and '/' || path || '/' like '%/' || :unit || '/%'"
)
SOURCE = text(
    "insert into post_source (staff, role, unit, since, ledger, seq, type) values"
    " (:staff, :role, :unit, :since, :ledger, :seq, :type) on conflict"
    " (staff, role, unit, since) do update set seq = excluded.seq"
)
ON = text(
    "select child, klass, school, grade, path from stay where child = :child"
    " and since <= :on and (until is null or until >= :on)"
)


async def project_stays(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Rows follow events of FOLLOWED; an import's thousands of children are a few statements."""
    placed: dict[UUID, tuple[Any, ...]] = {}
    left: dict[UUID, tuple[UUID | None, date]] = {}
    for entry in entries:
        event = _read(entry)
        if isinstance(event, e.StudentEnrolled | e.StudentLeftClass):
            if event.child in placed or event.child in left:
                await _flush(conn, placed, left)
            _take(event, entry, placed, left)
        else:
            await _flush(conn, placed, left)
            await _other(conn, event, entry)
    await _flush(conn, placed, left)


def _read(entry: Entry) -> Any:
    kind = getattr(e, entry.envelope.type.partition(".")[2])
    return msgspec.json.decode(entry.envelope.data, type=kind)


def _take(
    event: e.StudentEnrolled | e.StudentLeftClass,
    entry: Entry,
    placed: dict[UUID, tuple[Any, ...]],
    left: dict[UUID, tuple[UUID | None, date]],
) -> None:
    if isinstance(event, e.StudentLeftClass):
        left[event.child] = (event.klass, event.on)
        return
    left[event.child] = (None, event.on)
    path = entry.envelope.unitpath
    placed[event.child] = (entry.ledger, event.klass, event.school, event.grade, path, event.on)


async def _flush(
    conn: AsyncConnection,
    placed: dict[UUID, tuple[Any, ...]],
    left: dict[UUID, tuple[UUID | None, date]],
) -> None:
    if left:
        ended = {"klass": [k for k, _ in left.values()], "day": [on for _, on in left.values()]}
        await conn.execute(END, {"child": list(left), **ended})
        await conn.execute(VOID, {"child": list(left)})
    if placed:
        names = ("ledger", "klass", "school", "grade", "path", "since")
        columns = dict(zip(names, map(list, zip(*placed.values(), strict=True)), strict=True))
        await conn.execute(BEGIN, {"child": list(placed), **columns})
    placed.clear()
    left.clear()


async def _other(conn: AsyncConnection, event: Any, entry: Entry) -> None:
    if isinstance(event, e.UnitMoved):
        await conn.execute(MOVE, {"unit": event.unit, "path": event.path})
        return
    for role, unit in _given(event):
        values = {"staff": event.staff, "role": role, "unit": unit, "since": event.valid_from}
        seen = {"ledger": entry.ledger, "seq": entry.seq, "type": entry.envelope.type}
        await conn.execute(SOURCE, {**values, **seen})


def _given(event: Any) -> Iterator[tuple[str, str]]:
    if isinstance(event, e.HomeroomTeacherAssigned):
        # The class itself, apart from the role by which its teacher signs in.
        yield "homeroom", str(event.klass)
    else:
        yield event.role, event.unit
