"""Who is on a class's sheet on a day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

SHEETS = text(
    "select u.n, m.child from unnest(cast(:klass as uuid[]), cast(:day as date[]))"
    " with ordinality as u(klass, day, n) join membership m on m.klass = u.klass"
    " and m.since <= u.day and (m.until is null or u.day < m.until)"
    " order by u.n, m.seat nulls last, m.child"
)
CLASSES_WITH_PUPILS = text(
    "select k.klass, k.path from klass k where k.ledger = :ledger and k.valid_from <= :day"
    " and (k.closed_on is null or :day < k.closed_on) and exists (select 1 from membership m"
    " where m.klass = k.klass and m.since <= :day and (m.until is null or :day < m.until))"
    " order by k.path"
)
CLASSES_OF = text("select child, klass from membership where child = any(:children)")


async def sheets(
    conn: AsyncConnection, wanted: Sequence[tuple[UUID, date]]
) -> list[tuple[UUID, ...]]:
    """For each (class, day) its children in seat order."""
    params = {"klass": [klass for klass, _ in wanted], "day": [day for _, day in wanted]}
    found: dict[int, list[UUID]] = defaultdict(list)
    for row in await conn.execute(SHEETS, params):
        found[row.n].append(row.child)
    return [tuple(found[n]) for n in range(1, len(wanted) + 1)]


async def classes_with_pupils(
    conn: AsyncConnection, ledger: str, day: date
) -> list[tuple[UUID, str]]:
    """(class, path) of a county's classes that are open and not empty on a day."""
    rows = await conn.execute(CLASSES_WITH_PUPILS, {"ledger": ledger, "day": day})
    return [(row.klass, row.path) for row in rows]


async def classes_of(conn: AsyncConnection, children: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Every class that each child was ever in."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in await conn.execute(CLASSES_OF, {"children": list(children)}):
        found[row.child].add(row.klass)
    return found
