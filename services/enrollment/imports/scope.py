"""Whose import it is: the county it writes to, the school it is bound to, what it may found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.access_words import Right
from shared.rights import EVERYWHERE, NotAllowed, Viewer, covers, paths_for, require

RIGHTS: Mapping[str, Right] = {
    "roster": "import.run",
    "roll": "import.run",
    "staff": "import.staff",
    "calendar": "calendar.publish",
    "assignments": "responsibility.assign",
}
COUNTIES = text(
    "select u.unit, u.path, u.name from unit u join ledger l on l.ledger = u.unit order by u.unit"
)
SCHOOL = text("select unit, ledger, path from unit where unit = :unit and kind = 'school'")


@dataclass(frozen=True, slots=True)
class County:
    code: str
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """`path`: the jurisdiction. `school`: the only school that the file may speak of, else None."""

    county: County
    path: str
    school: str | None
    founds: bool
    national: bool

    @property
    def ledger(self) -> str:
        return self.county.code


class CountyUnclear(Exception):
    """Somebody of the whole deployment imports, and there are several counties: to be asked."""

    def __init__(self, counties: list[County]) -> None:
        super().__init__(f"one of {len(counties)}")
        self.counties = counties


def jurisdiction(viewer: Viewer, kind: str, today: date) -> str:
    """The widest path on which the viewer may import this kind. Raises NotAllowed."""
    right = RIGHTS[kind]
    paths = paths_for(viewer, right, today)
    if not paths:
        require(viewer, right, "-", today)
        raise NotAllowed("你的职务没有这项权限。请联系学校的学籍管理员。", right, "-")
    return min(paths, key=len)


async def scope_of(
    conn: AsyncConnection,
    viewer: Viewer,
    kind: str,
    today: date,
    school: str | None,
    county: str | None,
) -> Scope:
    """Where the file belongs. Raises NotAllowed, CountyUnclear.

    `school`: a code that the uploader named; `county`: the answer to which county.
    """
    path = jurisdiction(viewer, kind, today)
    counties = [County(*row) for row in await conn.execute(COUNTIES)]
    named = await _school(conn, school) if school else None
    if named and not covers(path, named[1]):
        raise NotAllowed("这所学校不在你的管辖范围内。", RIGHTS[kind], named[1])
    chosen = _county(counties, path, named[0] if named else county)
    bound = named or await _own_school(conn, path)
    founds = bool(paths_for(viewer, "unit.manage", today)) and bound is None
    where = bound[1] if bound else (chosen.path if path == EVERYWHERE else path)
    unit = where.rpartition("/")[2] if bound else None
    return Scope(chosen, where, unit, founds, path == EVERYWHERE)


def _county(counties: list[County], path: str, wanted: str | None) -> County:
    segments = path.split("/")
    near = [c for c in counties if c.code in segments] or counties
    fitting = [c for c in near if c.code == wanted] or near
    if len(fitting) == 1:
        return fitting[0]
    raise CountyUnclear(counties)


async def _school(conn: AsyncConnection, code: str) -> tuple[str, str] | None:
    row = (await conn.execute(SCHOOL, {"unit": code})).first()
    return (row.ledger, row.path) if row else None


async def _own_school(conn: AsyncConnection, path: str) -> tuple[str, str] | None:
    """A school's account is bound to its school."""
    return None if path == EVERYWHERE else await _school(conn, path.rpartition("/")[2])
