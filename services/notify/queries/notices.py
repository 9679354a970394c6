"""What notify reads: an account's notices, and who is to be told about a child on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.sealed import Sealed

NOTICES = text(
    "select n.notice, n.ledger, n.child, n.kind, n.about, n.path, n.queued_at, n.read_at,"
    " k.fields -> 'name' as name, k.path as child_path, c.name as klass, u.name as school"
    " from notice n left join child k on k.child = n.child"
    " left join klass c on c.klass = coalesce(k.klass,"
    " case when n.about like 'roll-%' then cast(substr(n.about, 6, 36) as uuid) end)"
    " left join unit u on u.unit = coalesce(k.school, c.school) where n.account = :account"
    " order by n.read_at is not null, n.queued_at desc, n.notice limit :limit offset :offset"
)
UNREAD = text("select count(*) from notice where account = :account and read_at is null")
NOTICE = text("select ledger, path from notice where notice = :notice and account = :account")
CHILD = text("select klass, path from child where child = :child")
# The homeroom teacher of that date (a handover day is the newcomer's), and the officers above.
RESOLVED = text(
    "select a.account, w.staff from ("
    " (select h.staff from homeroom h where h.klass = :klass and h.valid_from <= :on"
    " and (h.valid_to is null or h.valid_to >= :on) order by h.valid_from desc limit 1)"
    " union select g.staff from role_grant g"
    " where g.role in ('township_officer', 'county_officer')"
    " and (g.path = :path or starts_with(:path, g.path || '/'))"
    " and g.valid_from <= :on and (g.valid_to is null or g.valid_to >= :on)"
    ") as w join account a on a.staff = w.staff and not a.closed order by a.account"
)

# Who works with the child: the homeroom teacher of that date, else the school's principal.
RESPONSIBLE = text(
    "select a.account, w.staff from ("
    " select h.staff, 0 as rank, h.valid_from from homeroom h where h.klass = :klass"
    " and h.valid_from <= :on and (h.valid_to is null or h.valid_to >= :on)"
    " union all select g.staff, 1, g.valid_from from role_grant g"
    " where g.role = 'principal' and g.unit = :school"
    " and g.valid_from <= :on and (g.valid_to is null or g.valid_to >= :on)"
    ") as w join account a on a.staff = w.staff and not a.closed"
    " order by w.rank, w.valid_from desc, a.account limit 1"
)
PLACE = text("select ledger, path, klass, school from child where child = :child")


@dataclass(frozen=True, slots=True)
class Recipient:
    account: str
    staff: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice with what the directory says of its child; the name stays sealed."""

    notice: UUID
    ledger: str
    child: UUID | None
    kind: str
    about: str
    queued_at: datetime
    read_at: datetime | None
    name: Sealed | None
    path: str
    place: str


async def notices(conn: AsyncConnection, account: str, limit: int, offset: int = 0) -> list[Notice]:
    """Unread first, the newest first."""
    params = {"account": account, "limit": limit, "offset": offset}
    return [_notice(row) for row in await conn.execute(NOTICES, params)]


def _notice(row: Any) -> Notice:
    return Notice(
        notice=row.notice,
        ledger=row.ledger,
        child=row.child,
        kind=row.kind,
        about=row.about,
        queued_at=row.queued_at,
        read_at=row.read_at,
        name=msgspec.convert(row.name, Sealed) if row.name else None,
        path=row.child_path or row.path,
        place=" ".join(filter(None, (row.school, row.klass))),
    )


async def unread(conn: AsyncConnection, account: str) -> int:
    return (await conn.execute(UNREAD, {"account": account})).scalar_one()


async def recipients(
    conn: AsyncConnection, path: str, klass: UUID | None, on: date
) -> Sequence[Recipient]:
    """Accounts of the homeroom teacher, the township's and the county's officers of that date."""
    params = {"path": path, "klass": klass, "on": on}
    return [Recipient(row.account, row.staff) for row in await conn.execute(RESOLVED, params)]


async def responsible(
    conn: AsyncConnection, klass: UUID | None, school: str | None, on: date
) -> Recipient | None:
    """The account of whoever works with the child on that day; None where nobody has one."""
    params = {"klass": klass, "school": school, "on": on}
    row = (await conn.execute(RESPONSIBLE, params)).first()
    return Recipient(row.account, row.staff) if row else None
