"""Process completeness: of what fell due, what was done in time, late or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

FIGURES = (
    "count(*) as due, count(*) filter (where state = 'satisfied') as done,"
    " count(*) filter (where state = 'late') as late,"
    " count(*) filter (where state in ('armed', 'breached')) as missed"
)
# What has ended before its due time counts as due: it is done.
DUE = (
    " from duty where state <> 'cancelled' and due_at > :since and due_at <= :until"
    " and (path = :path or path like :path || '/%')"
)
BY_KIND = text(f"select kind, {FIGURES}{DUE} group by kind order by kind")
BY_UNIT = text(
    f"select split_part(path, '/', :level) as unit, {FIGURES}{DUE} group by 1 order by 1"
)
# Planned are periods; what an event begins nobody planned.
PLANNED = text(
    "select d.duty, d.kind, d.target_kind, d.target, d.path, d.period, d.due_at, d.state,"
    " d.ended_at, d.evidence, c.name as klass_name, u.name as unit_name from duty d"
    " left join klass c on c.klass = d.klass"
    " left join unit u on u.unit = coalesce(d.school, d.target)"
    " where d.kind = any(:kinds) and d.due_at > :since and d.due_at <= :until"
    " and (d.path = :path or d.path like :path || '/%') and d.state = any(:states)"
    " order by d.due_at desc, d.duty limit :limit"
)
PLAN_UNITS = text(
    "select split_part(path, '/', :level) as unit, count(*) as planned,"
    " count(*) filter (where state in ('satisfied', 'late')) as shown,"
    " count(*) filter (where state = 'breached') as overdue,"
    " count(*) filter (where state = 'armed') as ahead"
    " from duty where state <> 'cancelled' and kind = any(:kinds) and due_at > :since"
    " and due_at <= :until and (path = :path or path like :path || '/%') group by 1 order by 1"
)
LINES_SHOWN = 200


async def by_kind(
    conn: AsyncConnection, path: str, since: datetime, until: datetime
) -> Sequence[Any]:
    params = {"path": path, "since": since, "until": until}
    return (await conn.execute(BY_KIND, params)).all()


async def by_unit(
    conn: AsyncConnection, path: str, since: datetime, until: datetime
) -> Sequence[Any]:
    """Of the units directly below a path; what is the unit's own stands under an empty code."""
    params = {"path": path, "since": since, "until": until, "level": path.count("/") + 2}
    return (await conn.execute(BY_UNIT, params)).all()


async def planned(
    conn: AsyncConnection,
    path: str,
    kinds: Sequence[str],
    states: Sequence[str],
    since: datetime,
    until: datetime,
) -> Sequence[Any]:
    params = {"path": path, "kinds": list(kinds), "states": list(states)}
    return (
        await conn.execute(
            PLANNED, {**params, "since": since, "until": until, "limit": LINES_SHOWN}
        )
    ).all()


async def plan_units(
    conn: AsyncConnection, path: str, kinds: Sequence[str], since: datetime, until: datetime
) -> Sequence[Any]:
    params = {"path": path, "kinds": list(kinds), "since": since, "until": until}
    return (await conn.execute(PLAN_UNITS, {**params, "level": path.count("/") + 2})).all()
