"""Candidates of a search: what the doors of the index answer inside a jurisdiction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.queries.entries import Place
from shared.sealed import Sealed

By = Literal["occurred", "recorded"]

WALK_ENTRIES = 4_000
# The second walk is as long as the first one's density asks for; beyond this the index is faster.
WALK_LIMIT_ENTRIES = 80_000
# Of the newest entries, how many must match for another walk to be faster than the index.
DENSE_SHARE = 0.02
MATCH_LIMIT = 1_000
CANDIDATE_LIMIT = MATCH_LIMIT + 1
# Rounds of candidates that turn out not to match; after these a search says it is not complete.
ROUNDS_LIMIT = 20
PEOPLE_LIMIT = 50

ENTRIES = text(
    "select * from search_entries(:county, cast(:sets as text[]), cast(:filters as jsonb),"
    " :by, :walk, :limit, :offset)"
)
PEOPLE = text(
    "select * from search_people(:county, cast(:sets as text[]), :number,"
    " cast(:subjects as uuid[]), :limit)"
)
MENTIONS = text("select * from search_mentions(:child, cast(:books as text[]), :limit)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry whose tokens fit: by its `own` text, by what its subject is called (`about`)."""

    place: Place
    book: str
    type: str
    stream: str
    subject: UUID | None
    path: str
    township: str | None
    school: str | None
    klass: str | None
    actor: str
    actorrole: str
    policyversion: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    own: bool
    about: bool

    def at(self, by: By) -> datetime:
        return self.recorded_at if by == "recorded" else self.occurred_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One thing a person is or was called, still sealed; `whole`: their number is the query."""

    subject: str
    county: str
    field: str
    sealed: Sealed
    path: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One county's part of a search: `sets` are the tokens, one list a class."""

    county: str
    sets: Sequence[Sequence[int]]
    number: bytes
    filters: Mapping[str, Any]
    by: By

    def params(self) -> dict[str, Any]:
        return {"county": self.county, "sets": [_array(one) for one in self.sets]}


async def newest(
    conn: AsyncConnection, query: Query, walk: int, limit: int, offset: int = 0
) -> list[Candidate]:
    """Candidates newest first: of the newest `walk` entries, or by the index where it is 0."""
    params = query.params() | {
        "filters": msgspec.json.encode(query.filters).decode(),
        "by": query.by,
        "walk": walk,
        "limit": limit,
        "offset": offset,
    }
    return [_candidate(row) for row in await conn.execute(ENTRIES, params)]


async def plan(conn: AsyncConnection, query: Query) -> int:
    """How many of the newest entries to walk, or 0 for the index.

    The planner multiplies the rarities of tokens as if they were independent and takes the index
    where a walk is far faster; so the newest few thousand are looked at first, and decide.
    """
    seen = len(await newest(conn, query, WALK_ENTRIES, MATCH_LIMIT + 1))
    if seen > MATCH_LIMIT:
        return WALK_ENTRIES
    if seen < WALK_ENTRIES * DENSE_SHARE:
        return 0
    return min(WALK_LIMIT_ENTRIES, 2 * WALK_ENTRIES * (MATCH_LIMIT + 1) // seen)


async def people(
    conn: AsyncConnection, query: Query, limit: int, subjects: Sequence[UUID] | None = None
) -> list[Called]:
    """What people of the jurisdiction are called that fits the query, whole numbers first."""
    params = query.params() | {
        "number": query.number,
        "subjects": None if subjects is None else list(subjects),
        "limit": limit,
    }
    return [_called(row) for row in await conn.execute(PEOPLE, params)]


async def mentions(
    conn: AsyncConnection, child: UUID, books: Sequence[str], limit: int
) -> list[Place]:
    """Entries of some books that name a child without being of its streams, newest first."""
    rows = await conn.execute(MENTIONS, {"child": child, "books": list(books), "limit": limit})
    return [Place(row.ledger, row.service, row.seq) for row in rows]


def _array(numbers: Sequence[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _candidate(row: Any) -> Candidate:
    named = dict(row._mapping)
    place = Place(named.pop("ledger"), named.pop("service"), named.pop("seq"))
    return Candidate(place=place, **named)


def _called(row: Any) -> Called:
    return Called(
        subject=str(row.subject),
        county=row.county,
        field=row.field,
        sealed=msgspec.json.decode(row.sealed, type=Sealed),
        path=row.path,
        whole=row.whole,
    )
