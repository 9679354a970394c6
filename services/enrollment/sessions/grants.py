"""An account's grants out of the directory: roles, and the classes it holds."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.decider import CommandRejected
from shared.rights import EVERYWHERE, Grant, Viewer

OPERATOR = "operator"
# Before anything that a deployment can hold: the operator's role has no first day.
ALWAYS = date(2000, 1, 1)

ACCOUNT = text("select staff from account where account = :account and not closed")
# What is over is not told to anybody; a session of thirty classes has to fit a cookie.
ROLES = text(
    "select role, unit, path, valid_from, valid_to from role_grant where staff = :staff"
    " and (valid_to is null or valid_to >= :today) order by valid_from, path"
)
HOMEROOMS = text(
    "select k.path, h.valid_from, h.valid_to from homeroom h join klass k using (klass)"
    " where h.staff = :staff and (h.valid_to is null or h.valid_to > :today)"
    " order by h.valid_from, k.path"
)


class NoSuchAccount(CommandRejected):
    """Not there, or closed."""

    code = "no_such_account"


async def viewer_of(
    conn: AsyncConnection, account: str, today: date, obtained_by: str | None = None
) -> Viewer:
    """Who the account is on that day. Raises NoSuchAccount.

    `operator` is nobody's account: it is whoever holds the keys of the home, so that it is only
    given where `obtained_by` says who obtained it.
    """
    if account == OPERATOR and obtained_by:
        return operator(obtained_by)
    staff = (await conn.execute(ACCOUNT, {"account": account})).scalar()
    if staff is None:
        raise NoSuchAccount(f"没有启用账号 {account}。请核对账号。", field="account")
    params = {"staff": staff, "today": today}
    roles = [_role(row) for row in await conn.execute(ROLES, params)]
    classes = [_homeroom(row) for row in await conn.execute(HOMEROOMS, params)]
    return Viewer(
        account=account,
        staff=str(staff),
        grants=tuple(_once([*roles, *classes])),
        obtained_by=obtained_by,
    )


def operator(obtained_by: str) -> Viewer:
    grant = Grant(role=OPERATOR, unit=EVERYWHERE, path=EVERYWHERE, valid_from=ALWAYS)
    return Viewer(account=OPERATOR, staff=None, grants=(grant,), obtained_by=obtained_by)


def _role(row: Row[Any]) -> Grant:
    return Grant(
        role=row.role,
        unit=row.path.rpartition("/")[2],
        path=row.path,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _homeroom(row: Row[Any]) -> Grant:
    """The directory's day is the first one that is no longer held; a grant's is the last one."""
    return Grant(
        role="homeroom_teacher",
        unit=row.path.rpartition("/")[2],
        path=row.path,
        valid_from=row.valid_from,
        valid_to=row.valid_to - timedelta(days=1) if row.valid_to else None,
    )


def _once(grants: Iterable[Grant]) -> Iterable[Grant]:
    """A class may be held by a role and as homeroom: once is enough for the cookie."""
    return {(one.role, one.path, one.valid_from): one for one in grants}.values()
