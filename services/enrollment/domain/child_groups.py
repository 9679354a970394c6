"""Groups that a child belongs to for a time: who is tagged, until when, on whose word."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args
from uuid import UUID

from services.enrollment.domain.child_state import (
    ChildEvent,
    InGroup,
    StudentGroupTagged,
    StudentGroupUntagged,
)
from services.enrollment.domain.codes import GroupSource
from shared.decider import CommandRejected
from shared.policy.day import business_day

MAX_AHEAD_DAYS = 366
SOURCES: frozenset[str] = frozenset(get_args(GroupSource))


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class TagStudentGroup:
    """`group` is a code of the list in force, which the caller has looked up."""

    child: UUID
    group: str
    since: date
    until: date | None = None
    source: str = "school"
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagStudentGroup:
    """From `on` on the child is no longer one of the group."""

    child: UUID
    group: str
    on: date
    now: datetime


class GroupSpanInvalid(CommandRejected):
    code = "group_span_invalid"


class GroupSourceUnknown(CommandRejected):
    code = "group_source_unknown"


class InGroupAlready(CommandRejected):
    code = "in_group_already"


class NotInGroup(CommandRejected):
    code = "not_in_group"


def tag(command: TagStudentGroup, held: tuple[InGroup, ...]) -> list[ChildEvent]:
    """Raises GroupSpanInvalid, GroupSourceUnknown, InGroupAlready."""
    if command.source not in SOURCES:
        raise GroupSourceUnknown("没有这种认定来源。请从列表中选择。", field="source")
    _check_ahead(command.since, command.now, "since")
    if command.until is not None and command.until < command.since:
        raise GroupSpanInvalid("截止日不能早于起始日。请改正日期。", field="until")
    wanted = InGroup(command.group, command.since, command.until, command.source)
    own = [one for one in held if one.group == command.group]
    if wanted in own:
        return []
    if any(_meet(one, wanted) for one in own):
        raise InGroupAlready(
            "这名学生那段时间已在这一类。要改日期，请先移出再归入。", field="group"
        )
    return [
        StudentGroupTagged(
            child=command.child,
            group=command.group,
            since=command.since,
            until=command.until,
            source=command.source,
        )
    ]


def untag(command: UntagStudentGroup, held: tuple[InGroup, ...]) -> list[ChildEvent]:
    """Raises GroupSpanInvalid, NotInGroup; none if the time ended the day before."""
    _check_ahead(command.on, command.now, "on")
    own = [one for one in held if one.group == command.group]
    if any(one.on(command.on) for one in own):
        return [StudentGroupUntagged(child=command.child, group=command.group, on=command.on)]
    if any(one.until == command.on - timedelta(days=1) for one in own):
        return []
    raise NotInGroup("这名学生那天不在这一类。请核对类别和日期。", field="group")


def _meet(one: InGroup, other: InGroup) -> bool:
    if one.until is not None and one.until < one.since:
        return False  # taken out before it had begun
    return (one.until is None or other.since <= one.until) and (
        other.until is None or one.since <= other.until
    )


def _check_ahead(day: date, now: datetime, field: str) -> None:
    if day > business_day(now) + timedelta(days=MAX_AHEAD_DAYS):
        raise GroupSpanInvalid(f"日期最多提前 {MAX_AHEAD_DAYS} 天。请改正日期。", field=field)
