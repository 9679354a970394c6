"""A child's attendance: runs by date in any order of arrival, leave, corrections, the traps."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from services.enrollment.domain.attendance import (
    ATTENDANCE,
    LEAVE_BASIS,
    MAX_LEAVE_DAYS,
    AbsenceEnded,
    AbsenceStreakExceeded,
    Attendance,
    AttendanceCorrected,
    EndLeave,
    GrantLeave,
    LeaveBackwards,
    LeaveEnded,
    LeaveGranted,
    LeaveTooLong,
    MarkInFuture,
    NoLeave,
    Presence,
    SettleMark,
    StudentAbsent,
    decide,
)
from services.enrollment.domain.codes import AbsenceMark, DayMark, LeaveKind
from shared.policy.calendar import SchoolCalendar, UnitTerm
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


FOUR = (absent(MON), absent(TUE), absent(WED), absent(THU), exceeded(MON, THU, 4))


def test_the_third_day_is_not_more_than_three() -> None:
    attendance(absent(MON), absent(TUE)).when(settle(WED, "unexcused")).then(absent(WED))


def test_the_fourth_unexcused_day_exceeds() -> None:
    before = attendance(absent(MON), absent(TUE), absent(WED))
    before.when(settle(THU, "unexcused")).then(absent(THU), exceeded(MON, THU, 4))


def test_the_fifth_day_of_a_run_says_nothing_new() -> None:
    attendance(*FOUR).when(settle(FRI, "unexcused")).then(absent(FRI))


def test_a_run_after_a_return_exceeds_again() -> None:
    days = [date(2026, 3, day) for day in (9, 10, 11, 12)]
    before = attendance(*FOUR, ended(FRI), *(absent(day) for day in days[:3]))
    before.when(settle(days[3], "unexcused")).then(absent(days[3]), exceeded(days[0], days[3], 4))


def test_a_present_child_without_an_open_run_has_no_event() -> None:
    attendance().when(settle(MON, "present")).then_nothing()
    attendance(absent(MON, "sick")).when(settle(TUE, "present")).then_nothing()
    attendance(absent(MON), ended(TUE)).when(settle(WED, "present")).then_nothing()


def test_the_first_presence_ends_the_run() -> None:
    attendance(absent(MON)).when(settle(TUE, "present")).then(ended(TUE))


def test_an_excused_day_neither_counts_nor_resets() -> None:
    before = attendance(absent(MON), absent(TUE), absent(WED, "sick"), absent(THU))
    before.when(settle(FRI, "unexcused")).then(absent(FRI), exceeded(MON, FRI, 4))


def test_a_missing_roll_neither_counts_nor_resets() -> None:
    before = attendance(absent(MON), absent(TUE), absent(THU))
    before.when(settle(FRI, "unexcused")).then(absent(FRI), exceeded(MON, FRI, 4))


def test_the_same_mark_again_changes_nothing() -> None:
    attendance(absent(MON)).when(settle(MON, "unexcused")).then_nothing()


def test_a_correction_names_both_marks_and_its_roll() -> None:
    attendance(absent(MON)).when(settle(MON, "present")).then(
        corrected(MON, "unexcused", "present")
    )
    attendance(absent(MON)).when(settle(MON, "sick")).then(corrected(MON, "unexcused", "sick"))


def test_a_presence_that_had_no_event_is_corrected_all_the_same() -> None:
    attendance().when(settle(MON, "unexcused", was="present")).then(
        corrected(MON, "present", "unexcused")
    )


def test_a_late_presence_splits_a_run() -> None:
    state, events = settled(
        *(settle(day, "unexcused") for day in (MON, TUE, THU, FRI)), settle(WED, "present")
    )
    assert [run.days for run in state.runs()] == [2, 2]
    assert events[-1] == ended(WED)


def test_a_late_correction_that_joins_two_runs_exceeds() -> None:
    before = attendance(absent(MON), absent(TUE), ended(WED), absent(THU), absent(FRI))
    before.when(settle(WED, "sick")).then(corrected(WED, "present", "sick"), exceeded(MON, FRI, 4))


def test_a_run_that_had_ended_when_it_was_recorded_says_so() -> None:
    late = settle(THU, "unexcused", present_after=Presence(on=FRI, klass=KLASS, roll=roll_of(FRI)))
    before = attendance(absent(MON), absent(TUE), absent(WED))
    before.when(late).then(absent(THU), ended(FRI), exceeded(MON, THU, 4, over=True))


def test_one_that_shrinks_but_stays_too_long_is_the_same_run() -> None:
    before = attendance(*FOUR, absent(FRI))
    before.when(settle(MON, "sick")).then(corrected(MON, "unexcused", "sick"))


def test_a_run_cut_short_and_grown_again_is_said_again() -> None:
    before = attendance(*FOUR, corrected(TUE, "unexcused", "sick"))
    before.when(settle(FRI, "unexcused")).then(absent(FRI), exceeded(MON, FRI, 4))


def test_a_stricter_rule_finds_the_run_at_its_next_day_and_a_milder_one_does_not_repeat() -> None:
    monday = date(2026, 3, 9)
    before = attendance(absent(MON), absent(TUE), absent(WED))
    before.when(settle(THU, "unexcused", streak_more_than_days=2)).then(
        absent(THU), exceeded(MON, THU, 4)
    )
    longer = attendance(*FOUR, absent(FRI))
    longer.when(settle(monday, "unexcused", streak_more_than_days=5)).then(absent(monday))


def test_a_transfer_in_the_middle_of_a_run_continues_it() -> None:
    before = attendance(absent(MON), absent(TUE), absent(WED))
    said = before.when(settle(THU, "unexcused", klass=NEW_KLASS))
    said.then(
        replace(absent(THU), klass=NEW_KLASS), replace(exceeded(MON, THU, 4), klass=NEW_KLASS)
    )


def test_leave_entered_later_corrects_the_days_it_covers_and_only_unexcused_ones() -> None:
    before = attendance(absent(MON), absent(TUE, "personal"), absent(WED), ended(FRI))
    before.when(leave(MON, FRI)).then(
        granted(MON, FRI),
        corrected(MON, "unexcused", "sick", LEAVE_BASIS),
        corrected(WED, "unexcused", "sick", LEAVE_BASIS),
    )


def test_leave_entered_after_the_streak_leaves_the_streak_on_record() -> None:
    state, events = settled(
        *(settle(day, "unexcused") for day in (MON, TUE, WED, THU)), leave(MON, THU)
    )
    assert state.runs() == ()
    assert exceeded(MON, THU, 4) in events
    assert [e.was for e in events if isinstance(e, AttendanceCorrected)] == ["unexcused"] * 4


def test_a_child_on_leave_is_excused_whatever_the_roll_knew() -> None:
    attendance(granted(MON, WED)).when(settle(TUE, "unexcused")).then(absent(TUE, "sick"))


def test_leave_that_expires_without_return_counts_from_the_next_day() -> None:
    commands = [settle(MON + timedelta(days=n), "unexcused") for n in (0, 1, 2, 3, 4, 7)]
    assert streaks(leave(MON, TUE), *commands) == [exceeded(WED, date(2026, 3, 9), 4)]


def test_the_same_leave_twice_is_one() -> None:
    attendance(granted(MON, FRI)).when(leave(TUE, WED)).then_nothing()
    attendance(granted(MON, TUE)).when(leave(MON, WED)).then(granted(MON, WED))
    attendance(granted(MON, TUE)).when(leave(MON, TUE, "personal")).then(
        granted(MON, TUE, "personal")
    )


def test_leave_taken_back_lets_a_correction_count_again() -> None:
    state, events = settled(
        settle(MON, "unexcused"),
        leave(MON, TUE),
        EndLeave(child=CHILD, on=MON, now=NOW),
        settle(MON, "unexcused"),
    )
    assert [run.days for run in state.runs()] == [1]
    assert events[-2:] == [LeaveEnded(child=CHILD, on=MON), corrected(MON, "sick", "unexcused")]


def test_ended_leave_excuses_only_the_days_before() -> None:
    before = attendance(granted(MON, FRI), LeaveEnded(child=CHILD, on=WED))
    before.when(settle(TUE, "unexcused")).then(absent(TUE, "sick"))
    before.when(settle(WED, "unexcused")).then(absent(WED))


def test_refusals() -> None:
    tomorrow = date(2026, 8, 1)
    attendance().when(settle(tomorrow, "unexcused")).then_rejected(MarkInFuture)
    attendance().when(leave(TUE, MON)).then_rejected(LeaveBackwards)
    attendance().when(leave(MON, MON + timedelta(MAX_LEAVE_DAYS))).then_rejected(LeaveTooLong)
    attendance().when(EndLeave(child=CHILD, on=MON, now=NOW)).then_rejected(NoLeave)


# The calendar decides which days have a roll; the run counts those with a mark.
SPRING = UnitTerm("990101", "2026春", date(2026, 2, 24), date(2026, 7, 3))
AUTUMN = UnitTerm("990101", "2026秋", date(2026, 9, 1), date(2027, 1, 15))
CALENDAR = SchoolCalendar(terms=[SPRING, AUTUMN])


@pytest.mark.parametrize(
    ("first", "fourth"),
    [
        (date(2026, 4, 29), date(2026, 5, 7)),  # last seen on 28 April; Labour Day between
        (date(2026, 3, 5), date(2026, 3, 10)),  # a weekend
        (date(2026, 2, 26), date(2026, 3, 2)),  # a make-up Saturday counts
        (date(2026, 7, 1), date(2026, 9, 1)),  # the summer between two terms
    ],
)
def test_the_streak_runs_over_days_without_school(first: date, fourth: date) -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    days = CALENDAR.school_days(first, fourth + timedelta(days=3), PATH)
    said = streaks(*(settle(day, "unexcused", now=later) for day in days))
    assert said == [exceeded(first, fourth, 4)]


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
