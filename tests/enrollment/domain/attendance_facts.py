"""Marks, commands and events of one child's attendance, as the tests speak of them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.enrollment.domain.attendance import (
    ATTENDANCE,
    LEAVE_BASIS,
    AbsenceEnded,
    AbsenceStreakExceeded,
    Attendance,
    AttendanceCorrected,
    GrantLeave,
    LeaveGranted,
    SettleMark,
    StudentAbsent,
    decide,
)
from services.enrollment.domain.codes import AbsenceMark, DayMark, LeaveKind
from tests.scenario import Given, given

CHILD, KLASS, NEW_KLASS = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 7, 31, 4, tzinfo=UTC)
MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in range(2, 7))
PATH = f"990000/990100/990101/2199010001/{KLASS}"


def roll_of(day: date) -> str:
    return f"roll-{KLASS}-{day}"


def settle(day: date, mark: DayMark, **other: Any) -> SettleMark:
    whole: dict[str, Any] = {
        "child": CHILD,
        "klass": KLASS,
        "on": day,
        "mark": mark,
        "reason": None,
        "roll": roll_of(day),
        "streak_more_than_days": 3,
        "rule": "a" * 16,
        "calendar": "b" * 16,
        "now": NOW,
    }
    return SettleMark(**whole | other)


def leave(first: date, last: date, kind: LeaveKind = "sick") -> GrantLeave:
    return GrantLeave(child=CHILD, kind=kind, first_on=first, last_on=last, note=None, now=NOW)


def absent(day: date, mark: AbsenceMark = "unexcused") -> StudentAbsent:
    return StudentAbsent(
        child=CHILD, klass=KLASS, on=day, mark=mark, reason=None, roll=roll_of(day)
    )


def ended(day: date) -> AbsenceEnded:
    return AbsenceEnded(child=CHILD, klass=KLASS, on=day, roll=roll_of(day))


def corrected(day: date, was: DayMark, now: DayMark, basis: str | None = None) -> object:
    return AttendanceCorrected(
        child=CHILD,
        klass=KLASS,
        on=day,
        was=was,
        now=now,
        reason=now if basis == LEAVE_BASIS else None,
        basis=basis or roll_of(day),
    )


def exceeded(first: date, last: date, days: int, over: bool = False) -> AbsenceStreakExceeded:
    return AbsenceStreakExceeded(
        child=CHILD,
        klass=KLASS,
        first_on=first,
        last_on=last,
        days=days,
        ended=over,
        rule="a" * 16,
        calendar="b" * 16,
    )


def granted(first: date, last: date, kind: LeaveKind = "sick") -> LeaveGranted:
    return LeaveGranted(child=CHILD, kind=kind, first_on=first, last_on=last, note=None)


def attendance(*events: object) -> Given:
    return given(ATTENDANCE, *events)


def settled(*commands: Any) -> tuple[Attendance, list[Any]]:
    """The state and all events after commands in this order."""
    state, events = Attendance(), []
    for command in commands:
        new = decide(command, state)
        state, events = ATTENDANCE.fold(new, state), events + new
    return state, events


def streaks(*commands: Any) -> list[AbsenceStreakExceeded]:
    return [e for e in settled(*commands)[1] if isinstance(e, AbsenceStreakExceeded)]
