"""Coverage of a scheme on a day: which village, school, class or child has no holder, or two."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.charges import Charge, in_force
from services.casework.queries.holding import Holding, Place, look
from shared.policy.duty_schema import Holder, Scheme, Tier
from shared.policy.pack import Pack
from shared.rights import covers

CHILDREN = text(
    "select child, klass, school, grade, path from child"
    " where ledger = :ledger and klass is not null order by path, seat, child"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A target under a tier: `holders` are staff uuids or offices; `derived`: not by hand."""

    tier: str
    target_kind: str
    target: str
    path: str
    holders: tuple[str, ...]
    since: date | None
    derived: bool
    exactly_one: bool

    @property
    def hole(self) -> bool:
        return not self.holders

    @property
    def overlap(self) -> bool:
        return self.exactly_one and len(self.holders) > 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every target of a ledger by kind, and who holds what on the day."""

    holding: Holding
    children: Sequence[Any]
    charges: Mapping[tuple[str, str], list[Charge]]
    on: date


async def sheet(conn: AsyncConnection, ledger: str, scheme: str, on: date) -> Sheet:
    """One look at a ledger for a scheme on a day."""
    children = (await conn.execute(CHILDREN, {"ledger": ledger})).all()
    charges = await in_force(conn, ledger, scheme, on)
    return Sheet(await look(conn, ledger), children, charges, on)


def covered(
    found: Sheet, code: str, scheme: Scheme, pack: Pack, paths: Sequence[str]
) -> Iterator[Covered]:
    """Every target of every tier inside the paths, in the order of the tiers."""
    for tier in scheme.tiers:
        for target, place in _targets(found, tier):
            if any(covers(path, place.path) for path in paths):
                yield _one(found, code, tier, target, place, pack)


def _one(found: Sheet, code: str, tier: Tier, target: str, place: Place, pack: Pack) -> Covered:
    given = found.charges.get((tier.code, target), [])
    holders = tuple(charge.holder for charge in given)
    derived = not holders and tier.derive is not None
    if derived:
        holder = Holder(scheme=code, tier=tier.code)
        staff = found.holding.holders(holder, pack, place, target, found.on)
        holders = tuple(str(one) for one in staff)
    return Covered(
        tier=tier.code,
        target_kind=tier.target,
        target=target,
        path=place.path,
        holders=holders,
        since=min((charge.since for charge in given), default=None),
        derived=derived,
        exactly_one=tier.exactly == "one",
    )


def _targets(found: Sheet, tier: Tier) -> Iterator[tuple[str, Place]]:
    holding = found.holding
    match tier.target:
        case "klass":
            yield from holding.classes.items()
        case "child" | "guardian":
            for row in found.children:
                yield str(row.child), _of_child(row)
        case "grade":
            yield from _grades(found)
        case "school" | "township" | "county" | "village":
            for unit in holding.units(tier.target, found.on):
                school = unit if tier.target == "school" else None
                yield unit, Place(path=holding.paths[unit], school=school)
        case _:
            return


def _of_child(row: Any) -> Place:
    child: UUID = row.child
    return Place(path=row.path, klass=str(row.klass), school=row.school, child=child)


def _grades(found: Sheet) -> Iterator[tuple[str, Place]]:
    """A grade has no unit of its own: it is called by its school and number, `2199010001-8`."""
    seen = {(row.school, row.grade) for row in found.children if row.school}
    for school, grade in sorted(seen):
        path = found.holding.paths.get(school)
        if path is not None:
            yield f"{school}-{grade}", Place(path=path, school=school)
