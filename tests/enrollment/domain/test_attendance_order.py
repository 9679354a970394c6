"""Runs by date equal brute force, in whatever order marks and corrections arrive."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from services.enrollment.domain.attendance import (
    ATTENDANCE,
    AbsenceStreakExceeded,
    Attendance,
    Presence,
    SettleMark,
    decide,
)
from services.enrollment.domain.codes import DayMark
from tests.enrollment.domain.attendance_facts import KLASS, MON, leave, roll_of, settle, settled


# A model that knows every settled mark, also the presences that have no event.
@dataclass
class Rolls:
    """All settled marks of the child, as the rolls hold them."""

    marks: dict[date, DayMark] = field(default_factory=dict[date, DayMark])

    def command(self, day: date, mark: DayMark) -> SettleMark:
        later = [d for d in sorted(self.marks) if d > day and self.marks[d] == "present"]
        presence = Presence(on=later[0], klass=KLASS, roll=roll_of(later[0])) if later else None
        return settle(day, mark, was=self.marks.get(day), present_after=presence)

    def runs(self) -> list[list[date]]:
        """Brute force: unexcused days, cut wherever a presence lies between two."""
        runs: list[list[date]] = [[]]
        for day in sorted(self.marks):
            if self.marks[day] == "unexcused":
                runs[-1].append(day)
            elif self.marks[day] == "present":
                runs.append([])
        return [run for run in runs if run]


DAYS = [MON + timedelta(days=n) for n in range(9)]
arrivals = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.sampled_from(["present", "unexcused", "unexcused", "sick", "personal"]),
    ),
    max_size=30,
)


@settings(max_examples=500)
@for_all(arrivals)
def test_runs_are_those_of_brute_force_in_any_order_of_arrival(
    marks: list[tuple[date, DayMark]],
) -> None:
    rolls, state = Rolls(), Attendance()
    for day, mark in marks:
        state = ATTENDANCE.fold(decide(rolls.command(day, mark), state), state)
        rolls.marks[day] = mark
        found = [(run.first_on, run.last_on, run.days) for run in state.runs()]
        assert found == [(run[0], run[-1], len(run)) for run in rolls.runs()]


@settings(max_examples=500)
@for_all(arrivals)
def test_a_streak_is_said_when_a_run_becomes_too_long_and_never_while_it_stays_so(
    marks: list[tuple[date, DayMark]],
) -> None:
    rolls, state = Rolls(), Attendance()
    for day, mark in marks:
        before = [set(run) for run in rolls.runs() if len(run) > 3]
        events = decide(rolls.command(day, mark), state)
        state = ATTENDANCE.fold(events, state)
        rolls.marks[day] = mark
        said = [e for e in events if isinstance(e, AbsenceStreakExceeded)]
        new = [run for run in rolls.runs() if len(run) > 3 and not _overlaps(run, before)]
        assert [(e.first_on, e.last_on, e.days) for e in said] == [
            (run[0], run[-1], len(run)) for run in new
        ]
        presences = {d for d, m in rolls.marks.items() if m == "present"}
        assert all(e.ended == any(d > e.last_on for d in presences) for e in said)


def _overlaps(run: list[date], others: list[set[date]]) -> bool:
    return any(run[0] <= max(other) and min(other) <= run[-1] for other in others)


@for_all(
    st.permutations(DAYS),
    st.lists(
        st.sampled_from(["present", "unexcused", "sick"]), min_size=len(DAYS), max_size=len(DAYS)
    ),
)
def test_the_order_of_arrival_makes_no_difference_to_the_runs(
    order: list[date], marks: list[DayMark]
) -> None:
    truth = dict(zip(DAYS, marks, strict=True))

    def arriving(days: list[date]) -> Attendance:
        rolls, state = Rolls(), Attendance()
        for day in days:
            state = ATTENDANCE.fold(decide(rolls.command(day, truth[day]), state), state)
            rolls.marks[day] = truth[day]
        return state

    assert arriving(order).runs() == arriving(DAYS).runs()


@for_all(arrivals, st.sampled_from(DAYS), st.integers(0, 4), arrivals)
def test_no_day_on_leave_is_unexcused_whatever_arrives(
    early: list[tuple[date, DayMark]], first: date, length: int, late: list[tuple[date, DayMark]]
) -> None:
    rolls, last = Rolls(), first + timedelta(days=length)
    commands: list[Any] = []
    for day, mark in early:
        commands.append(rolls.command(day, mark))
        rolls.marks[day] = mark
    commands.append(leave(first, last))
    for day, mark in late:
        commands.append(rolls.command(day, mark))
        rolls.marks[day] = mark
    state, _ = settled(*commands)
    unexcused = [mark.on for mark in state.marks if mark.mark == "unexcused"]
    assert not any(first <= day <= last for day in unexcused)
