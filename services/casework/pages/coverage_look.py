"""What a page about responsibilities looks at: counties, schemes, targets, names, candidates."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import HTTPException
from sqlalchemy import text

from services.casework.pages.drawing import UNNAMED
from services.casework.pages.known import people_named, places_named
from services.casework.queries.coverage import Covered, Sheet, covered, idle, sheet
from shared.commands import FieldsInvalid
from shared.console import Visit
from shared.edge import Edge, Moment
from shared.policy.duty_schema import Scheme
from shared.policy.pack import Pack
from shared.rights import EVERYWHERE, Viewer, covers, paths_for
from shared.rulebook import RulesMissing

LEDGERS = text("select unit, ledger, path from unit where unit = ledger order by unit")
CANDIDATES = text(
    "select p.staff::text as staff, array_agg(g.role) filter (where g.valid_from <= :on and"
    " (g.valid_to is null or g.valid_to >= :on)) as roles from person p"
    " left join role_grant g using (staff) where (p.unit = any(:units) or g.unit = any(:units))"
    " and not exists (select 1 from account a where a.staff = p.staff having bool_and(a.closed))"
    " group by p.staff order by p.staff limit 120"
)
COUNTY_SEGMENTS = 3
NUMERALS = "一二三四五六七八九"
GRADES = frozenset(map(str, range(1, len(NUMERALS) + 1)))
# The same codes mean other things elsewhere: a notice is served 直接, an office is 教育体育局.
LINES = {"government": "政府线", "education": "教育线"}
SHARES = {"main": "主体责任", "direct": "直接责任", "supporting": "协同责任"}
# Who may hold what is looked for at the school or township first; the county is everybody's.
NOT_HERE = frozenset(("inspector", "operator", "policy_officer"))


@dataclass(slots=True)
class Looked:
    """Every target of a scheme in a jurisdiction on a day."""

    paths: list[str]
    on: date
    pack: Pack | None = None
    scheme: Scheme | None = None
    all: list[Covered] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    root: str = ""

    def children_of(self, gaps: Iterable[Covered]) -> set[str]:
        """Children that the holes touch: of the class, grade, school or county of each."""
        found = {one.target for one in gaps if one.target_kind in {"child", "guardian"}}
        wide = [one for one in gaps if one.target_kind not in {"child", "guardian", "staff"}]
        paths = [one.path for one in wide if one.target_kind not in {"klass", "grade"}]
        classes = {one.target for one in wide if one.target_kind == "klass"}
        grades = {one.target for one in wide if one.target_kind == "grade"}
        for one in self.sheets:
            for row in one.children:
                if (
                    str(row.klass) in classes
                    or f"{row.school}-{row.grade}" in grades
                    or any(covers(path, row.path) for path in paths)
                ):
                    found.add(str(row.child))
        return found


async def look_at(edge: Edge, viewer: Viewer, moment: Moment, scheme: str, on: date) -> Looked:
    """Ledger after ledger; 404 where no county in reach knows the scheme."""
    paths = paths_for(viewer, "responsibility.view", moment.today)
    found = Looked(paths, on)
    async with edge.service.engine.connect() as conn:
        for ledger, root in await ledgers(conn, paths):
            pack = _pack_on(moment, root, on)
            known = pack.file.schemes.get(scheme)
            if known is None:
                continue
            looked = await sheet(conn, ledger, scheme, on)
            mine = list(covered(looked, known, paths))
            found.all += mine
            found.idle += idle(looked, known, mine, paths)
            found.sheets.append(looked)
            found.pack, found.scheme = found.pack or pack, found.scheme or known
            found.root = found.root or _root(paths, root)
    return found


def _pack_on(moment: Moment, root: str, on: date) -> Pack:
    """The rules of the day. Before a county had any, none will come by waiting for them."""
    try:
        return moment.rules.pack(root, on)
    except RulesMissing as error:
        if on >= moment.today:
            raise
        say = f"{on} 这里还没有规则，看不到谁负责。换一个晚一些的日子。"
        raise FieldsInvalid(say, field="on") from error


def _root(paths: Sequence[str], county: str) -> str:
    """The highest unit of a jurisdiction that a page begins with."""
    if any(path == EVERYWHERE or covers(path, county) for path in paths):
        return county
    return next(path for path in paths if covers(county, path))


async def ledgers(conn: Any, paths: Sequence[str]) -> list[tuple[str, str]]:
    """(ledger, path) of the counties that a jurisdiction reaches into."""
    rows = (await conn.execute(LEDGERS)).all()
    return [
        (row.ledger, row.path)
        for row in rows
        if any(p == EVERYWHERE or covers(p, row.path) or covers(row.path, p) for p in paths)
    ]


async def schemes_of(found: Visit) -> dict[str, Scheme]:
    """The schemes of the first county that the viewer reaches; 404 where there is none yet."""
    paths = paths_for(found.viewer, "responsibility.view", found.today)
    async with found.edge.service.engine.connect() as conn:
        counties = await ledgers(conn, paths)
    if not counties:
        raise HTTPException(404)
    schemes = found.moment.rules.pack(counties[0][1], found.today).file.schemes
    if not schemes:
        raise HTTPException(404)
    return schemes


@dataclass(frozen=True, slots=True)
class Named:
    """Names of places, and of the people that were asked for."""

    places: dict[str, str]
    people: dict[str, str]

    def order(self) -> dict[str, int]:
        """A place's rank by its id, as people list them."""
        return {key: rank for rank, key in enumerate(self.places)}

    def target(self, one: Covered) -> str:
        return self.of(one.target_kind, one.target)

    def of(self, kind: str, target: str) -> str:
        if kind == "grade":
            school, _, grade = target.partition("-")
            said = NUMERALS[int(grade) - 1] if grade in GRADES else grade
            return f"{self.places.get(school, '')}{said}年级"
        return self.places.get(target) or self.people.get(target, UNNAMED)

    def holder(self, holder: str) -> str:
        """A person by name; an office is its own name."""
        return self.people.get(holder) or self.places.get(holder, holder)

    def where(self, path: str) -> str:
        """Township, school, class: the path below the county in words."""
        parts = (self.places.get(part, "") for part in path.split("/")[COUNTY_SEGMENTS:])
        return " ".join(part for part in parts if part)


async def named(found: Visit, people: Iterable[str]) -> Named:
    return Named(await places_named(found), await people_named(found, set(people)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could hold it, with what they hold under the tier already."""

    staff: str
    roles: frozenset[str]
    holds: int


async def candidates(found: Visit, path: str, looked: Looked, tier: str) -> list[Candidate]:
    """Staff of the place and of what is above it up to the township, the least burdened first."""
    segments = path.split("/")
    units = segments[COUNTY_SEGMENTS:] or segments[-1:]
    params = {"units": units, "on": looked.on}
    held = Counter(h for one in looked.all if one.tier == tier for h in one.holders)
    async with found.edge.service.engine.connect() as conn:
        rows = (await conn.execute(CANDIDATES, params)).all()
    everybody = [Candidate(r.staff, frozenset(r.roles or ()), held[r.staff]) for r in rows]
    fitting = [one for one in everybody if not one.roles & NOT_HERE]
    return sorted(fitting, key=lambda one: (one.holds, one.staff))
