"""Replay: what happened by one time, as it was known at another, folded from the stored bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.projections.entries import uuid_of
from services.audit.projections.rows import county_of, is_late, path_of
from services.audit.queries.candidates import Query, mentions, people
from services.audit.queries.entries import Place, bodies_at
from shared.contracts.difference import Difference, difference
from shared.contracts.entry import Entry, entry_of, recorded_order
from shared.contracts.views import StoryView, story
from shared.event import Envelope, read
from shared.keyring import Keyring
from shared.rulebook import Rules
from shared.tokens import number_token

# A case of a thousand events is a long one; ten times that is nobody's story.
ENTRIES_LIMIT = 10_000
MENTIONS_LIMIT = 500
ROLLS = ("enrollment.DailyRollSubmitted", "enrollment.DailyRollRecalled")

OF_CHILD = text(
    "select body from entry where subject = :child and not ledger like '%-access'"
    " order by recorded_at limit :limit"
)
OF_STREAM = text("select body from entry where stream = :stream order by recorded_at limit :limit")
# A roll names every child of the class; it is about the class, so the child is only mentioned.
NAMED_IN_ROLLS = text(
    "select body from entry where subject = any(:classes) and type = any(:types)"
    " and position(convert_to(:child, 'UTF8') in body) > 0 order by recorded_at limit :limit"
)
PATH = text("select path from child where child = :child")


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a story: as stored, as views read it, and whether it is late."""

    envelope: Envelope
    entry: Entry
    late: bool
    mentioned: bool = False

    @property
    def place(self) -> Place:
        return Place(self.entry.ledger, self.entry.service, self.entry.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Everything that is stored of a child, in recorded order; `path`: where it belongs today."""

    subject: str
    county: str
    path: str
    told: Sequence[Told]
    mentioned: Sequence[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The story of a child in two times.

    `known` are the entries of the state; `unknown` had happened by then and were recorded later.
    """

    whole: Whole
    at: datetime | None
    known_at: datetime
    known: Sequence[Told]
    unknown: Sequence[Told]
    mentioned: Sequence[Told]
    state: StoryView
    differences: Sequence[Difference]


async def subject_of(
    conn: AsyncConnection, keyring: Keyring, county_codes: Sequence[str], asked: str
) -> str | None:
    """The child that a uuid, a whole student (or id) number or a stream names.

    A number is looked up in the transaction's jurisdiction alone. Raises KeyringAway.
    """
    asked = asked.strip()
    if uuid_of(asked):
        return str(UUID(asked))
    if "-" in asked:
        found = (await conn.execute(OF_STREAM, {"stream": asked, "limit": 1})).scalar()
        return read(bytes(found)).subject if found else None
    number = number_token(asked, await keyring.number_key())
    query = Query(county="", sets=[], number=number, filters={}, by="recorded")
    named = await people(conn, query, 2)
    subjects = {one.subject for one in named if not county_codes or one.county in county_codes}
    return subjects.pop() if len(subjects) == 1 else None


async def whole_story(conn: AsyncConnection, subject: str, rules: Rules) -> Whole | None:
    """Everything stored of a child, or None where nothing is. Raises NewerVersion."""
    child = UUID(subject)
    rows = await conn.execute(OF_CHILD, {"child": child, "limit": ENTRIES_LIMIT})
    told = [_told(bytes(row.body), rules) for row in rows]
    if not told:
        return None
    notices = await mentions(conn, child, ["notify"], MENTIONS_LIMIT)
    known = {one.place for one in told}
    bodies = await bodies_at(conn, [place for place in notices if place not in known])
    told += [_told(body, rules) for body in bodies.values()]
    told.sort(key=lambda one: recorded_order(one.entry))
    path = (await conn.execute(PATH, {"child": child})).scalar()
    return Whole(
        subject=subject,
        county=county_of(told[0].entry.ledger),
        path=path or path_of(told[-1].envelope),
        told=told,
        mentioned=await _rolls(conn, subject, told, rules),
    )


async def _rolls(
    conn: AsyncConnection, subject: str, told: Sequence[Told], rules: Rules
) -> list[Told]:
    classes = {getattr(one.entry.data, "klass", None) for one in told} - {None}
    params: dict[str, Any] = {"classes": sorted(classes, key=str), "types": list(ROLLS)}
    params |= {"child": subject, "limit": ENTRIES_LIMIT}
    rows = await conn.execute(NAMED_IN_ROLLS, params)
    return [_told(bytes(row.body), rules, mentioned=True) for row in rows]


def _told(body: bytes, rules: Rules, *, mentioned: bool = False) -> Told:
    envelope = read(body)
    return Told(envelope, entry_of(body), is_late(envelope, rules), mentioned)


def replay(
    whole: Whole, at: datetime | None, known_at: datetime, now: datetime, lang: str = "zh"
) -> Replayed:
    """Fold what had happened by `at` (None: all) and was recorded by `known_at`.

    `lang` is that of the words of the differences.
    """
    happened = [one for one in whole.told if at is None or one.entry.occurred_at <= at]
    known = [one for one in happened if one.entry.recorded_at <= known_at]
    unknown = [one for one in happened if known_at < one.entry.recorded_at <= now]
    state = story(one.entry for one in known)
    later = state if not unknown else story(one.entry for one in [*known, *unknown])
    rolls = [one for one in whole.mentioned if at is None or one.entry.occurred_at <= at]
    return Replayed(
        whole=whole,
        at=at,
        known_at=known_at,
        known=known,
        unknown=unknown,
        mentioned=[one for one in rolls if one.entry.recorded_at <= known_at],
        state=state,
        differences=difference(state, later, lang),
    )
