"""Leading groups and offices: which there are, and who held which post on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.holding import Holding, Place
from shared.contracts import duties as c
from shared.policy.duty_schema import Body
from shared.subscription import Entry

# The name space of bodies: a unit has one of a kind, for ever.
BODIES = UUID("b6d6d2b5-52f1-5f0a-9a5e-6a2d41c0a1f3")
FORMED = text(
    "insert into body (body, ledger, code, name, unit, path, formed_on) values"
    " (:body, :ledger, :code, :name, :unit, :path, :on) on conflict do nothing"
)
APPOINTED = text(
    "insert into body_member (body, post, staff, since, until, seq) values"
    " (:body, :post, :staff, :since, :until, :seq) on conflict (body, post, staff, since)"
    " do update set until = excluded.until"
)
REMOVED = text(
    "update body_member set until = cast(:on as date) - 1 where body = :body and post = :post"
    " and staff = :staff and (until is null or until >= :on)"
)
VOID = text("delete from body_member where body = :body and until < since")
OF_UNIT = text("select body, code, name, unit, path, formed_on, ledger from body order by path")
MEMBERS = text(
    "select post, staff, since, until, seq from body_member where body = :body"
    " and since <= :on and (until is null or until >= :on) order by since, staff"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who holds a post on the day; `derived`: by a role of theirs, not by an appointment."""

    post: str
    staff: UUID
    since: date
    until: date | None
    derived: bool


def body_of(ledger: str, code: str, unit: str) -> UUID:
    """The id of a unit's body of a kind."""
    return uuid5(BODIES, f"{ledger}|{code}|{unit}")


async def project_bodies(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Rows follow the events; a membership that ended before it began is none."""
    for entry in entries:
        envelope = entry.envelope
        match envelope.type:
            case "casework.LeadingGroupFormed":
                formed = msgspec.json.decode(envelope.data, type=c.LeadingGroupFormed)
                place = {"ledger": entry.ledger, "path": envelope.unitpath}
                await conn.execute(FORMED, msgspec.structs.asdict(formed) | place)
            case "casework.LeadingGroupMemberAppointed":
                given = msgspec.json.decode(envelope.data, type=c.LeadingGroupMemberAppointed)
                await conn.execute(APPOINTED, msgspec.structs.asdict(given) | {"seq": entry.seq})
            case "casework.LeadingGroupMemberRemoved":
                ended = msgspec.json.decode(envelope.data, type=c.LeadingGroupMemberRemoved)
                await conn.execute(REMOVED, msgspec.structs.asdict(ended))
                await conn.execute(VOID, {"body": ended.body})
            case _:
                pass


async def all_bodies(conn: AsyncConnection) -> Sequence[Any]:
    """Every body that was formed, in the connection's jurisdiction."""
    return (await conn.execute(OF_UNIT)).all()


async def members(
    conn: AsyncConnection, body: UUID, kind: Body, holding: Holding, path: str, on: date
) -> list[Member]:
    """Named members and those that follow from their roles, in the order of the posts."""
    rows = (await conn.execute(MEMBERS, {"body": body, "on": on})).all()
    found: list[Member] = []
    for post in kind.posts:
        named = [
            Member(post=row.post, staff=row.staff, since=row.since, until=row.until, derived=False)
            for row in rows
            if row.post == post.code
        ]
        found += named
        if post.derive is not None and (post.many or not named):
            known = {one.staff for one in found}
            derived = _derived(post.code, post.derive, holding, path, on)
            found += [one for one in derived if one.staff not in known]
    return found


def _derived(post: str, derive: str, holding: Holding, path: str, on: date) -> list[Member]:
    """A role at the unit itself, or the homeroom teachers of its classes (各班班主任)."""
    places = (
        [place for place in holding.classes.values() if place.path.startswith(f"{path}/")]
        if derive == "homeroom"
        else [Place(path=path)]
    )
    posts = [one for place in places for one in holding.derived(derive, place, on)]
    # A role of a unit above is none of this body.
    inside = [one for one in posts if derive == "homeroom" or path.endswith(one.unit)]
    first = {one.span.staff: one.span for one in reversed(inside)}
    return [
        Member(
            post=post,
            staff=staff,
            since=span.valid_from,
            until=span.valid_to,
            derived=True,
        )
        for staff, span in first.items()
    ]
