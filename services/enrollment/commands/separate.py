"""Roles that one person must not hold together, over what the person holds from a day on."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import STAFF
from services.enrollment.domain.staff_state import Registered
from services.enrollment.queries.states import state_of
from shared.rights import require_separate
from shared.roles import ROLES

HOMEROOM = text(
    "select exists (select 1 from homeroom where staff = :staff"
    " and (valid_to is null or valid_to > :since))"
)


async def require_separate_roles(
    conn: AsyncConnection, ledger: str, staff: UUID, role: str, since: date
) -> None:
    """Whoever takes `role` on `since` holds none that excludes it. Raises RolesNotTogether."""
    held = {one for one in await _held(conn, ledger, staff, since) if one in ROLES}
    if role in ROLES:
        require_separate(held, role)


async def _held(conn: AsyncConnection, ledger: str, staff: UUID, since: date) -> set[str]:
    state = await state_of(conn, ledger, STAFF, f"{STAFF.prefix}{staff}")
    roles = state.roles if isinstance(state, Registered) else ()
    held = {one.role for one in roles if one.valid_to is None or one.valid_to >= since}
    params = {"staff": staff, "since": since}
    if (await conn.execute(HOMEROOM, params)).scalar_one():
        held.add("homeroom_teacher")
    return held
