"""The boards of casework: alerts and cases as people see them, followed from the own store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import casework as c
from shared.contracts import enrollment as e
from shared.contracts.alert_view import AlertView, alert_after
from shared.contracts.case_view import CaseView, case_after
from shared.contracts.entry import Entry as Told
from shared.contracts.entry import entry_of
from shared.event import business_day
from shared.subscription import Entry

CONTACTS = frozenset(("guardian_contact", "phone", "home_visit"))
AWAY = frozenset(("suspected", "confirmed", "tracing"))
KNOWN_ALERTS = text("select stream, view from alert_row where stream = any(:streams)")
KNOWN_CASES = text(
    "select stream, view, number, next_attempt_on from case_row where stream = any(:streams)"
)

ALERT_COLUMNS = (
    ("stream", "text"),
    ("ledger", "text"),
    ("version", "int"),
    ("unitpath", "text"),
    ("child", "uuid"),
    ("klass", "uuid"),
    ("school", "text"),
    ("state", "text"),
    ("sign", "text"),
    ("flagged_at", "timestamptz"),
    ("verify_due_at", "timestamptz"),
    ("report_due_at", "timestamptz"),
    ("days", "int"),
    ("view", "text"),
)
CASE_COLUMNS = (
    ("stream", "text"),
    ("ledger", "text"),
    ("version", "int"),
    ("unitpath", "text"),
    ("child", "uuid"),
    ("klass", "uuid"),
    ("school", "text"),
    ("state", "text"),
    ("number", "text"),
    ("owner", "uuid"),
    ("opened_at", "timestamptz"),
    ("closed_at", "timestamptz"),
    ("last_contact_at", "timestamptz"),
    ("last_visit_at", "timestamptz"),
    ("next_attempt_on", "date"),
    ("return_by", "date"),
    ("observe_until", "date"),
    ("view", "text"),
)
# What a child's move decides is written once here and then only by `follow_places`.
PLACED = frozenset(("unitpath", "klass", "school"))


def _upsert(table: str, columns: Sequence[tuple[str, str]]) -> Any:
    names = [name for name, _ in columns]
    stored = ["path" if name == "unitpath" else name for name in names]
    taken = ["coalesce(k.path, u.unitpath)" if n == "unitpath" else f"u.{n}" for n in names]
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in columns)
    changed = [n for n in names if n not in PLACED | {"stream", "ledger", "child"}]
    return text(
        f"insert into {table} ({', '.join(stored)}) select {', '.join(taken)}"
        f" from unnest({arrays}) as u({', '.join(names)})"
        " left join child k on k.child = u.child"
        " on conflict (stream) do update set "
        + ", ".join(f"{name} = excluded.{name}" for name in changed)
    )


SAVE_ALERTS = _upsert("alert_row", ALERT_COLUMNS)
SAVE_CASES = _upsert("case_row", CASE_COLUMNS)
SAVE_STREAMS = text(
    "insert into child_stream (stream, ledger, child)"
    " select * from unnest(cast(:stream as text[]), cast(:ledger as text[]),"
    " cast(:child as uuid[])) on conflict do nothing"
)
SAVE_OBSERVED = text(
    "insert into class_observed (klass, observed_at) values (:klass, :at) on conflict (klass)"
    " do update set observed_at = greatest(class_observed.observed_at, excluded.observed_at)"
)


@dataclass(slots=True)
class Row:
    """One record while a batch is folded: its view, and what the view does not keep."""

    view: Any
    ledger: str = ""
    version: int = 0
    unitpath: str = ""
    child: str = ""
    number: str = ""
    next_attempt_on: date | None = None


async def project_boards(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Fold alerts and cases of a batch; each touched row is written once."""
    alerts = [one for one in entries if one.envelope.stream.startswith("alert-")]
    cases = [one for one in entries if one.envelope.stream.startswith("case-")]
    if alerts:
        rows = await _known(conn, KNOWN_ALERTS, alerts, AlertView)
        _fold(rows, alerts, alert_after)
        await _save(conn, SAVE_ALERTS, [_alert_values(row) for row in rows.values()])
    if cases:
        rows = await _known(conn, KNOWN_CASES, cases, CaseView)
        _fold(rows, cases, case_after)
        await _save(conn, SAVE_CASES, [_case_values(row) for row in rows.values()])
    await _observed(conn, [*alerts, *cases])


async def _observed(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """The class is the last segment of the record's path; a child without one has no class."""
    latest: dict[UUID, datetime] = {}
    for one in entries:
        envelope = one.envelope
        klass = envelope.unitpath.rsplit("/", 1)[-1]
        if envelope.type == "casework.ObservationLogged" and "-" in klass:
            at = max(envelope.occurred_at, latest.get(UUID(klass), envelope.occurred_at))
            latest[UUID(klass)] = at
    if latest:
        rows = [{"klass": klass, "at": at} for klass, at in latest.items()]
        await conn.execute(SAVE_OBSERVED, rows)


async def _known(
    conn: AsyncConnection, statement: Any, entries: Sequence[Entry], view: type[Any]
) -> dict[str, Row]:
    streams = list(dict.fromkeys(one.envelope.stream for one in entries))
    rows = {stream: Row(view(stream=stream)) for stream in streams}
    for found in await conn.execute(statement, {"streams": streams}):
        row = rows[found.stream]
        row.view = msgspec.json.decode(found.view, type=view)
        if view is CaseView:
            row.number, row.next_attempt_on = found.number, found.next_attempt_on
    return rows


def _fold(
    rows: dict[str, Row], entries: Sequence[Entry], after: Callable[[Any, Told], Any]
) -> None:
    for one in entries:
        envelope, told = one.envelope, entry_of(one.body)
        row = rows[envelope.stream]
        row.view = after(row.view, told)
        row.ledger, row.version = envelope.ledger, envelope.streamversion
        row.unitpath, row.child = envelope.unitpath, envelope.subject or ""
        _beside(row, told)


def _beside(row: Row, told: Told) -> None:
    """What lists need and the shared view leaves to the entries."""
    match told.data:
        case c.CaseOpened():
            day = business_day(told.occurred_at)
            row.number = f"{told.ledger}-{day.year}-{told.seq:04}"
        case c.PersuasionAttempted(next_attempt_on=day):
            row.next_attempt_on = day
        case c.Reinstated() | c.CaseClosed():
            row.next_attempt_on = None
        case _:
            pass


def _alert_values(row: Row) -> dict[str, Any]:
    view: AlertView = row.view
    return _placed(row) | {
        "sign": view.sign,
        "flagged_at": view.flagged_at,
        "verify_due_at": view.verify_due_at,
        "report_due_at": view.report_due_at,
        "days": view.days,
    }


def _case_values(row: Row) -> dict[str, Any]:
    view: CaseView = row.view
    return _placed(row) | {
        "number": row.number,
        "owner": view.owner,
        "opened_at": view.opened_at,
        "closed_at": view.closed_at,
        "last_contact_at": last_of(view, CONTACTS),
        "last_visit_at": last_of(view, frozenset(("home_visit",))),
        "next_attempt_on": row.next_attempt_on,
        "return_by": return_by(view),
        "observe_until": view.observation_until,
    }


def _placed(row: Row) -> dict[str, Any]:
    return {
        "stream": row.view.stream,
        "ledger": row.ledger,
        "version": row.version,
        "unitpath": row.unitpath,
        "child": row.child,
        "klass": row.view.klass,
        "school": row.view.school,
        "state": row.view.state,
        "view": msgspec.json.encode(row.view).decode(),
    }


def last_of(view: CaseView, kinds: frozenset[str]) -> datetime | None:
    return max((one.at for one in view.logged if one.kind in kinds), default=None)


def return_by(view: CaseView) -> date | None:
    """The term of the newest notice of this round, while the child is still away."""
    terms = [notice.return_by for notice in view.notices if notice.round == view.round]
    return max(terms, default=None) if view.state in AWAY else None


async def _save(conn: AsyncConnection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    await conn.execute(statement, {name: [row[name] for row in rows] for name in rows[0]})
    names = ("stream", "ledger", "child")
    await conn.execute(SAVE_STREAMS, {name: [row[name] for row in rows] for name in names})


MOVE_CHILDREN = (
    "update {table} as r set path = u.path, klass = u.klass, school = u.school"
    " from unnest(cast(:child as uuid[]), cast(:path as text[]), cast(:klass as uuid[]),"
    " cast(:school as text[])) as u(child, path, klass, school) where r.child = u.child"
)
MOVE_UNIT = (
    "update {table} set path = :path || substr(path, length(:old) + 1)"
    " where path = :old or path like :old || '/%'"
)
# Who answers for a child by hand answers for it wherever it is.
MOVE_CHARGES = text(
    "update responsibility as r set path = u.path from unnest(cast(:child as text[]),"
    " cast(:path as text[])) as u(child, path) where r.target = u.child"
    " and r.target_kind in ('child', 'guardian')"
)
OLD_PATH = text("select path from unit where unit = :unit")
TABLES = ("alert_row", "case_row", "duty")
# What is a unit's follows it into another jurisdiction, as what is a child's does.
OF_UNITS = (*TABLES, "responsibility", "body", "activity_row")


async def follow_places(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Records follow their child into another class, and units into another jurisdiction.

    Comes before the directory's own step in the same transaction, which still knows the old path.
    """
    places: dict[UUID, tuple[str, UUID, str]] = {}
    for one in entries:
        envelope = one.envelope
        if envelope.type == "enrollment.StudentEnrolled":
            enrolled = msgspec.json.decode(envelope.data, type=e.StudentEnrolled)
            places[enrolled.child] = (envelope.unitpath, enrolled.klass, enrolled.school)
        elif envelope.type == "enrollment.UnitMoved":
            await _move_children(conn, places)
            await _move_unit(conn, msgspec.json.decode(envelope.data, type=e.UnitMoved))
    await _move_children(conn, places)


async def _move_children(conn: AsyncConnection, places: dict[UUID, tuple[str, UUID, str]]) -> None:
    if not places:
        return
    values = {
        "child": list(places),
        "path": [path for path, _, _ in places.values()],
        "klass": [klass for _, klass, _ in places.values()],
        "school": [school for _, _, school in places.values()],
    }
    for table in TABLES:
        await conn.execute(text(MOVE_CHILDREN.format(table=table)), values)
    moved = {"child": [str(child) for child in places], "path": values["path"]}
    await conn.execute(MOVE_CHARGES, moved)
    places.clear()


async def _move_unit(conn: AsyncConnection, event: e.UnitMoved) -> None:
    old = (await conn.execute(OLD_PATH, {"unit": event.unit})).scalar()
    for table in OF_UNITS if old else ():
        statement = text(MOVE_UNIT.format(table=table))
        await conn.execute(statement, {"path": event.path, "old": old})
