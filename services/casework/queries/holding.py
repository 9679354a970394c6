"""Who answers for what on a day: homerooms, roles and responsibilities of a ledger, at one look."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.policy.calendar import UnitTerm
from shared.policy.duty_schema import Holder, Scheme
from shared.policy.pack import Pack

TERMS = text("select unit, term, opens_on, ends_on from term order by unit, term")
UNITS = text("select unit, kind, path, valid_from, closed_on from unit where ledger = :ledger")
CLASSES = text(
    "select klass, school, path, valid_from, closed_on from klass where ledger = :ledger"
)
HOMEROOMS = text(
    "select h.klass, h.staff, h.valid_from, h.valid_to from homeroom h"
    " join klass k using (klass) where k.ledger = :ledger order by h.valid_from desc, h.staff"
)
GRANTS = text(
    "select g.role, g.unit, g.staff, g.valid_from, g.valid_to from role_grant g"
    " join person p using (staff) where p.ledger = :ledger order by g.valid_from desc, g.staff"
)
CHARGES = text(
    "select scheme, tier, target, holder, since as valid_from, until as valid_to"
    " from responsibility where ledger = :ledger and holder_kind = 'staff'"
    " order by since desc, holder"
)
# What the ledger's directory is, as a number: each row's last writer, so any change shows.
WRITERS = "coalesce(sum(xmin::text::bigint), 0), count(*)"
MARK = text(
    "select concat_ws(' ',"
    f" (select row({WRITERS}) from term),"
    f" (select row({WRITERS}) from unit where ledger = :ledger),"
    f" (select row({WRITERS}) from klass where ledger = :ledger),"
    f" (select row({WRITERS}) from homeroom where klass in"
    " (select klass from klass where ledger = :ledger)),"
    f" (select row({WRITERS}) from role_grant where staff in"
    " (select staff from person where ledger = :ledger)),"
    f" (select row({WRITERS}) from responsibility where ledger = :ledger)) as mark"
)
# 990000/990100/990101/990101001/…: a county is the third segment, its townships the fourth,
# their villages the fifth, and the groups of a village (村组) the sixth.
COUNTY, TOWNSHIP, VILLAGE, GROUP = 2, 3, 4, 5
DEPTHS = {"county": COUNTY, "township": TOWNSHIP, "village": VILLAGE, "group": GROUP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a target is: its path, and the class and school of a child or a class."""

    path: str
    klass: str | None = None
    school: str | None = None
    child: UUID | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Somebody who holds something from a day to a day, both included."""

    staff: UUID
    valid_from: date
    valid_to: date | None

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Post:
    """A role on a unit or class as somebody holds it: what a derived responsibility rests on."""

    role: str
    unit: str
    span: Span


@dataclass(slots=True)
class Holding:
    """One look at a ledger's directory; ask for it in every transaction."""

    kinds: dict[str, str]
    paths: dict[str, str]
    classes: dict[str, Place]
    homerooms: dict[str, list[Span]]
    grants: dict[tuple[str, str], list[Span]]
    charges: dict[tuple[str, str, str], list[Span]]
    terms: Sequence[UnitTerm] = ()

    def holders(
        self, holder: Holder, pack: Pack, place: Place, target: str, on: date
    ) -> tuple[UUID, ...]:
        """The staff who answer on the day; empty is a hole."""
        if holder.role is not None:
            return self.of_role(holder.role, place, on)
        scheme: Scheme | None = pack.file.schemes.get(holder.scheme or "")
        tier = scheme.tier(holder.tier or "") if scheme else None
        if tier is None:
            return ()
        given = _on(self.charges.get((holder.scheme or "", tier.code, target), ()), on)
        return given or _staff(self.derived(tier.derive, place, on))

    def of_role(self, role: str, place: Place, on: date) -> tuple[UUID, ...]:
        """Those who hold a role at the place, or at the nearest unit above it."""
        return _staff(self.posts(role, place, on))

    def posts(self, role: str, place: Place, on: date) -> tuple[Post, ...]:
        """As `of_role`, with unit and days."""
        if role == "homeroom_teacher" and place.klass is not None:
            # A handover day belongs to the newcomer, and there is one homeroom teacher.
            spans = self.homerooms.get(place.klass, ())
            return _posts(role, place.klass, spans, on)[:1]
        units = [*reversed(place.path.split("/"))]
        if place.klass is not None and place.klass not in units:
            units.insert(0, place.klass)
        for unit in units:
            if found := _posts(role, unit, self.grants.get((role, unit), ()), on):
                return found
        return ()

    def derived(self, derive: str | None, place: Place, on: date) -> tuple[Post, ...]:
        """The posts from which a tier's holders follow."""
        if derive is None:
            return ()
        if derive == "homeroom":
            return self.posts("homeroom_teacher", place, on)
        if derive == "teachers":
            klass = place.klass or ""
            others = self.grants.get(("subject_teacher", klass), ())
            of_class = _posts("subject_teacher", klass, others, on)
            return (*self.posts("homeroom_teacher", place, on), *of_class)
        return self.posts(derive.removeprefix("role:"), place, on)

    def school_in(self, path: str) -> str | None:
        """The school in a path, if it reaches that far."""
        return next((u for u in path.split("/") if self.kinds.get(u) == "school"), None)

    def township_in(self, path: str) -> str | None:
        segments = path.split("/")
        unit = segments[TOWNSHIP] if len(segments) > TOWNSHIP else ""
        return unit if self.kinds.get(unit) == "division" else None

    def units(self, kind: str, on: date) -> list[str]:
        """Units that a target of this kind means: school, group, village, township, county."""
        return [unit for unit in self.paths if self._is(unit, kind)]

    def _is(self, unit: str, kind: str) -> bool:
        depth = self.paths[unit].count("/")
        if kind == "school":
            return self.kinds[unit] == "school"
        if self.kinds[unit] != "division":
            return False
        return depth == DEPTHS.get(kind)


@dataclass(slots=True)
class Holdings:
    """The last look at each ledger; a new one is taken when anything has changed since."""

    _known: dict[str, tuple[str, Holding]] = field(default_factory=dict[str, tuple[str, Holding]])

    async def of(self, conn: AsyncConnection, ledger: str) -> Holding:
        mark = (await conn.execute(MARK, {"ledger": ledger})).scalar_one()
        known = self._known.get(ledger)
        if known is None or known[0] != mark:
            known = self._known[ledger] = mark, await look(conn, ledger)
        return known[1]


async def look(conn: AsyncConnection, ledger: str, on: date | None = None) -> Holding:
    """Read the directory of a ledger: what stood on the day, or what is not closed."""
    params = {"ledger": ledger}
    units = [row for row in await conn.execute(UNITS, params) if _stood(row, on)]
    classes = [row for row in await conn.execute(CLASSES, params) if _stood(row, on)]
    return Holding(
        {row.unit: row.kind for row in units},
        {row.unit: row.path for row in units},
        {str(r.klass): Place(path=r.path, klass=str(r.klass), school=r.school) for r in classes},
        _spans(await conn.execute(HOMEROOMS, params), lambda row: str(row.klass)),
        _spans(await conn.execute(GRANTS, params), lambda row: (row.role, row.unit)),
        _spans(
            await conn.execute(CHARGES, params),
            lambda row: (row.scheme, row.tier, row.target),
            lambda row: UUID(row.holder),
        ),
        await terms_of(conn),
    )


async def terms_of(conn: AsyncConnection) -> list[UnitTerm]:
    """Every term of every unit."""
    return [
        UnitTerm(row.unit, row.term, row.opens_on, row.ends_on) for row in await conn.execute(TERMS)
    ]


def _spans(
    rows: Iterable[Any], key: Any, staff: Any = lambda row: row.staff
) -> dict[Any, list[Span]]:
    found: dict[Any, list[Span]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(Span(staff(row), row.valid_from, row.valid_to))
    return found


def _stood(row: Any, on: date | None) -> bool:
    if on is None:
        return row.closed_on is None
    return row.valid_from <= on and (row.closed_on is None or on < row.closed_on)


def _posts(role: str, unit: str, spans: Sequence[Span], on: date) -> tuple[Post, ...]:
    return tuple(Post(role, unit, span) for span in spans if span.holds(on))


def _staff(posts: Sequence[Post]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(post.span.staff for post in posts))


def _on(spans: Sequence[Span], on: date) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(span.staff for span in spans if span.holds(on)))
