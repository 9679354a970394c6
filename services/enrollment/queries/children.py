"""Children of a jurisdiction: one, lists behind numbers, and candidates of a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A page opens the names of at most this many children: one event names them all.
LIST_LIMIT_ROWS = 200
# Of one character half a county may be candidates; beyond this a longer part has to be typed.
CANDIDATES_LIMIT = 5000

FIELDS = (
    "select c.child, c.ledger, c.path, c.fields, c.klass, c.school, c.grade, c.seat, c.since,"
    " c.left_on, k.name as klass_name, u.name as school_name"
)
JOINED = (
    " from child c left join klass k on k.klass = c.klass left join unit u on u.unit = c.school"
)
ONE = text(f"{FIELDS}, null as mark, null as reason{JOINED} where c.child = :child")
# What each list means. A run is a flag until a roll says that the child came.
STATES: Mapping[str, str] = {
    "all": "true",
    "absent": "a.mark is not null",
    "unexcused": "a.mark = 'unexcused'",
    "leave": "a.mark in ('sick', 'personal')",
    "flag": "exists (select 1 from long_run l where l.child = c.child and not l.ended"
    " and not exists (select 1 from absence b where b.child = c.child"
    " and b.settled_mark = 'present' and b.day > l.last_on))",
}
AWAY = " left join absence a on a.child = c.child and a.day = :day and a.mark is not null"
WITHIN = " and (c.path || '/') ^@ (cast(:path as text) || '/')"
ORDER = " order by u.name, c.grade, k.name, c.seat nulls last, c.child limit :limit offset :after"
CANDIDATES = text(
    "select c.child, c.ledger, c.fields -> 'name' as name from name_index n join child c"
    " using (child) where c.ledger = :ledger and n.tokens @> cast(:tokens as bigint[])"
    " order by c.child limit :limit"
)
THESE = text(
    f"{FIELDS}, a.mark, a.reason{JOINED}{AWAY} where c.child = any(:children)"
    " order by u.name, c.grade, k.name, c.seat nulls last, c.child"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRow:
    """A child as the directory has it; `mark` is today's where the query asks for it."""

    child: UUID
    ledger: str
    path: str
    fields: Mapping[str, Any]
    klass: UUID | None
    school: str | None
    grade: int | None
    seat: int | None
    since: date | None
    left_on: date | None
    klass_name: str | None
    school_name: str | None
    mark: str | None
    reason: str | None

    @property
    def opens(self) -> str:
        """Where a masked value of it is opened."""
        return f"/enrollment/children/{self.child}/open"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A child whose sealed name may hold what was asked for."""

    child: UUID
    ledger: str
    name: Any


async def child_row(conn: AsyncConnection, child: UUID) -> ChildRow | None:
    """None outside the jurisdiction."""
    row = (await conn.execute(ONE, {"child": child})).first()
    return ChildRow(**row._mapping) if row else None


async def listed(
    conn: AsyncConnection, state: str, day: date, path: str | None = None, after: int = 0
) -> tuple[list[ChildRow], int]:
    """A page of the list `state` (a key of STATES) and how many it holds in all."""
    where = f" where {STATES[state]} and c.left_on is null{WITHIN if path else ''}"
    params: dict[str, Any] = {"day": day} | ({"path": path} if path else {})
    count = text(f"select count(*){JOINED}{AWAY}{where}")
    total = (await conn.execute(count, params)).scalar_one()
    rows = await conn.execute(
        text(f"{FIELDS}, a.mark, a.reason{JOINED}{AWAY}{where}{ORDER}"),
        params | {"limit": LIST_LIMIT_ROWS, "after": after},
    )
    return [ChildRow(**row._mapping) for row in rows], total


async def candidates(conn: AsyncConnection, ledger: str, tokens: Sequence[int]) -> list[Candidate]:
    """Whose tokens hold all of the query's: a superset, for the exact text decides."""
    params = {"ledger": ledger, "tokens": list(tokens), "limit": CANDIDATES_LIMIT}
    return [Candidate(*row) for row in await conn.execute(CANDIDATES, params)]


async def these(conn: AsyncConnection, children: Sequence[UUID], day: date) -> list[ChildRow]:
    rows = await conn.execute(THESE, {"children": list(children), "day": day})
    return [ChildRow(**row._mapping) for row in rows]
