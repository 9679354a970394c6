"""What is known of a child's attendance: a mark a day, the current run, the lines it crossed."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from shared.contracts import enrollment as e
from shared.contracts.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Unexcused school days since the last present mark; `days` counts marks, not dates."""

    first: date
    last: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """A run that crossed the line of `rule`; it stays even when its days are corrected."""

    first_on: date
    last_on: date
    days: int
    ended: bool
    rule: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    kind: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceView:
    """`marks`: only days that were recorded; a day without a mark neither counts nor resets."""

    marks: dict[date, e.DayMark]
    leaves: tuple[Leave, ...] = ()
    streaks: tuple[Streak, ...] = ()

    @property
    def run(self) -> Run | None:
        """Folded by date, not by arrival: late marks and corrections fall into their place."""
        present = max((day for day, mark in self.marks.items() if mark == "present"), default=None)
        unexcused = [
            day
            for day, mark in self.marks.items()
            if mark == "unexcused" and (present is None or day > present)
        ]
        if not unexcused:
            return None
        return Run(first=min(unexcused), last=max(unexcused), days=len(unexcused))

    @property
    def over_the_line(self) -> Streak | None:
        """The last streak, if by what is known now its run still goes on and is as long."""
        run = self.run
        if run is None or not self.streaks:
            return None
        last = max(self.streaks, key=lambda streak: streak.last_on)
        return last if run.days >= last.days and run.last >= last.last_on else None


NO_ATTENDANCE = AttendanceView(marks={})


def attendance_after(view: AttendanceView, entry: Entry) -> AttendanceView:
    """The view after one more entry; the same object where it says nothing new."""
    match entry.data:
        case e.StudentAbsent(on=on, mark=mark):
            return replace(view, marks=view.marks | {on: mark})
        case e.AbsenceEnded(on=on):
            return replace(view, marks=view.marks | {on: "present"})
        case e.AttendanceCorrected(on=on, now=now):
            return replace(view, marks=view.marks | {on: now})
        case e.AbsenceStreakExceeded() as exceeded:
            return replace(view, streaks=(*view.streaks, _streak(exceeded)))
        case e.LeaveGranted(kind=kind, first_on=first, last_on=last):
            leave = Leave(kind=kind, first_on=first, last_on=last)
            return replace(view, leaves=(*view.leaves, leave))
        case e.LeaveEnded(on=on):
            return replace(view, leaves=_ended(view.leaves, on))
        case _:
            return view


def _streak(exceeded: e.AbsenceStreakExceeded) -> Streak:
    return Streak(
        first_on=exceeded.first_on,
        last_on=exceeded.last_on,
        days=exceeded.days,
        ended=exceeded.ended,
        rule=exceeded.rule,
        calendar=exceeded.calendar,
    )


def _ended(leaves: tuple[Leave, ...], on: date) -> tuple[Leave, ...]:
    """From `on` on the child is expected again: leave that covers the day ends before it."""
    before = on - timedelta(days=1)
    shortened = (
        replace(leave, last_on=before) if leave.first_on <= on <= leave.last_on else leave
        for leave in leaves
    )
    return tuple(leave for leave in shortened if leave.first_on <= leave.last_on)
