"""A child's attendance: runs, leave, corrections, what each refuses, the days of the calendar."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.enrollment.domain.attendance import (
    LEAVE_BASIS,
    MAX_LEAVE_DAYS,
    AttendanceCorrected,
    EndLeave,
    LeaveBackwards,
    LeaveEnded,
    LeaveTooLong,
    MarkInFuture,
    NoLeave,
    Presence,
)
from shared.policy.calendar import SchoolCalendar, UnitTerm
from tests.enrollment.domain.attendance_facts import (
    CHILD,
    FRI,
    KLASS,
    MON,
    NEW_KLASS,
    NOW,
    PATH,
    THU,
    TUE,
    WED,
    absent,
    attendance,
    corrected,
    ended,
    exceeded,
    granted,
    leave,
    roll_of,
    settle,
    settled,
    streaks,
)

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


def test_a_present_child_that_was_not_away_has_no_event() -> None:
    attendance().when(settle(MON, "present")).then_nothing()
    attendance(absent(MON), ended(TUE)).when(settle(WED, "present")).then_nothing()
    attendance(absent(MON, "sick"), ended(TUE)).when(settle(WED, "present")).then_nothing()
    attendance(granted(TUE, FRI)).when(settle(MON, "present")).then_nothing()
    attendance(granted(MON, TUE), ended(TUE)).when(settle(WED, "present")).then_nothing()


def test_the_first_presence_after_leave_is_an_event_marked_or_not() -> None:
    """Whoever asked for the child tonight must learn that it is back."""
    attendance(absent(MON, "sick")).when(settle(TUE, "present")).then(ended(TUE))
    attendance(granted(MON, MON)).when(settle(TUE, "present")).then(ended(TUE))
    attendance(granted(TUE, FRI)).when(settle(WED, "present")).then(ended(WED))


def test_the_first_presence_ends_the_run() -> None:
    attendance(absent(MON)).when(settle(TUE, "present")).then(ended(TUE))


def test_an_excused_day_neither_counts_nor_resets() -> None:
    before = attendance(absent(MON), absent(TUE), absent(WED, "sick"), absent(THU))
    before.when(settle(FRI, "unexcused")).then(absent(FRI), exceeded(MON, FRI, 4))


def test_a_missing_roll_neither_counts_nor_resets() -> None:
    """Trap 3."""
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
    """Trap 5: the new class takes the run over until the child is seen."""
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
    """Trap 22, of leave: no day after it is excused."""
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
NEXT = UnitTerm("990101", "2027春", date(2027, 2, 22), date(2027, 7, 9))
CALENDAR = SchoolCalendar(terms=[SPRING, AUTUMN, NEXT])


@pytest.mark.parametrize(
    ("first", "fourth"),
    [
        (date(2026, 4, 29), date(2026, 5, 7)),  # last seen on 28 April; Labour Day between
        (date(2026, 3, 5), date(2026, 3, 10)),  # a weekend
        (date(2026, 2, 26), date(2026, 3, 2)),  # a make-up Saturday counts
        (date(2026, 7, 1), date(2026, 9, 1)),  # the summer between two terms
        (date(2027, 1, 14), date(2027, 2, 23)),  # winter break, the Spring Festival in it
    ],
)
def test_the_streak_runs_over_days_without_school(first: date, fourth: date) -> None:
    """Trap 2: a weekend, a holiday, a make-up Saturday, the break between two terms."""
    later = datetime(2027, 6, 1, tzinfo=UTC)
    days = CALENDAR.school_days(first, fourth + timedelta(days=3), PATH)
    said = streaks(*(settle(day, "unexcused", now=later) for day in days))
    assert said == [exceeded(first, fourth, 4)]
