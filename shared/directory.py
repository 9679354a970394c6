"""The directory: who is where, projected from enrollment's events into each service's tables."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import enrollment as c
from shared.contracts.decode import decode
from shared.event import Envelope
from shared.subscription import Entry

TABLES = ("unit", "term", "klass", "homeroom", "person", "role_grant", "account", "child")
SCHEMA = Path(__file__).parent / "sql" / "0002_directory.sql"

CHILD_FIELDS = text(
    "insert into child (child, ledger, fields, path)"
    " select u.child, u.ledger, u.fields::jsonb, u.path"
    " from unnest(cast(:child as uuid[]), cast(:ledger as text[]), cast(:fields as text[]),"
    " cast(:path as text[])) as u(child, ledger, fields, path)"
    " on conflict (child) do update set"
    " fields = jsonb_strip_nulls(child.fields || excluded.fields)"
)
CHILD_PLACE = text(
    "insert into child as had (child, ledger, klass, school, grade, seat, since, left_on, path)"
    " select * from unnest(cast(:child as uuid[]), cast(:ledger as text[]), cast(:klass as uuid[]),"
    " cast(:school as text[]), cast(:grade as int[]), cast(:seat as int[]), cast(:since as date[]),"
    " cast(:left_on as date[]), cast(:path as text[]))"
    " on conflict (child) do update set klass = excluded.klass, school = excluded.school,"
    " grade = excluded.grade, seat = excluded.seat, since = excluded.since,"
    " left_on = excluded.left_on, path = excluded.path"
)
CHILD_LEFT = text(
    "update child set klass = null, left_on = u.day from"
    " unnest(cast(:child as uuid[]), cast(:klass as uuid[]), cast(:day as date[]))"
    " as u(child, klass, day) where child.child = u.child and child.klass = u.klass"
)

# One statement an event type; the names are the fields of its contract.
STATEMENTS: Mapping[type, str] = {
    c.UnitRegistered: "insert into unit (unit, ledger, kind, name, parent, path, valid_from) values"
    " (:unit, :ledger, :kind, :name, :parent, :path, :valid_from) on conflict do nothing",
    c.UnitRenamed: "update unit set name = :name where unit = :unit",
    c.UnitClosed: "update unit set closed_on = :on where unit = :unit",
    c.TermOpened: "insert into term (unit, term, name, opens_on, ends_on) values"
    " (:unit, :term, :name, :opens_on, :ends_on) on conflict (unit, term) do update set"
    " name = excluded.name, opens_on = excluded.opens_on, ends_on = excluded.ends_on",
    c.ClassOpened: "insert into klass (klass, ledger, school, grade, name, path, valid_from) values"
    " (:klass, :ledger, :school, :grade, :name, :path, :valid_from) on conflict do nothing",
    c.ClassClosed: "update klass set closed_on = :on where klass = :klass",
    c.HomeroomTeacherAssigned: "insert into homeroom (klass, staff, valid_from) values"
    " (:klass, :staff, :valid_from) on conflict do nothing",
    c.HomeroomTeacherEnded: "update homeroom set valid_to = :on"
    " where klass = :klass and staff = :staff and valid_to is null",
    c.StaffRegistered: "insert into person (staff, ledger, unit, staff_number, fields) values"
    " (:staff, :ledger, :unit, :staff_number, cast(:fields as jsonb)) on conflict do nothing",
    c.StaffChanged: "update person set"
    " fields = jsonb_strip_nulls(fields || cast(:fields as jsonb)) where staff = :staff",
    c.RoleGranted: "insert into role_grant (staff, role, unit, path, valid_from, valid_to) values"
    " (:staff, :role, :unit, :path, :valid_from, :valid_to) on conflict"
    " (staff, role, unit, valid_from) do update set valid_to = excluded.valid_to",
    # From that day on the role is no longer held; the table's last day is inclusive.
    c.RoleEnded: "update role_grant set valid_to = cast(:on as date) - 1"
    " where staff = :staff and role = :role and unit = :unit and valid_from <= :on"
    " and (valid_to is null or valid_to >= :on)",
    c.AccountOpened: "insert into account (account, ledger, staff) values"
    " (:account, :ledger, :staff) on conflict (account) do update set closed = false",
    c.AccountClosed: "update account set closed = true where account = :account",
}
OF_CHILDREN = (c.ChildRegistered, c.ChildChanged, c.StudentEnrolled, c.StudentLeftClass)
# Everything else that enrollment publishes leaves the directory as it is.
DIRECTORY_TYPES = frozenset(
    f"enrollment.{kind.__name__}" for kind in (*STATEMENTS, *OF_CHILDREN, c.UnitMoved)
)
MOVE = (
    "update {table} set path = :path || substr(path, length(:old) + 1)"
    " where path = :old or path like :old || '/%'"
)


async def project_directory(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Apply enrollment's events to the directory; what it does not know leaves it unchanged."""
    children = _Children()
    for entry in entries:
        envelope = entry.envelope
        event = decode(envelope.type, envelope.dataversion, envelope.data)
        if children.take(event, envelope):
            continue
        if isinstance(event, c.UnitMoved):
            await children.flush(conn)
            await _move(conn, event)
        elif statement := STATEMENTS.get(type(event)):
            await conn.execute(text(statement), _values(event, envelope))
    await children.flush(conn)


def _values(event: Any, envelope: Envelope) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in event.__struct_fields__}
    if "fields" in values:
        values["fields"] = msgspec.json.encode(values["fields"]).decode()
    return values | {"ledger": envelope.ledger}


async def _move(conn: AsyncConnection, event: c.UnitMoved) -> None:
    found = await conn.execute(text("select path from unit where unit = :u"), {"u": event.unit})
    old = found.scalar()
    if old is None:
        return
    await conn.execute(
        text("update unit set parent = :parent where unit = :unit"),
        {"parent": event.parent, "unit": event.unit},
    )
    for table in ("unit", "klass", "child", "role_grant"):
        await conn.execute(text(MOVE.format(table=table)), {"path": event.path, "old": old})


class _Children:
    """What a batch does to children, gathered so that an import is a few statements."""

    def __init__(self) -> None:
        self.fields: dict[UUID, dict[str, Any]] = {}
        self.homes: dict[UUID, tuple[str, str]] = {}
        self.places: dict[UUID, tuple[Any, ...]] = {}
        self.left: dict[UUID, tuple[UUID, date]] = {}

    def take(self, event: Any, envelope: Envelope) -> bool:
        match event:
            case c.ChildRegistered() | c.ChildChanged():
                self.homes.setdefault(event.child, (envelope.ledger, envelope.unitpath))
                self.fields.setdefault(event.child, {}).update(event.fields)
            case c.StudentEnrolled():
                place = (event.klass, event.school, event.grade, event.seat, event.on, None)
                self.places[event.child] = (envelope.ledger, *place, envelope.unitpath)
            case c.StudentLeftClass() if event.child in self.places:
                ledger, klass, *rest, path = self.places[event.child]
                if klass == event.klass:
                    self.places[event.child] = (ledger, None, *rest[:-1], event.on, path)
            case c.StudentLeftClass():
                self.left[event.child] = (event.klass, event.on)
            case _:
                return False
        return True

    async def flush(self, conn: AsyncConnection) -> None:
        """Leaving comes first: a place taken in the same batch is newer."""
        if self.fields:
            rows = [
                (child, self.homes[child][0], _json(fields), self.homes[child][1])
                for child, fields in self.fields.items()
            ]
            await _unnest(conn, CHILD_FIELDS, ("child", "ledger", "fields", "path"), rows)
        if self.left:
            left = [(child, *what) for child, what in self.left.items()]
            await _unnest(conn, CHILD_LEFT, ("child", "klass", "day"), left)
        if self.places:
            placed = [(child, *what) for child, what in self.places.items()]
            columns = ("child", "ledger", "klass", "school", "grade", "seat", "since", "left_on")
            await _unnest(conn, CHILD_PLACE, (*columns, "path"), placed)
        self.fields, self.homes, self.places, self.left = {}, {}, {}, {}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def _unnest(
    conn: AsyncConnection, statement: Any, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    columns = zip(*rows, strict=True)
    await conn.execute(statement, dict(zip(names, map(list, columns), strict=True)))
