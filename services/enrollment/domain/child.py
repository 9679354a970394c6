"""A child: who it is (sealed), and in which class it is on the rolls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.child_groups import TagStudentGroup, UntagStudentGroup, tag, untag
from services.enrollment.domain.child_home import RecordVillage, record
from services.enrollment.domain.child_state import (
    EVENTS,
    STATES,
    Child,
    ChildChanged,
    ChildEvent,
    ChildRegistered,
    Enrolled,
    Registered,
    StudentEnrolled,
    StudentLeftClass,
    Unknown,
    evolve,
)
from services.enrollment.domain.codes import (
    CHILD_CLASSES,
    FIRST_GRADE,
    LAST_GRADE,
    changed_fields,
    check_fields,
)
from shared.decider import CommandRejected, Decider
from shared.policy.day import business_day
from shared.sealed import Sealed

__all__ = [
    "CHILD",
    "EVENTS",
    "STATES",
    "ChangeChild",
    "EnrollStudent",
    "LeaveClass",
    "RecordVillage",
    "RegisterChild",
    "TagStudentGroup",
    "UntagStudentGroup",
    "decide",
    "evolve",
]

MAX_AHEAD_DAYS = 366
# Leaving a class for another one of the same school or a new year: the child stays a pupil.
MOVED = "moved"
LEAVING_REASONS = frozenset(
    {MOVED, "promoted", "transferred", "graduated", "left_country", "deceased", "entered_in_error"}
)
# 义务教育法 第27条: no child of compulsory age is expelled, whatever it is called.
EXPULSIONS = frozenset(
    {"expelled", "dismissed", "persuaded_to_leave", "withdrawn"}
    | {"开除", "开除学籍", "劝退", "勒令退学", "责令退学", "退学", "除名"}
)


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChild:
    """`fields`: sealed values by field name, `name` at least; a child needs no number."""

    child: UUID
    fields: Mapping[str, Sealed]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeChild:
    """Only fields whose opened value differs (two seals of one value differ); None takes away."""

    child: UUID
    fields: Mapping[str, Sealed | None]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollStudent:
    """`moves`: a child of another class leaves it that day; otherwise that is refused."""

    child: UUID
    klass: UUID
    school: str
    grade: int
    seat: int | None
    on: date
    moves: bool = False
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveClass:
    child: UUID
    klass: UUID
    on: date
    reason: str
    now: datetime


ChildCommand: TypeAlias = (
    RegisterChild
    | ChangeChild
    | EnrollStudent
    | LeaveClass
    | TagStudentGroup
    | UntagStudentGroup
    | RecordVillage
)


class ChildWithoutName(CommandRejected):
    code = "child_without_name"


class ChildRegisteredOtherwise(CommandRejected):
    code = "child_registered_otherwise"


class ChildUnknown(CommandRejected):
    code = "child_unknown"


class ChildInAnotherClass(CommandRejected):
    code = "child_in_another_class"


class PlacementInvalid(CommandRejected):
    code = "placement_invalid"


class EnrolledBeforeTheLast(CommandRejected):
    code = "enrolled_before_the_last"


class TooFarAhead(CommandRejected):
    code = "too_far_ahead"


class NotInThatClass(CommandRejected):
    code = "not_in_that_class"


class LeavingReasonUnknown(CommandRejected):
    code = "leaving_reason_unknown"


class ExpulsionRefused(CommandRejected):
    code = "expulsion_refused"


def decide(command: ChildCommand, child: Child) -> list[ChildEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case RegisterChild():
            return _register(command, child)
        case ChangeChild():
            return _change(command, child)
        case EnrollStudent():
            return _enroll(command, child)
        case LeaveClass():
            return _leave(command, child)
        case TagStudentGroup():
            return tag(command, _known(child).groups)
        case UntagStudentGroup():
            return untag(command, _known(child).groups)
        case RecordVillage():
            return record(command, _known(child).home)
        case _:
            assert_never(command)


def _register(command: RegisterChild, child: Child) -> list[ChildEvent]:
    check_fields(command.fields, CHILD_CLASSES)
    if "name" not in command.fields:
        raise ChildWithoutName("学生要有姓名。请补填姓名。", field="name")
    if isinstance(child, Unknown):
        return [ChildRegistered(child=command.child, fields=dict(command.fields))]
    if child.fields == command.fields:
        return []
    raise ChildRegisteredOtherwise("这名学生已经登记。要改信息，请用修改。", field="child")


def _change(command: ChangeChild, child: Child) -> list[ChildEvent]:
    held = _known(child).fields
    check_fields(command.fields, CHILD_CLASSES)
    changes = changed_fields(command.fields, held)
    if "name" in changes and changes["name"] is None:
        raise ChildWithoutName("学生要有姓名，不能删去。请改成正确的姓名。", field="name")
    if not changes:
        return []
    was = {name: held.get(name) for name in changes}
    return [ChildChanged(child=command.child, fields=changes, was=was)]


def _enroll(command: EnrollStudent, child: Child) -> list[ChildEvent]:
    _known(child)
    _check_placement(command)
    enrolled = StudentEnrolled(
        child=command.child,
        klass=command.klass,
        school=command.school,
        grade=command.grade,
        seat=command.seat,
        on=command.on,
    )
    if not isinstance(child, Enrolled):
        _check_after(command.on, child.left_on if isinstance(child, Registered) else None)
        return [enrolled]
    if child.klass == command.klass:
        return [] if _is_placed_so(child, command) else [enrolled]
    if not command.moves:
        raise ChildInAnotherClass(
            "这名学生还在别的班。转班请选“调班”，转学请由原校先办转出。", field="klass"
        )
    _check_after(command.on, child.since)
    left = StudentLeftClass(child=command.child, klass=child.klass, on=command.on, reason=MOVED)
    return [left, enrolled]


def _leave(command: LeaveClass, child: Child) -> list[ChildEvent]:
    if command.reason in EXPULSIONS:
        raise ExpulsionRefused(
            "义务教育阶段不得开除、劝退学生（义务教育法第二十七条）。请改为劝返或转学。",
            field="reason",
        )
    if command.reason not in LEAVING_REASONS:
        raise LeavingReasonUnknown("没有这种离班原因。请从列表中选择。", field="reason")
    if isinstance(child, Registered) and _has_left_so(child, command):
        return []
    if not isinstance(child, Enrolled) or child.klass != command.klass:
        raise NotInThatClass("这名学生不在这个班。请核对班级。", field="klass")
    _check_ahead(command.on, command.now)
    _check_after(command.on, child.since)
    return [
        StudentLeftClass(
            child=command.child, klass=command.klass, on=command.on, reason=command.reason
        )
    ]


def _check_placement(command: EnrollStudent) -> None:
    _check_ahead(command.on, command.now)
    if not FIRST_GRADE <= command.grade <= LAST_GRADE:
        raise PlacementInvalid("年级应是 1 至 9。请改正年级。", field="grade")
    if command.seat is not None and command.seat < 1:
        raise PlacementInvalid("座号应是正整数。请改正座号。", field="seat")


def _check_ahead(on: date, now: datetime) -> None:
    if on > business_day(now) + timedelta(days=MAX_AHEAD_DAYS):
        raise TooFarAhead(f"日期最多提前 {MAX_AHEAD_DAYS} 天。请改正日期。", field="on")


def _check_after(on: date, last: date | None) -> None:
    if last is not None and on < last:
        raise EnrolledBeforeTheLast(f"日期不能早于上一次变动（{last}）。请改正日期。", field="on")


def _is_placed_so(child: Enrolled, command: EnrollStudent) -> bool:
    held = (child.school, child.grade, child.seat)
    return held == (command.school, command.grade, command.seat)


def _has_left_so(child: Registered, command: LeaveClass) -> bool:
    return (child.left_on, child.left_for) == (command.on, command.reason)


def _known(child: Child) -> Registered | Enrolled:
    if isinstance(child, Unknown):
        raise ChildUnknown("这名学生还没有登记。请先登记。", field="child")
    return child


CHILD: Decider[ChildCommand, ChildEvent, Child] = Decider(Unknown(), decide, evolve)
