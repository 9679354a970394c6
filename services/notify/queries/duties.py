"""Duties as notify knows them: what waits for whom, and what a message says of one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.policy.pack import Pack

WAITING = text(
    "select duty, kind, child, due_at, state, holders, told from duty_heard"
    " where ledger = :ledger and ended_at is null and due_at < :until order by due_at, duty"
)
ACCOUNTS = text(
    "select a.account, a.staff, coalesce(g.path, u.path, a.ledger) as path, g.role from account a"
    " left join person p on p.staff = a.staff left join unit u on u.unit = p.unit"
    " left join lateral (select r.role, r.path from role_grant r"
    " where r.staff = a.staff and r.valid_from <= :on and (r.valid_to is null or r.valid_to >= :on)"
    " order by length(r.path), r.path, r.role limit 1) g on true"
    " where a.ledger = :ledger and not a.closed order by a.account"
)
UNWANTED = text("select account from unwanted where what = :what")
UNWANTED_BY = text("select what from unwanted where account = :account")
OF_STAFF = text(
    "select a.account, a.staff from account a where not a.closed"
    " and a.staff = any(cast(:staff as uuid[])) order by a.account"
)
# 责任人：校长: whom a breach reaches in a school where nobody else of the chain has an account.
PRINCIPALS = text(
    "select a.account, g.staff from role_grant g join account a on a.staff = g.staff"
    " and not a.closed where g.role = 'principal' and g.unit = any(:units)"
    " and g.valid_from <= :on and (g.valid_to is null or g.valid_to >= :on) order by a.account"
)
OF_DUTIES = text(
    "select d.duty, d.kind, d.path, d.due_at, d.state, d.child, k.fields -> 'name' as name,"
    " k.path as child_path, c.name as klass, u.name as unit from duty_heard d"
    " left join child k on k.child = d.child left join klass c on c.klass = d.klass"
    " left join unit u on u.unit = coalesce(d.school, d.target)"
    " where d.duty = any(cast(:duties as uuid[]))"
)
DIGEST = text(
    "select on_day, part, sent_at, items from digest where account = :account"
    " and on_day = :on and part = :part order by piece"
)
LAST_DIGEST = text(
    "select on_day, part from digest where account = :account"
    " order by on_day desc, sent_at desc limit 1"
)
DIGESTS = text(
    "select on_day, part, min(sent_at) as sent_at from digest where account = :account"
    " group by on_day, part order by sent_at desc limit :limit"
)
PURGE = text(
    "delete from duty_heard where ledger = :ledger and ended_at < :before and state = 'satisfied'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An open account, with the widest role of its person on the day."""

    account: str
    staff: UUID
    path: str
    role: str | None


async def readers(conn: AsyncConnection, ledger: str, on: date) -> list[Reader]:
    rows = await conn.execute(ACCOUNTS, {"ledger": ledger, "on": on})
    return [
        Reader(account=row.account, staff=row.staff, path=row.path, role=row.role) for row in rows
    ]


async def waiting(conn: AsyncConnection, ledger: str, until: datetime) -> dict[UUID, list[Any]]:
    """By person: their own open duties due before `until`, and the breaches told to them."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await conn.execute(WAITING, {"ledger": ledger, "until": until}):
        for staff in {*row.holders, *row.told}:
            found[staff].append(row)
    return found


async def without(conn: AsyncConnection, pack: Pack, what: str) -> set[str]:
    """The accounts that do not want a kind of message; nobody, where the rules let nobody."""
    if pack.code("optional_messages", what) is None:
        return set()
    return set((await conn.execute(UNWANTED, {"what": what})).scalars())


async def reached(
    conn: AsyncConnection, staff: Iterable[UUID], path: str, on: date
) -> list[tuple[str, UUID]]:
    """Accounts of the staff; of none of them, the principal's of the school in the path."""
    found = (await conn.execute(OF_STAFF, {"staff": list(staff)})).all()
    if not found:
        units = {"units": path.split("/"), "on": on}
        found = (await conn.execute(PRINCIPALS, units)).all()
    return [(row.account, row.staff) for row in found]


async def of_duties(conn: AsyncConnection, duties: Sequence[UUID]) -> dict[UUID, Any]:
    """What lines say of duties, by duty; names stay sealed."""
    rows = await conn.execute(OF_DUTIES, {"duties": list(duties)})
    return {row.duty: row for row in rows}
