"""A child's attendance: what settled rolls and leave make of each day, and runs that are too long.

A run is folded by date, never by arrival: unexcused days since the last presence. Excused days and
days without a mark neither count nor end it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.attendance_state import (
    EVENTS,
    STATES,
    AbsenceEnded,
    AbsenceStreakExceeded,
    Attendance,
    AttendanceCorrected,
    AttendanceEvent,
    Leave,
    LeaveEnded,
    LeaveGranted,
    Mark,
    Run,
    StudentAbsent,
    evolve,
)
from services.enrollment.domain.codes import AbsenceMark, DayMark, LeaveKind
from shared.decider import CommandRejected, Decider
from shared.policy.day import business_day
from shared.policy.streak import exceeding
from shared.sealed import Sealed

__all__ = [
    "ATTENDANCE",
    "EVENTS",
    "LEAVE_BASIS",
    "STATES",
    "AbsenceEnded",
    "AbsenceStreakExceeded",
    "Attendance",
    "AttendanceCommand",
    "AttendanceCorrected",
    "AttendanceEvent",
    "EndLeave",
    "GrantLeave",
    "Leave",
    "LeaveEnded",
    "LeaveGranted",
    "Mark",
    "Presence",
    "Run",
    "SettleMark",
    "StudentAbsent",
    "decide",
    "evolve",
]

MAX_LEAVE_DAYS = 366
# What a correction rests on when it is no roll.
LEAVE_BASIS = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A day on which a settled roll (stream name `roll`) shows the child in class."""

    on: date
    klass: UUID
    roll: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleMark:
    """What a settled roll says of the child on a day.

    `was`: what an earlier settled roll of that day had said, if any; most presences have no event,
    so this stream alone does not know them. `present_after`: the first day after `on` on which
    settled rolls show the child present, for the same reason; None while `on` is the latest.
    `rule`, `calendar`: the versions in force, which an exceeded streak names.
    """

    child: UUID
    klass: UUID
    on: date
    mark: DayMark
    reason: str | None
    roll: str
    was: DayMark | None = None
    present_after: Presence | None = None
    streak_more_than_days: int
    rule: str
    calendar: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLeave:
    """Sick or personal leave, both days inclusive; it excuses recorded unexcused days as well."""

    child: UUID
    kind: LeaveKind
    first_on: date
    last_on: date
    note: Sealed | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLeave:
    """From `on` on the child is expected again; with the first day, the leave is taken back."""

    child: UUID
    on: date
    now: datetime


AttendanceCommand: TypeAlias = SettleMark | GrantLeave | EndLeave


class MarkInFuture(CommandRejected):
    code = "mark_in_future"


class LeaveBackwards(CommandRejected):
    code = "leave_backwards"


class LeaveTooLong(CommandRejected):
    code = "leave_too_long"


class NoLeave(CommandRejected):
    code = "no_leave"


def decide(command: AttendanceCommand, state: Attendance) -> list[AttendanceEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case SettleMark():
            return _settle(command, state)
        case GrantLeave():
            return _grant(command, state)
        case EndLeave():
            return _end_leave(command, state)
        case _:
            assert_never(command)


def _settle(command: SettleMark, state: Attendance) -> list[AttendanceEvent]:
    if command.on > business_day(command.now):
        raise MarkInFuture(f"{command.on} 还没有到，不能记考勤。请核对日期。", field="on")
    events = _mark_events(command, state)
    after = ATTENDANCE.fold(events, state)
    if presence := _presence_to_record(command, after):
        events.append(presence)
        after = evolve(after, presence)
    return [*events, *_exceeded(command, state, after)]


def _mark_events(command: SettleMark, state: Attendance) -> list[AttendanceEvent]:
    known = state.mark_on(command.on)
    was = known.mark if known else command.was
    mark = _effective(command, state)
    if was == mark:
        # A presence that was never an event is recorded once a day away before it has turned up.
        unrecorded = known is None and mark == "present" and state.away_at(command.on)
        return [_ended(command)] if unrecorded else []
    if was is not None:
        return [_corrected(command, was, mark)]
    if mark != "present":
        return [_absent(command, mark)]
    return [_ended(command)] if state.away_at(command.on) else []


def _effective(command: SettleMark, state: Attendance) -> DayMark:
    """A child whose leave is entered is excused, whatever the roll's author knew."""
    leave = state.leave_on(command.on)
    return leave.kind if leave and command.mark == "unexcused" else command.mark


def _presence_to_record(command: SettleMark, after: Attendance) -> AbsenceEnded | None:
    """The presence that ends the days away, if this stream does not know of it yet."""
    presence = command.present_after
    if presence is None or presence.on <= command.on:
        return None
    if after.mark_on(presence.on) is not None or not after.away_at(presence.on):
        return None
    return AbsenceEnded(
        child=command.child, klass=presence.klass, on=presence.on, roll=presence.roll
    )


def _exceeded(
    command: SettleMark, before: Attendance, after: Attendance
) -> Iterator[AbsenceStreakExceeded]:
    limit = command.streak_more_than_days
    for run in exceeding(before.runs(), after.runs(), before.exceeded, limit):
        yield AbsenceStreakExceeded(
            child=command.child,
            klass=command.klass,
            first_on=run.first_on,
            last_on=run.last_on,
            days=run.days,
            ended=run.ended,
            rule=command.rule,
            calendar=command.calendar,
        )


def _grant(command: GrantLeave, state: Attendance) -> list[AttendanceEvent]:
    days = (command.last_on - command.first_on).days + 1
    if days < 1:
        raise LeaveBackwards("请假的结束日期早于开始日期。请改正日期。", field="last_on")
    if days > MAX_LEAVE_DAYS:
        raise LeaveTooLong(
            f"请假不能超过 {MAX_LEAVE_DAYS} 天。长期不能到校的，请办休学。", field="last_on"
        )
    leave = Leave(command.kind, command.first_on, command.last_on)
    granted: list[AttendanceEvent] = [] if state.grants(leave) else [_granted(command)]
    return [*granted, *_excused(command, leave, state)]


def _granted(command: GrantLeave) -> LeaveGranted:
    return LeaveGranted(
        child=command.child,
        kind=command.kind,
        first_on=command.first_on,
        last_on=command.last_on,
        note=command.note,
    )


def _excused(command: GrantLeave, leave: Leave, state: Attendance) -> Iterator[AttendanceCorrected]:
    for mark in state.marks:
        if mark.mark == "unexcused" and leave.covers(mark.on):
            yield AttendanceCorrected(
                child=command.child,
                klass=mark.klass,
                on=mark.on,
                was="unexcused",
                now=command.kind,
                reason=command.kind,
                basis=LEAVE_BASIS,
            )


def _end_leave(command: EndLeave, state: Attendance) -> list[AttendanceEvent]:
    if state.leave_on(command.on) is None:
        raise NoLeave(f"{command.on} 没有请假。请核对销假日期。", field="on")
    return [LeaveEnded(child=command.child, on=command.on)]


def _absent(command: SettleMark, mark: AbsenceMark) -> StudentAbsent:
    return StudentAbsent(
        child=command.child,
        klass=command.klass,
        on=command.on,
        mark=mark,
        reason=command.reason,
        roll=command.roll,
    )


def _ended(command: SettleMark) -> AbsenceEnded:
    return AbsenceEnded(child=command.child, klass=command.klass, on=command.on, roll=command.roll)


def _corrected(command: SettleMark, was: DayMark, mark: DayMark) -> AttendanceCorrected:
    return AttendanceCorrected(
        child=command.child,
        klass=command.klass,
        on=command.on,
        was=was,
        now=mark,
        reason=command.reason,
        basis=command.roll,
    )


ATTENDANCE: Decider[AttendanceCommand, AttendanceEvent, Attendance] = Decider(
    Attendance(), decide, evolve
)
