"""Duties as people and programs list them: whose, where, until when, how they ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.pool import reading

# A page names at most so many; programs page on by `after`.
PAGE_LIMIT_ROWS = 200
PERSON_LIMIT_DUTIES = 2000
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
    share: str | None = None
    holder: UUID | None = None
    # Whoever a breach has climbed to.
    told: UUID | None = None
    ended_since: datetime | None = None
    due_before: datetime | None = None
    states: Sequence[str] = OPEN
    child: UUID | None = None
    children: Sequence[UUID] | None = None
    but_kinds: Sequence[str] = ()
    kinds: Sequence[str] | None = None
    # Only of these.
    among: Sequence[UUID] | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = PAGE_LIMIT_ROWS


async def listed(conn: AsyncConnection, wanted: Wanted) -> Sequence[Any]:
    """Rows, the earliest due first; the connection's own jurisdiction bounds them."""
    conditions, values = _conditions(wanted)
    where = " and ".join(conditions)
    query = f"{COLUMNS} where {where} order by d.due_at, d.duty limit :limit"
    return (await conn.execute(text(query), {**values, "limit": wanted.limit})).all()


async def narrowed(engine: AsyncEngine, wanted: Wanted) -> Wanted:
    """The same of one person, with its duties named: found by the indexes on holders and `told`.

    For a viewer those cannot be used: row-level security comes first, which would read every duty
    of the jurisdiction. What the viewer may see of these, `listed` still decides.
    """
    conditions, values = _conditions(wanted)
    query = f"select d.duty from duty d where {' and '.join(conditions)} limit :limit"
    async with reading(engine) as conn:
        found = await conn.execute(text(query), {**values, "limit": PERSON_LIMIT_DUTIES})
        return replace(wanted, among=found.scalars().all())


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


# Field of `Wanted` → its condition; absent fields do not matter.
CONDITIONS = {
    "states": "d.state = any(:states)",
    "unit": "'/' || d.path || '/' like '%/' || :unit || '/%'",
    "share": "d.share = :share",
    "holder": "d.holders @> array[cast(:holder as uuid)]",
    "told": "d.told @> cast(:told as jsonb)",
    "ended_since": "d.ended_at >= :ended_since",
    "due_before": "d.due_at < :due_before",
    "child": "d.child = :child",
    "children": "d.child = any(cast(:children as uuid[]))",
    "but_kinds": "d.kind <> all(:but_kinds)",
    "kinds": "d.kind = any(:kinds)",
    "among": "d.duty = any(cast(:among as uuid[]))",
}


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    given = {name: getattr(wanted, name) for name in CONDITIONS}
    values = {name: _plain(one) for name, one in given.items() if one not in (None, ())}
    conditions = [CONDITIONS[name] for name in values]
    if wanted.told:
        values["told"] = _told(wanted.told)
    if wanted.after:
        conditions.append("(d.due_at, d.duty) > (:after_at, cast(:after_duty as uuid))")
        values |= {"after_at": wanted.after[0], "after_duty": wanted.after[1]}
    return conditions, values


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


def _told(staff: UUID) -> str:
    """What a step of escalation that reached the person holds."""
    return json.dumps([{"to": [str(staff)]}])


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
