"""Search over all ledgers of a jurisdiction: exactly what stands there and one may read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.projections.rows import county_of, county_path
from services.audit.projections.texts import PLAIN, token_keys
from services.audit.queries import facets
from services.audit.queries.candidates import (
    CANDIDATE_LIMIT,
    MATCH_LIMIT,
    PEOPLE_LIMIT,
    ROUNDS_LIMIT,
    By,
    Called,
    Query,
    newest,
    people,
    plan,
)
from services.audit.queries.entries import held_ledgers
from services.audit.queries.matching import Match, Reader, called, matched
from shared.contracts.topics import SERVICES
from shared.event import SHANGHAI, utc_text
from shared.rights import covers, paths_for, require
from shared.row_security import enter
from shared.tokens import fold, number_token, query_tokens

ONE_DAY = timedelta(days=1)
# The book of who searched and who looked.
ACCESS = "access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is searched: `text`, chosen facets, days (both included) of the time `by`."""

    text: str
    by: By = "occurred"
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    from_on: date | None = None
    to_on: date | None = None
    first: int = 0
    limit: int = 50

    def times(self) -> dict[str, Any]:
        """The days as bounds of a time, in Asia/Shanghai."""
        bounds: dict[str, Any] = {}
        if self.from_on:
            bounds["from"] = utc_text(_midnight(self.from_on))
        if self.to_on:
            bounds["below"] = utc_text(_midnight(self.to_on) + ONE_DAY)
        return bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to. `total` counts up to the limit, `more` says that there are others."""

    counties: Sequence[str]
    people: Sequence[Called]
    matches: Sequence[Match]
    total: int
    more: bool
    counts: Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class _Part:
    matches: list[Match]
    people: list[Called]
    more: bool


async def search(engine: AsyncEngine, reader: Reader, asked: Asked) -> Found:
    """Search as a viewer. Raises NotAllowed, KeyringAway."""
    viewer, today = reader.viewer, reader.today
    paths = paths_for(viewer, "search", today)
    if not paths:
        require(viewer, "search", "", today)
    async with engine.connect() as conn, conn.begin():
        await enter(conn, paths)
        counties = await reached(conn, paths)
        if not fold(asked.text):
            return Found(counties=counties, people=[], matches=[], total=0, more=False, counts={})
        parts = [await _in_county(conn, reader, asked, county) for county in counties]
        if asked.chosen and any(part.more for part in parts):
            # Too many to count all: the facets narrow where the entries are looked up.
            parts = [
                await _in_county(conn, reader, asked, county, narrowed=True) for county in counties
            ]
    return _joined(asked, reader, counties, parts)


async def reached(conn: AsyncConnection, paths: Sequence[str]) -> list[str]:
    """The counties with entries that some path lies in or covers."""
    found = dict.fromkeys(county_of(ledger) for ledger in await held_ledgers(conn))
    return [
        county
        for county in found
        if any(covers(p, county_path(county)) or covers(county_path(county), p) for p in paths)
    ]


async def query_of(reader: Reader, asked: Asked, county: str, filters: Mapping[str, Any]) -> Query:
    """The query under a county's keys, of the classes that the viewer may read anywhere."""
    roles = [role for _, role in reader.viewer.roles(reader.today)]
    classes = frozenset(cls for role in roles for cls in role.classes)
    keys = await token_keys(reader.keyring, county, classes | {PLAIN})
    # Numbers match by their whole only for who may read the class they are sealed in.
    number = (
        number_token(asked.text, await reader.keyring.number_key())
        if "identity" in classes
        else b""
    )
    return Query(
        county=county,
        sets=[query_tokens(asked.text, key) for key in keys.values()],
        number=number,
        filters=filters,
        by=asked.by,
    )


async def _in_county(
    conn: AsyncConnection, reader: Reader, asked: Asked, county: str, *, narrowed: bool = False
) -> _Part:
    filters = asked.times() | _filters(asked, narrowed=narrowed)
    query = await query_of(reader, asked, county, filters)
    persons = await called(reader, await people(conn, query, PEOPLE_LIMIT), asked.text)
    walk = await plan(conn, query)
    if walk:
        part = await _gathered(conn, reader, asked, query, walk)
        if part.more:
            return replace(part, people=persons)
    # A walk ends before the county does, unless it has found enough: the index knows the rest.
    return replace(await _gathered(conn, reader, asked, query, 0), people=persons)


async def _gathered(
    conn: AsyncConnection, reader: Reader, asked: Asked, query: Query, walk: int
) -> _Part:
    matches: list[Match] = []
    for number in range(ROUNDS_LIMIT):
        some = await newest(conn, query, walk, CANDIDATE_LIMIT, number * CANDIDATE_LIMIT)
        matches += await matched(conn, reader, query, asked.text, some)
        if len(matches) > MATCH_LIMIT:
            return _Part(matches[:MATCH_LIMIT], [], True)
        if len(some) < CANDIDATE_LIMIT:
            return _Part(matches, [], False)
    return _Part(matches, [], True)


def _filters(asked: Asked, *, narrowed: bool) -> dict[str, Any]:
    """The chosen facets as the index's function takes them; a child is always looked up there.

    Who searched and looked is found only where it is asked for: each search would find the last.
    """
    found = {
        name: list(values)
        for name, values in asked.chosen.items()
        if values and (narrowed or name == "child")
    }
    if ACCESS not in asked.chosen.get("book", ()):
        found.setdefault("book", list(SERVICES))
    return found


def _joined(asked: Asked, reader: Reader, counties: Sequence[str], parts: Sequence[_Part]) -> Found:
    every = [match for part in parts for match in part.matches]
    every.sort(key=lambda match: match.candidate.at(asked.by), reverse=True)
    # The searcher's own searches for the same words come last, however new they are.
    every.sort(key=lambda match: _own_search(match, reader))
    chosen = {name: values for name, values in asked.chosen.items() if values}
    fitting = [match for match in every if facets.fits(match, chosen)]
    return Found(
        counties=counties,
        people=_one_each([one for part in parts for one in part.people]),
        matches=fitting[asked.first : asked.first + asked.limit],
        total=len(fitting),
        more=any(part.more for part in parts),
        counts=facets.counted(every, chosen),
    )


def _own_search(match: Match, reader: Reader) -> bool:
    who = (reader.viewer.staff, reader.viewer.account)
    return match.candidate.type.endswith(".RecordSearched") and match.candidate.actor in who


def _one_each(found: Sequence[Called]) -> list[Called]:
    return list({one.subject: one for one in reversed(found)}.values())[::-1]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0, 0), SHANGHAI)
