"""Who answered for a child on a day: every tier of every scheme, and every post at its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.charges import stream_of
from services.casework.queries.coverage import of_child
from services.casework.queries.holding import DEPTHS, Holding, Place, Post, look
from services.casework.queries.stays import ON
from services.casework.queries.villages import village_path
from shared.contracts import duties as c
from shared.event import Envelope, read
from shared.policy.duty_schema import Scheme, Tier
from shared.policy.pack import Pack

ASSIGNED, ENDED = "casework.ResponsibilityAssigned", "casework.ResponsibilityEnded"
BODIES = text(
    "select body from events where ledger = :ledger and stream = any(:streams) order by seq"
)
SOURCES = text(
    "select staff, role, unit, since, ledger, seq, type from post_source"
    " where staff = any(cast(:staff as uuid[]))"
)
# Posts by which somebody answers for the children of a place.
POSTS = (
    "homeroom_teacher",
    "subject_teacher",
    "grade_leader",
    "vice_principal",
    "principal",
    "central_school",
    "township_officer",
    "township_leader",
    "first_secretary",
    "county_officer",
    "county_leader",
)
HOMEROOM = "homeroom_teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The event that a holding rests on."""

    service: str
    ledger: str
    seq: int
    type: str

    @property
    def said(self) -> str:
        return f"{self.service} {self.ledger} {self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One holder on the day; `how`: assigned by hand, or derived from a post; hole: nobody."""

    scheme: str
    tier: str
    line: str
    share: str
    target_kind: str
    target: str
    how: str
    holder_kind: str = ""
    holder: str = ""
    role: str = ""
    since: date | None = None
    until: date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the schemes and posts are looked up in."""

    place: Place
    grade: int
    holding: Holding
    given: Mapping[str, Sequence[Envelope]]
    ledger: str
    on: date


async def answers(
    conn: AsyncConnection, ledger: str, child: UUID, pack: Pack, on: date
) -> list[Answer]:
    """Everybody who answered for the child on the day; empty where it was in no class then."""
    row = (await conn.execute(ON, {"child": child, "on": on})).first()
    if row is None:
        return []
    schemes, home = pack.file.schemes, await village_path(conn, child, on)
    wanted = [
        stream_of(ledger, code, tier.code, target)
        for code, scheme in schemes.items()
        for tier in scheme.tiers
        for target in targets_of(tier, row, home)
    ]
    given: dict[str, list[Envelope]] = {}
    for body in await conn.execute(BODIES, {"ledger": ledger, "streams": wanted}):
        envelope = read(body.body)
        given.setdefault(envelope.stream, []).append(envelope)
    holding = await look(conn, ledger, on)
    found = Found(of_child(row), row.grade, holding, given, ledger, on)
    listed = list(_of_schemes(found, schemes, row, home)) + list(_of_posts(found))
    return await _sourced(conn, listed)


def targets_of(tier: Tier, row: Any, home: str = "") -> list[str]:
    """What a tier means for a child that stays there; nothing where its kind is none of its.

    `home`: the path of its village. The township where it lives answers beside the school's.
    """
    match tier.target:
        case "child" | "guardian":
            return [str(row.child)]
        case "klass":
            return [str(row.klass)]
        case "grade":
            return [f"{row.school}-{row.grade}"]
        case "school":
            return [row.school]
        case kind if kind in DEPTHS:
            here = _at_depth(row.path.rpartition("/")[0], DEPTHS[kind])
            found = (here if here != row.school else "", _at_depth(home, DEPTHS[kind]))
            return [unit for unit in dict.fromkeys(found) if unit]
        case _:
            return []


def _at_depth(path: str, depth: int) -> str:
    segments = path.split("/")
    return segments[depth] if len(segments) > depth else ""


def _of_schemes(
    found: Found, schemes: Mapping[str, Scheme], row: Any, home: str
) -> Iterator[Answer]:
    for code, scheme in schemes.items():
        for tier in scheme.tiers:
            for target in targets_of(tier, row, home):
                if tier.target in DEPTHS and target not in found.holding.paths:
                    continue
                yield from _of_tier(found, code, tier, target)


def _of_tier(found: Found, code: str, tier: Tier, target: str) -> Iterator[Answer]:
    shared = Answer(
        scheme=code,
        tier=tier.code,
        line=tier.line,
        share=tier.share,
        target_kind=tier.target,
        target=target,
        how="hole",
    )
    stream = stream_of(found.ledger, code, tier.code, target)
    by_hand = list(_held(shared, found.given.get(stream, ()), found.on))
    if by_hand:
        yield from by_hand
        return
    posts = found.holding.derived(tier.derive, _at(found, tier, target), found.on)
    for post in posts:
        yield _from_post(shared, post)
    if not posts:
        yield shared


def _at(found: Found, tier: Tier, target: str) -> Place:
    """The place of the target itself: a school's head is none of the class's."""
    if tier.target in {"child", "guardian", "klass"}:
        return found.place
    unit = target.partition("-")[0]
    school = unit if tier.target in {"school", "grade"} else None
    return Place(path=found.holding.paths.get(unit, found.place.path), school=school)


def _held(shared: Answer, envelopes: Sequence[Envelope], on: date) -> Iterator[Answer]:
    """Those who held it on the day, as the stream's events tell it today."""
    held: list[Answer] = []
    for envelope in envelopes:
        if envelope.type == ASSIGNED:
            event = msgspec.json.decode(envelope.data, type=c.ResponsibilityAssigned)
            source = Source(
                service="casework",
                ledger=envelope.ledger,
                seq=envelope.ledgerseq,
                type=envelope.type,
            )
            held.append(
                replace(
                    shared,
                    how="assigned",
                    holder_kind=event.holder.kind,
                    holder=event.holder.id,
                    since=event.since,
                    until=event.until,
                    source=source,
                )
            )
        elif envelope.type == ENDED:
            ended = msgspec.json.decode(envelope.data, type=c.ResponsibilityEnded)
            held = [_ended(one, ended) for one in held]
    for one in held:
        assert one.since is not None
        if one.since <= on and (one.until is None or on <= one.until):
            yield one


def _ended(one: Answer, event: c.ResponsibilityEnded) -> Answer:
    if one.holder != event.holder.id or (one.until is not None and one.until < event.on):
        return one
    return replace(one, until=date.fromordinal(event.on.toordinal() - 1))


def _from_post(shared: Answer, post: Post) -> Answer:
    return replace(
        shared,
        how="derived",
        holder_kind="staff",
        holder=str(post.span.staff),
        role=post.role,
        since=post.span.valid_from,
        until=post.span.valid_to,
        # The unit is needed to find the event; `_sourced` puts the event in its place.
        source=Source(service="", ledger=post.unit, seq=0, type=post.role),
    )


def _of_posts(found: Found) -> Iterator[Answer]:
    """Each post at the child's class, school, township and county on the day."""
    seen: set[tuple[str, str]] = set()
    for role in POSTS:
        for post in found.holding.posts(role, found.place, found.on):
            if (role, str(post.span.staff)) not in seen:
                seen.add((role, str(post.span.staff)))
                kind = "klass" if "-" in post.unit else "unit"
                shared = Answer(
                    scheme="",
                    tier=role,
                    line="",
                    share="",
                    target_kind=kind,
                    target=post.unit,
                    how="post",
                )
                yield replace(_from_post(shared, post), how="post")


async def _sourced(conn: AsyncConnection, listed: Sequence[Answer]) -> list[Answer]:
    """The event behind each post: the class's own word on a homeroom before the role's."""
    staff = sorted({one.holder for one in listed if one.source and not one.source.service})
    rows = await conn.execute(SOURCES, {"staff": staff})
    known = {(str(row.staff), row.role, row.unit, row.since): row for row in rows}
    return [_with_source(one, known) for one in listed]


def _with_source(one: Answer, known: Mapping[tuple[Any, ...], Any]) -> Answer:
    if one.source is None or one.source.service:
        return one
    unit, role = one.source.ledger, one.source.type
    roles = ("homeroom", role) if role == HOMEROOM else (role,)
    rows = (known.get((one.holder, wanted, unit, one.since)) for wanted in roles)
    row = next((found for found in rows if found is not None), None)
    if row is None:
        return replace(one, source=None)
    source = Source(service="enrollment", ledger=row.ledger, seq=row.seq, type=row.type)
    return replace(one, source=source)
