"""Sessions: begun by a sign-in, obtained for somebody, renewed while the account holds."""

from datetime import date
from time import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.sessions.grants import NoSuchAccount, viewer_of
from shared import clock
from shared.edge import Edge
from shared.event import business_day
from shared.rights import Viewer
from shared.session import NotSignedIn, read_renewable, sign_session
from shared.signing import PublicKeys

SEEN = text(
    "insert into sign_in_seen (account, last_at) values (:account, clock())"
    " on conflict (account) do update set last_at = excluded.last_at"
)


async def today_of(conn: AsyncConnection) -> date:
    return business_day(await clock.now(conn))


async def begun(conn: AsyncConnection, edge: Edge, account: str) -> str:
    """A session after a sign-in. Raises NoSuchAccount."""
    viewer = await viewer_of(conn, account, await today_of(conn))
    await conn.execute(SEEN, {"account": account})
    return signed(edge, viewer)


async def obtained(conn: AsyncConnection, edge: Edge, account: str, by: str) -> str:
    """A session of another account; each of its readings names who obtained it."""
    return signed(edge, await viewer_of(conn, account, await today_of(conn), by))


async def renewed(conn: AsyncConnection, edge: Edge, keys: PublicKeys, token: str) -> str:
    """The same account with its roles of today. Raises NotSignedIn."""
    held = read_renewable(keys, token, time())
    try:
        viewer = await viewer_of(
            conn, held.viewer.account, await today_of(conn), held.viewer.obtained_by
        )
    except NoSuchAccount as error:
        raise NotSignedIn("这个账号已停用。请联系学校的学籍管理员。") from error
    return signed(edge, viewer, held.signed_in_at)


def signed(edge: Edge, viewer: Viewer, since: float | None = None) -> str:
    now = time()
    return sign_session(edge.signer, viewer, now, now if since is None else since)
