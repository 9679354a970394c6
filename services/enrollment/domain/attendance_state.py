"""What is remembered of a child's attendance: its events, marks by date, and the runs they make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.codes import AbsenceMark, DayMark, LeaveKind
from shared.policy.streak import Run, Span, noted, runs_of
from shared.sealed import Sealed


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class StudentAbsent:
    child: UUID
    klass: UUID
    on: date
    mark: AbsenceMark
    reason: str | None
    roll: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceEnded:
    """The first presence after days away, excused or not."""

    child: UUID
    klass: UUID
    on: date
    roll: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceCorrected:
    child: UUID
    klass: UUID
    on: date
    was: DayMark
    now: DayMark
    reason: str | None
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceStreakExceeded:
    """`ended`: a presence after the run was already known when it was recorded."""

    child: UUID
    klass: UUID
    first_on: date
    last_on: date
    days: int
    ended: bool
    rule: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveGranted:
    child: UUID
    kind: LeaveKind
    first_on: date
    last_on: date
    note: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveEnded:
    """From `on` on the child is expected again."""

    child: UUID
    on: date


AttendanceEvent: TypeAlias = (
    StudentAbsent
    | AbsenceEnded
    | AttendanceCorrected
    | AbsenceStreakExceeded
    | LeaveGranted
    | LeaveEnded
)
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        StudentAbsent,
        AbsenceEnded,
        AttendanceCorrected,
        AbsenceStreakExceeded,
        LeaveGranted,
        LeaveEnded,
    )
}


# State
@dataclass(frozen=True, slots=True)
class Mark:
    on: date
    mark: DayMark
    klass: UUID


@dataclass(frozen=True, slots=True)
class Leave:
    kind: LeaveKind
    first_on: date
    last_on: date

    def covers(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on


@dataclass(frozen=True, slots=True)
class Attendance:
    """Marks by date, one a day: every absence, and the presences that end or split runs.

    Of presences only the first after each day away needs to be here, and that one is: so runs are
    right in whatever order rolls arrive, though most presences have no event.
    """

    marks: tuple[Mark, ...] = ()
    leaves: tuple[Leave, ...] = ()
    exceeded: tuple[Span, ...] = ()

    def mark_on(self, day: date) -> Mark | None:
        return next((mark for mark in self.marks if mark.on == day), None)

    def leave_on(self, day: date) -> Leave | None:
        """The leave that covers a day; of several the one granted last."""
        return next((leave for leave in reversed(self.leaves) if leave.covers(day)), None)

    def grants(self, leave: Leave) -> bool:
        """Whether each day of `leave` is already covered by leave of its kind."""
        length = (leave.last_on - leave.first_on).days + 1
        days = (leave.first_on + timedelta(days=n) for n in range(length))
        kinds = {found.kind if found else None for found in map(self.leave_on, days)}
        return kinds == {leave.kind}

    def runs(self) -> tuple[Run, ...]:
        """All runs of unexcused days, by date. Excused days and days without mark do not count."""
        return tuple(runs_of(self.marks))

    def away_at(self, day: date) -> bool:
        """Whether the child was away before `day`, or on leave, and has not been seen since."""
        before = [mark for mark in self.marks if mark.on < day]
        if before and before[-1].mark != "present":
            return True
        seen = max((mark.on for mark in before if mark.mark == "present"), default=date.min)
        return any(seen < leave.first_on <= day for leave in self.leaves)


STATES: dict[str, type] = {"attendance": Attendance}


def evolve(state: Attendance, event: AttendanceEvent) -> Attendance:
    match event:
        case StudentAbsent(on=on, mark=mark, klass=klass):
            return replace(state, marks=_marked(state.marks, Mark(on, mark, klass)))
        case AbsenceEnded(on=on, klass=klass):
            return replace(state, marks=_marked(state.marks, Mark(on, "present", klass)))
        case AttendanceCorrected(on=on, now=now, klass=klass):
            return replace(state, marks=_marked(state.marks, Mark(on, now, klass)))
        case AbsenceStreakExceeded(first_on=first_on, last_on=last_on, days=days):
            return replace(state, exceeded=noted(state.exceeded, Span(first_on, last_on, days)))
        case LeaveGranted(kind=kind, first_on=first_on, last_on=last_on):
            return replace(state, leaves=(*state.leaves, Leave(kind, first_on, last_on)))
        case LeaveEnded(on=on):
            return replace(state, leaves=tuple(_shortened(state.leaves, on)))
        case _:
            assert_never(event)


def _marked(marks: Sequence[Mark], new: Mark) -> tuple[Mark, ...]:
    before = (mark for mark in marks if mark.on < new.on)
    after = (mark for mark in marks if mark.on > new.on)
    return (*before, new, *after)


def _shortened(leaves: Sequence[Leave], on: date) -> Iterator[Leave]:
    for leave in leaves:
        if not leave.covers(on):
            yield leave
        elif leave.first_on < on:
            yield replace(leave, last_on=on - timedelta(days=1))
