"""A standing body such as a leading group: named members hold posts from day to day."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias, assert_never
from uuid import UUID

from services.casework.domain.refusals import NotInThisPhase
from shared.decider import CommandRejected, Decider


class PostTaken(CommandRejected):
    """A post for one person that another holds on those days."""

    code = "post_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingGroupFormed:
    body: UUID
    code: str
    name: str
    unit: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingGroupMemberAppointed:
    body: UUID
    post: str
    staff: UUID
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadingGroupMemberRemoved:
    body: UUID
    post: str
    staff: UUID
    on: date
    reason: str


BodyEvent: TypeAlias = LeadingGroupFormed | LeadingGroupMemberAppointed | LeadingGroupMemberRemoved
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (LeadingGroupFormed, LeadingGroupMemberAppointed, LeadingGroupMemberRemoved)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who holds a post; both days included."""

    post: str
    staff: UUID
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unformed:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    code: str
    members: tuple[Member, ...] = ()


Body: TypeAlias = Unformed | Formed
STATES: dict[str, type] = {"unformed": Unformed, "formed": Formed}


def phase(state: Body) -> str:
    return type(state).__name__.lower()


def evolve(state: Body, event: BodyEvent) -> Body:
    """Never refuses: whatever was recorded has happened."""
    match event:
        case LeadingGroupFormed(code=code):
            return Formed(code=code)
        case LeadingGroupMemberAppointed() if isinstance(state, Formed):
            member = Member(
                post=event.post, staff=event.staff, since=event.since, until=event.until
            )
            return replace(state, members=(*state.members, member))
        case LeadingGroupMemberRemoved() if isinstance(state, Formed):
            left = (m for m in state.members if (m.post, m.staff) != (event.post, event.staff))
            return replace(state, members=tuple(left))
        case LeadingGroupMemberAppointed() | LeadingGroupMemberRemoved():
            return state
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormBody:
    formed: LeadingGroupFormed


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointMember:
    """`many`: the post may be held by several."""

    appointed: LeadingGroupMemberAppointed
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember:
    removed: LeadingGroupMemberRemoved


BodyCommand: TypeAlias = FormBody | AppointMember | RemoveMember
ALLOWED: dict[str, frozenset[type]] = {
    "unformed": frozenset({FormBody}),
    "formed": frozenset({FormBody, AppointMember, RemoveMember}),
}


def decide(command: BodyCommand, state: Body) -> list[BodyEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    if type(command) not in ALLOWED[phase(state)]:
        raise NotInThisPhase("这个小组还没有成立。先登记成立。", field="body")
    match command:
        case FormBody(formed=formed):
            return [] if isinstance(state, Formed) else [formed]
        case AppointMember():
            return _appoint(command, state)
        case RemoveMember(removed=removed):
            held = isinstance(state, Formed) and any(
                (m.post, m.staff) == (removed.post, removed.staff) for m in state.members
            )
            return [removed] if held else []
        case _:
            assert_never(command)


def _appoint(command: AppointMember, state: Body) -> list[BodyEvent]:
    assert isinstance(state, Formed), "only a formed body appoints"
    new = command.appointed
    in_post = [m for m in state.members if m.post == new.post]
    if any(m.staff == new.staff for m in in_post):
        return []
    if not command.many and any(m.until is None or m.until >= new.since for m in in_post):
        raise PostTaken("这个职务已经有人。先免去原来的人。", field="staff")
    return [new]


BODY: Decider[BodyCommand, BodyEvent, Body] = Decider(Unformed(), decide, evolve)
