"""Duties as people and programs list them: whose, where, until when, how they ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A page names at most so many; programs page on by `after`.
PAGE_LIMIT_ROWS = 200
OPEN = ("armed", "breached")
STATES = ("armed", "satisfied", "late", "breached", "cancelled")
COLUMNS = (
    "select d.duty, d.ledger, d.kind, d.target_kind, d.target, d.child, d.klass, d.school, d.path,"
    " d.period, d.began_at, d.due_at, d.window_at, d.needed, d.got, d.holders, d.role, d.share,"
    " d.state, d.ended_at, d.evidence, d.policy, d.calendar, d.rows, d.form, d.told,"
    " k.fields -> 'name' as child_name, c.name as klass_name, u.name as unit_name"
    " from duty d left join child k on k.child = d.child left join klass c on c.klass = d.klass"
    " left join unit u on u.unit = coalesce(d.school, d.target)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to list; everything absent does not matter. `after`: the last one of the page before."""

    unit: str | None = None
    holder: UUID | None = None
    due_before: datetime | None = None
    states: Sequence[str] = OPEN
    child: UUID | None = None
    but_kinds: Sequence[str] = ()
    kinds: Sequence[str] | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = PAGE_LIMIT_ROWS


async def listed(conn: AsyncConnection, wanted: Wanted) -> Sequence[Any]:
    """Rows, the earliest due first; the connection's own jurisdiction bounds them."""
    conditions, values = _conditions(wanted)
    where = " and ".join(conditions)
    query = f"{COLUMNS} where {where} order by d.due_at, d.duty limit :limit"
    return (await conn.execute(text(query), {**values, "limit": wanted.limit})).all()


async def one(conn: AsyncConnection, duty: UUID) -> Any | None:
    """A duty in the connection's jurisdiction, whatever its state."""
    return (await conn.execute(text(f"{COLUMNS} where d.duty = :duty"), {"duty": duty})).first()


async def counted(conn: AsyncConnection, wanted: Wanted, now: datetime) -> Mapping[str, int]:
    """How many are overdue, due later, and in all."""
    conditions, values = _conditions(wanted)
    query = (
        "select count(*) filter (where d.due_at < :now) as overdue, count(*) as all"
        f" from duty d where {' and '.join(conditions)}"
    )
    row = (await conn.execute(text(query), {**values, "now": now})).one()
    return {"overdue": row.overdue, "all": row.all}


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    found: dict[str, tuple[str, Any]] = {
        "states": ("d.state = any(:states)", list(wanted.states)),
    }
    if wanted.unit:
        found["unit"] = ("'/' || d.path || '/' like '%/' || :unit || '/%'", wanted.unit)
    if wanted.holder:
        found["holder"] = ("d.holders @> array[cast(:holder as uuid)]", wanted.holder)
    if wanted.due_before:
        found["before"] = ("d.due_at < :before", wanted.due_before)
    if wanted.child:
        found["child"] = ("d.child = :child", wanted.child)
    if wanted.but_kinds:
        found["but"] = ("d.kind <> all(:but)", list(wanted.but_kinds))
    if wanted.kinds is not None:
        found["kinds"] = ("d.kind = any(:kinds)", list(wanted.kinds))
    conditions = [condition for condition, _ in found.values()]
    values = {name: value for name, (_, value) in found.items()}
    if wanted.after:
        conditions.append("(d.due_at, d.duty) > (:after_at, cast(:after_duty as uuid))")
        values |= {"after_at": wanted.after[0], "after_duty": wanted.after[1]}
    return conditions, values


def as_line(row: Any) -> dict[str, Any]:
    """A duty as scripts read it."""
    return {
        "duty": str(row.duty),
        "kind": row.kind,
        "subject": str(row.child) if row.child else row.target,
        "unit": row.school or row.path.rsplit("/", 1)[-1],
        "holders": [str(holder) for holder in row.holders],
        "armed_at": row.began_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "state": row.state,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "evidence": row.evidence,
        "policyversion": row.policy,
        "calendarversion": row.calendar,
        "rows": list(row.rows),
    }
