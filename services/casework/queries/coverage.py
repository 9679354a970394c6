"""Coverage of a scheme on a day: which village, school, class or child has no holder, or two."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.charges import Charge, in_force
from services.casework.queries.holding import DEPTHS, Holding, Place, look
from shared.policy.duty_schema import Scheme, Tier
from shared.rights import covers

CHILDREN = text(
    "select s.child, s.klass, s.school, s.grade, s.path, u.path as home from stay s"
    " left join child_village v on v.child = s.child and v.since <= :on"
    " and (v.until is null or v.until >= :on) left join unit u on u.unit = v.village"
    " where s.ledger = :ledger and s.since <= :on and (s.until is null or s.until >= :on)"
    " order by s.path, s.child"
)
# Who has left has accounts and all of them are closed; many never had one.
STAFF = text(
    "select p.staff, p.unit from person p where p.ledger = :ledger and not exists"
    " (select 1 from account a where a.staff = p.staff having bool_and(a.closed))"
    " order by p.unit, p.staff"
)
LIVING = frozenset(("child", "guardian"))
SHARED_BY_MANY = LIVING | {"staff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A target under a tier: `holders` are staff uuids or offices; `derived`: not by hand.

    `home`: path of the village of a child's (or guardian's) household, where it is known.
    """

    tier: str
    target_kind: str
    target: str
    path: str
    holders: tuple[str, ...]
    since: date | None
    derived: bool
    exactly_one: bool
    home: str = ""

    @property
    def hole(self) -> bool:
        return not self.holders

    @property
    def overlap(self) -> bool:
        return self.exactly_one and len(self.holders) > 1

    @property
    def at(self) -> str:
        """Where it is looked at together with others: a child's class, a member of staff's unit."""
        return self.path.rpartition("/")[2] if self.target_kind in SHARED_BY_MANY else self.target


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every target of a ledger by kind, and who holds what on the day."""

    holding: Holding
    children: Sequence[Any]
    staff: Sequence[Any]
    charges: Mapping[tuple[str, str], list[Charge]]
    on: date


async def sheet(conn: AsyncConnection, ledger: str, scheme: str, on: date) -> Sheet:
    """One look at a ledger for a scheme on a day."""
    children = (await conn.execute(CHILDREN, {"ledger": ledger, "on": on})).all()
    staff = (await conn.execute(STAFF, {"ledger": ledger})).all()
    charges = await in_force(conn, ledger, scheme, on)
    return Sheet(await look(conn, ledger, on), children, staff, charges, on)


def covered(found: Sheet, scheme: Scheme, paths: Sequence[str]) -> Iterator[Covered]:
    """Every target of every tier inside the paths, in the order of the tiers."""
    inside: dict[str, bool] = {}
    for tier in scheme.tiers:
        homes = _homes(found) if tier.target in LIVING else {}
        for target, place in _targets(found, tier):
            if place.path not in inside:
                inside[place.path] = any(covers(path, place.path) for path in paths)
            if inside[place.path]:
                yield _one(found, tier, target, place, homes.get(target, ""))


def _homes(found: Sheet) -> dict[str, str]:
    return {str(row.child): row.home for row in found.children if row.home}


def idle(found: Sheet, scheme: Scheme, all_: Sequence[Covered], paths: Sequence[str]) -> list[str]:
    """Staff of schools who hold nothing under a tier of which everybody holds something."""
    tiers = {tier.code for tier in scheme.tiers if tier.everyone}
    if not tiers:
        return []
    holding = {holder for one in all_ if one.tier in tiers for holder in one.holders}
    return [
        str(staff)
        for staff, place in _staff(found)
        if str(staff) not in holding and any(covers(path, place.path) for path in paths)
    ]


def _one(found: Sheet, tier: Tier, target: str, place: Place, home: str) -> Covered:
    given = found.charges.get((tier.code, target), [])
    holders = tuple(charge.holder for charge in given)
    since = min((charge.since for charge in given), default=None)
    posts = () if given else found.holding.derived(tier.derive, place, found.on)
    if posts:
        holders = tuple(dict.fromkeys(str(one.span.staff) for one in posts))
        since = min(one.span.valid_from for one in posts)
    return Covered(
        tier=tier.code,
        target_kind=tier.target,
        target=target,
        path=place.path,
        holders=holders,
        since=since,
        derived=bool(posts),
        exactly_one=tier.exactly == "one",
        home=home,
    )


def _targets(found: Sheet, tier: Tier) -> Iterator[tuple[str, Place]]:
    holding = found.holding
    match tier.target:
        case "klass":
            yield from holding.classes.items()
        case "child" | "guardian":
            for row in found.children:
                yield str(row.child), of_child(row)
        case "grade":
            yield from _grades(found)
        case "staff":
            for staff, place in _staff(found):
                yield str(staff), place
        case kind if kind == "school" or kind in DEPTHS:
            for unit in holding.units(kind, found.on):
                school = unit if kind == "school" else None
                yield unit, Place(path=holding.paths[unit], school=school)
        case _:
            return


def _staff(found: Sheet) -> Iterator[tuple[UUID, Place]]:
    """Staff of schools; a school's own people answer for its children."""
    for row in found.staff:
        if found.holding.kinds.get(row.unit) == "school":
            yield row.staff, Place(path=found.holding.paths[row.unit], school=row.unit)


def of_child(row: Any) -> Place:
    """A child's place, out of a stay."""
    child: UUID = row.child
    return Place(path=row.path, klass=str(row.klass), school=row.school, child=child)


def _grades(found: Sheet) -> Iterator[tuple[str, Place]]:
    """A grade has no unit of its own: it is called by its school and number, `2199010001-8`."""
    seen = {(row.school, row.grade) for row in found.children if row.school}
    for school, grade in sorted(seen):
        path = found.holding.paths.get(school)
        if path is not None:
            yield f"{school}-{grade}", Place(path=path, school=school)
