"""Alerts and cases as lists read them: one row a record, with its shared view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.alert_view import AlertView
from shared.contracts.case_view import CaseView
from shared.sealed import Sealed

V = TypeVar("V", AlertView, CaseView)

# A page opens the names of at most this many children: one event names them all.
LIST_LIMIT_ROWS = 200
# What is sorted by how soon it is due, to be shown page by page or exported.
READ_LIMIT_ROWS = 20_000

COMMON = (
    "select r.stream, r.ledger, r.version, r.path, r.child, r.klass, r.school, r.view,"
    " k.fields, k.grade, c.name as klass_name, u.name as school_name"
)
JOINED = (
    " left join child k on k.child = r.child left join klass c on c.klass = r.klass"
    " left join unit u on u.unit = r.school"
)
ALERTS = COMMON + " from alert_row r" + JOINED
CASES = (
    COMMON + ", r.number, r.owner, r.next_attempt_on, r.last_contact_at, r.last_visit_at"
    " from case_row r" + JOINED
)
# What each filter of the ledger of cases means; open ones first, the oldest first.
CASE_FILTERS: Mapping[str, str] = {
    "open": "r.state <> 'closed'",
    "closed": "r.state = 'closed'",
    "risk": "r.state in ('suspected', 'confirmed', 'tracing')",
    # Back, and there is an alert again; or away again after having been back.
    "returned": "(r.state = 'observing' and exists (select 1 from alert_row a"
    " where a.child = r.child and a.state = 'open')) or (r.state in ('suspected', 'confirmed',"
    " 'tracing') and cast(r.view as jsonb) -> 'relapses' <> '[]'::jsonb)",
    "all": "true",
}
ALERT_FILTERS: Mapping[str, str] = {
    "open": "r.state = 'open'",
    "overdue": "r.state = 'open' and r.verify_due_at < :now",
    "near": "r.state = 'open' and r.sign = 'near_dropout'",
    "decided": "r.state in ('verified', 'cleared')",
    "all": "r.state <> 'unflagged'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[V]):
    """A record with what the directory says of its child today."""

    stream: str
    ledger: str
    version: int
    path: str
    child: UUID
    klass: UUID | None
    school: str | None
    grade: int | None
    fields: Mapping[str, Any]
    klass_name: str
    school_name: str
    view: V
    number: str = ""
    owner: UUID | None = None
    next_attempt_on: date | None = None
    last_contact_at: datetime | None = None
    last_visit_at: datetime | None = None

    @property
    def subject(self) -> str:
        return str(self.child)

    @property
    def about(self) -> str:
        return f"{self.school_name} {self.klass_name}".strip()

    def sealed(self, name: str) -> Sealed | None:
        """A field of the child as it rests, or None where it is not known."""
        value = self.fields.get(name)
        return msgspec.convert(value, Sealed) if value else None


async def alerts(
    conn: AsyncConnection,
    *,
    where: str = "open",
    now: datetime,
    child: UUID | None = None,
    limit: int = LIST_LIMIT_ROWS,
) -> list[Found[AlertView]]:
    """`where`: a key of ALERT_FILTERS. The connection's jurisdiction decides what there is."""
    sql = f"{ALERTS} where ({ALERT_FILTERS[where]})" + _of_child(child, "r.flagged_at")
    rows = await conn.execute(text(sql), _params(sql, now=now, child=child, limit=limit))
    return [_alert(row) for row in rows]


async def cases(
    conn: AsyncConnection,
    *,
    where: str = "open",
    child: UUID | None = None,
    limit: int = LIST_LIMIT_ROWS,
) -> list[Found[CaseView]]:
    """`where`: a key of CASE_FILTERS."""
    order = "r.state = 'closed', r.opened_at"
    sql = f"{CASES} where ({CASE_FILTERS[where]})" + _of_child(child, order)
    rows = await conn.execute(text(sql), _params(sql, child=child, limit=limit))
    return [_case(row) for row in rows]


async def case(conn: AsyncConnection, stream: str) -> Found[CaseView] | None:
    """None outside the connection's jurisdiction."""
    found = await conn.execute(text(f"{CASES} where r.stream = :stream"), {"stream": stream})
    row = found.first()
    return _case(row) if row else None


async def alert(conn: AsyncConnection, stream: str) -> Found[AlertView] | None:
    found = await conn.execute(text(f"{ALERTS} where r.stream = :stream"), {"stream": stream})
    row = found.first()
    return _alert(row) if row else None


async def counts(
    conn: AsyncConnection, table: str, filters: Mapping[str, str], now: datetime
) -> dict[str, int]:
    """How many records each filter leaves."""
    wanted = ", ".join(f"count(*) filter (where {sql}) as {name}" for name, sql in filters.items())
    sql = f"select {wanted} from {table} r"
    row = (await conn.execute(text(sql), _params(sql, now=now))).one()
    return dict(row._mapping)


def _of_child(child: UUID | None, order: str) -> str:
    only = " and r.child = :child" if child is not None else ""
    return f"{only} order by {order} limit :limit"


def _params(sql: str, **values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in sql}


def _alert(row: Row[Any]) -> Found[AlertView]:
    return Found(**_facts(row), view=msgspec.json.decode(row.view, type=AlertView))


def _case(row: Row[Any]) -> Found[CaseView]:
    view = msgspec.json.decode(row.view, type=CaseView)
    names = ("number", "owner", "next_attempt_on", "last_contact_at", "last_visit_at")
    return Found(**_facts(row), view=view, **{name: getattr(row, name) for name in names})


def _facts(row: Row[Any]) -> dict[str, Any]:
    names = ("stream", "ledger", "version", "path", "child", "klass", "school", "grade")
    return {name: getattr(row, name) for name in names} | {
        "fields": row.fields or {},
        "klass_name": row.klass_name or "",
        "school_name": row.school_name or "",
    }


def sealed_names(rows: Sequence[Found[Any]]) -> list[tuple[str, str, Sealed]]:
    """(subject, field, value) of each child whose name is known, for one reading."""
    named = ((row.subject, row.sealed("name")) for row in rows)
    return [(subject, "name", name) for subject, name in named if name is not None]
