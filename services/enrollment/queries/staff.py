"""Staff of a jurisdiction with their roles of today and what became of their accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# One event names all of a page.
STAFF_LIMIT_ROWS = 300

# Neither people nor secrets carry a path, so the jurisdiction is asked for by their unit's.
STAFF = text(
    """
select p.staff, p.ledger, v.version, p.staff_number, p.fields -> 'name' as name, u.path,
    a.account, a.closed, c.kind as secret, s.last_at as last_seen,
    array(select g.role from role_grant g where g.staff = p.staff and g.valid_from <= :day
        and (g.valid_to is null or g.valid_to >= :day) order by g.role) as roles
from person p join unit u on u.unit = p.unit
join current v on v.ledger = p.ledger and v.stream = 'staff-' || p.staff
left join lateral (select account, closed from account where account.staff = p.staff
    order by closed, account limit 1) a on true
left join credential c on c.account = a.account
left join sign_in_seen s on s.account = a.account
where exists (select 1 from unnest(cast(:paths as text[])) as held(path)
    where held.path = '*' or (u.path || '/') ^@ (held.path || '/'))
order by u.path, p.staff_number nulls last, p.staff limit :limit offset :after
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """`secret` is code or password; none is held before the first code and after closing."""

    staff: UUID
    ledger: str
    version: int
    staff_number: str | None
    name: Any
    path: str
    account: str | None
    closed: bool | None
    secret: str | None
    last_seen: datetime | None
    roles: list[str]


async def staff_of(
    conn: AsyncConnection, paths: Sequence[str], day: date, after: int = 0
) -> list[StaffRow]:
    """Staff employed below the paths; needs the app role, for secrets are not the reader's."""
    params = {"paths": list(paths), "day": day, "limit": STAFF_LIMIT_ROWS, "after": after}
    return [StaffRow(**row._mapping) for row in await conn.execute(STAFF, params)]
