"""What a member of staff still answers for: by hand, and through posts that nobody else holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.charges import OF_CLASS, OF_HOLDER
from shared.policy.pack import Pack
from shared.rights import covers

PLACE = text(
    "select p.ledger, coalesce(u.path, k.path) as path from person p"
    " left join unit u on u.unit = p.unit left join klass k on k.klass::text = p.unit"
    " where p.staff = :staff"
)
HOMEROOMS = text(
    "select h.klass::text as unit, k.path from homeroom h join klass k using (klass)"
    " where h.staff = :staff and h.valid_from <= :on and h.valid_to is null"
    " and k.closed_on is null and not exists (select 1 from homeroom o where o.klass = h.klass"
    " and o.staff <> h.staff and o.valid_from >= h.valid_from)"
)
# Somebody else in the same post who has not left keeps what follows from it held.
POSTS = text(
    "select g.role, g.unit, g.path from role_grant g where g.staff = :staff"
    " and g.role = any(:roles) and g.valid_from <= :on"
    " and (g.valid_to is null or g.valid_to >= :on) and not exists (select 1 from role_grant o"
    " where o.role = g.role and o.unit = g.unit and o.staff <> g.staff and o.valid_from <= :on"
    " and (o.valid_to is null or o.valid_to > :on) and not exists (select 1 from account a"
    " where a.staff = o.staff having bool_and(a.closed)))"
)
HOMEROOM = "homeroom_teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One responsibility; `by` assigned: a target of a tier; post: a role on a unit or class."""

    by: str
    path: str
    scheme: str = ""
    tier: str = ""
    target_kind: str = ""
    target: str = ""
    since: date | None = None
    role: str = ""
    unit: str = ""


async def place_of_staff(conn: AsyncConnection, staff: UUID) -> Any:
    """Ledger and path of where somebody works; None for a stranger."""
    return (await conn.execute(PLACE, {"staff": staff})).first()


async def held_by(
    conn: AsyncConnection, staff: UUID, pack: Pack, on: date, within: str | None = None
) -> list[Held]:
    """Everything from the day on; `within`: only what lies at or below that path."""
    found = _assigned(await conn.execute(OF_HOLDER, {"holder": str(staff), "on": on}))
    found += await _posts(conn, staff, pack, on)
    return [one for one in found if within is None or covers(within, one.path)]


async def held_in(conn: AsyncConnection, klass: UUID, on: date) -> list[Held]:
    """What is held by hand, from the day on, of a class and of the children who sit in it."""
    return _assigned(await conn.execute(OF_CLASS, {"klass": str(klass), "on": on}))


def _assigned(rows: Iterable[Any]) -> list[Held]:
    return [
        Held(
            by="assigned",
            path=row.path,
            scheme=row.scheme,
            tier=row.tier,
            target_kind=row.target_kind,
            target=row.target,
            since=row.since,
        )
        for row in rows
    ]


async def _posts(conn: AsyncConnection, staff: UUID, pack: Pack, on: date) -> list[Held]:
    """Posts from which some tier of the rules derives its holders."""
    derives = {t.derive for s in pack.file.schemes.values() for t in s.tiers if t.derive}
    roles = [one.removeprefix("role:") for one in derives if one.startswith("role:")]
    rows = list(await conn.execute(POSTS, {"staff": staff, "on": on, "roles": roles}))
    found = [Held(by="post", path=row.path, role=row.role, unit=row.unit) for row in rows]
    if not derives & {"homeroom", "teachers"}:
        return found
    classes = await conn.execute(HOMEROOMS, {"staff": staff, "on": on})
    return found + [Held(by="post", path=row.path, role=HOMEROOM, unit=row.unit) for row in classes]
