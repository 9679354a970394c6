"""Who answers for single children by hand: what that lends, and the duties that it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.casework.queries import duty_list
from services.casework.queries.duty_list import Wanted
from services.casework.queries.people import COUNTY
from shared.access_words import Right
from shared.edge import Edge, Moment, allowed
from shared.pool import reading
from shared.rights import (
    Grant,
    Viewer,
    acting_grant,
    charge,
    charge_of,
    lent,
    may,
    require,
)
from shared.viewing import viewing, within

# A child that has gone to another county is that county's to answer for.
CHARGES = text(
    "with held as materialized (select ledger, target::uuid as child, since, until"
    " from responsibility where holder_kind = 'staff' and holder = :staff"
    " and target_kind in ('child', 'guardian') and since <= :on"
    " and (until is null or until >= :on))"
    " select h.since, h.until, c.child, c.path from held h"
    " join child c on c.child = h.child and c.ledger = h.ledger"
)

# What somebody owes about a child, whoever else owes it.
OWED = text(
    "select kind, path from duty where child = :child and state in ('armed', 'breached')"
    " and cast(:staff as uuid) = any(holders)"
)


class Place(Protocol):
    """A child, and the path where it sits today."""

    @property
    def child(self) -> UUID: ...
    @property
    def path(self) -> str: ...


async def with_charges(conn: AsyncConnection, viewer: Viewer, on: date) -> Viewer:
    """The viewer with what their responsibilities for single children lend on the day."""
    if viewer.staff is None:
        return viewer
    rows = await conn.execute(CHARGES, {"staff": viewer.staff, "on": on})
    return lent(viewer, [charge(r.child, r.path, r.since, r.until) for r in rows], on)


async def charged(edge: Edge, viewer: Viewer) -> Viewer:
    """As `with_charges`, of today: for a page."""
    async with reading(edge.service.engine) as conn:
        return await with_charges(conn, viewer, (await edge.moment(conn)).today)


async def allowed_about(
    conn: AsyncConnection, viewer: Viewer, right: Right, path: str, child: UUID, moment: Moment
) -> Grant:
    """The grant of an office here, else of a responsibility for this child. Raises NotAllowed."""
    own = acting_grant(viewer, right, path, moment.today)
    if own is not None:
        return own
    helped = await with_charges(conn, viewer, moment.today)
    held = charge_of(helped, child, moment.today)
    return require(helped, right, held.path if held else path, moment.today)


async def allowed_on(
    conn: AsyncConnection, viewer: Viewer, right: Right, duty: Any, moment: Moment
) -> Grant:
    """As `allowed_about`; what is lent reaches the duties that the viewer holds, and no others."""
    if duty.child is None or viewer.staff not in {str(holder) for holder in duty.holders}:
        return allowed(viewer, right, duty.path, moment)
    return await allowed_about(conn, viewer, right, duty.path, duty.child, moment)


async def allowed_in_duty(
    conn: AsyncConnection,
    viewer: Viewer,
    right: Right,
    record: Place,
    moment: Moment,
    records: str,
) -> Grant:
    """The grant of an office, else of a responsibility: for what an own open duty asks, no more.

    `records` is the type of the event that the form records. Raises NotAllowed.
    """
    own = acting_grant(viewer, right, record.path, moment.today)
    if own is not None or viewer.staff is None:
        return own or require(viewer, right, record.path, moment.today)
    helped = await with_charges(conn, viewer, moment.today)
    held = charge_of(helped, record.child, moment.today)
    asked = {"child": record.child, "staff": viewer.staff}
    owed = (await conn.execute(OWED, asked)).all() if held else ()
    if held and any(records in asked_by(moment, row.kind, row.path) for row in owed):
        return held
    return require(viewer, right, record.path, moment.today)


def asked_by(moment: Moment, kind: str, path: str) -> frozenset[str]:
    """The types of event that a duty of the kind ends by, of those that people do."""
    known = moment.rules.pack(path, moment.today).file.duties.get(kind)
    return frozenset(one.event for one in known.evidence) if known else frozenset()


async def listed_of_charges(
    engine: AsyncEngine, viewer: Viewer, wanted: Wanted, on: date
) -> Sequence[Any]:
    """The viewer's own duties about children whom no office of theirs shows; none of others'.

    A duty keeps the class in which it was armed, so the county bounds what is read.
    """
    charges = [grant for grant, role in viewer.roles(on) if role.scope == "child"]
    if not (charges and viewer.staff):
        return []
    children = [UUID(charge.unit) for charge in charges]
    own = replace(wanted, children=children, holder=UUID(viewer.staff))
    counties = {"/".join(charge.path.split("/")[: COUNTY + 1]) for charge in charges}
    async with within(engine, sorted(counties)) as conn:
        rows = await duty_list.listed(conn, own)
    return [row for row in rows if not may(viewer, "duty.view", row.path, on)]


async def one_duty(engine: AsyncEngine, viewer: Viewer, duty: UUID, on: date) -> Any | None:
    """A duty as the viewer, with what is lent, may see it; None beyond their reach."""
    async with viewing(engine, viewer, "duty.view", on) as conn:
        row = await duty_list.one(conn, duty)
    if row is not None:
        return row
    wanted = Wanted(among=(duty,), states=duty_list.STATES)
    return next(iter(await listed_of_charges(engine, viewer, wanted, on)), None)
