"""Who answers for single children by hand, as casework told: what that lends the viewer."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.edge import Edge
from shared.pool import reading
from shared.rights import Viewer, charge, lent

HELD = text(
    "select c.child, c.since, c.until, k.path from charge c join child k on k.child = c.child"
    " and k.ledger = c.ledger where c.staff = :staff and c.since <= :on"
    " and (c.until is null or c.until >= :on)"
)


async def with_charges(conn: AsyncConnection, viewer: Viewer, on: date) -> Viewer:
    """The viewer with what their responsibilities for single children lend on the day.

    A child that has gone to another county is that county's to answer for.
    """
    if viewer.staff is None:
        return viewer
    rows = await conn.execute(HELD, {"staff": UUID(viewer.staff), "on": on})
    return lent(viewer, [charge(r.child, r.path, r.since, r.until) for r in rows], on)


async def charged(edge: Edge, viewer: Viewer) -> Viewer:
    """As `with_charges`, of today: for a page."""
    async with reading(edge.service.engine) as conn:
        return await with_charges(conn, viewer, (await edge.moment(conn)).today)
