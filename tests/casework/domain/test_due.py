"""Due times and periods: leap years, ends of months, school days, terms."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.casework.duties.due import Ground, NoDueTime, add_months, climbed_at, due_at
from services.casework.duties.periods import YEARLY_LEAD_DAYS, period_beginning, term_on
from shared.policy.calendar import SchoolCalendar, UnitTerm
from shared.policy.day import business_day, moment_of
from shared.policy.duty_schema import Due, DutyKind
from shared.policy.pack import seed_pack

PATH = "990000/990100/990101/990101001/2199010001"
TERM = UnitTerm("990101", "2026-2027-1", date(2026, 9, 1), date(2027, 1, 15))
SPRING = UnitTerm("990101", "2026-2027-2", date(2027, 2, 22), date(2027, 7, 2))
CALENDAR = SchoolCalendar((), (TERM, SPRING))


def ground(day: date, roll_forward: bool = False) -> Ground:
    term = term_on((TERM, SPRING), PATH.split("/"), day)
    return Ground(path=PATH, calendar=CALENDAR, term=term, roll_forward=roll_forward)


def due(begins: date, spec: Due, **data: object) -> datetime:
    return due_at(spec, moment_of(begins, "08:00"), ground(begins), data)


def last_day(at: datetime) -> date:
    """The day that ends at a due moment of 24:00."""
    return business_day(at - timedelta(microseconds=1))


def test_the_last_of_february_follows_the_year() -> None:
    february = Due(date="02-last")
    assert last_day(due(date(2027, 1, 30), february)) == date(2027, 2, 28)
    assert last_day(due(date(2028, 1, 30), february)) == date(2028, 2, 29)


def test_single_years_may_differ() -> None:
    spec = Due(date="02-10", years={2027: "02-22"})
    assert last_day(due(date(2027, 1, 23), spec)) == date(2027, 2, 22)
    assert last_day(due(date(2026, 1, 11), spec)) == date(2026, 2, 10)


def test_a_date_in_january_that_is_armed_in_december_is_the_next_years() -> None:
    assert last_day(due(date(2026, 12, 21), Due(date="01-20"))) == date(2027, 1, 20)


def test_school_days_skip_the_holiday() -> None:
    """2026-04-29: the first four school days after the 28th are 29, 30, 6 and 7 May."""
    calendar = SchoolCalendar()
    where = Ground(path="990000", calendar=calendar, term=None)
    at = due_at(Due(days=4, count="school"), moment_of(date(2026, 4, 28), "09:00"), where, {})
    assert last_day(at) == date(2026, 5, 7)


def test_calendar_days_do_not_count_the_first_and_roll_forward_only_where_chosen() -> None:
    spec = Due(after_opening="10d")
    assert last_day(due(date(2026, 9, 1), spec)) == date(2026, 9, 11)
    saturday = Due(days=4)
    at = moment_of(date(2026, 9, 1), "08:00")
    assert last_day(due_at(saturday, at, ground(date(2026, 9, 1)), {})) == date(2026, 9, 5)
    rolled = due_at(saturday, at, ground(date(2026, 9, 1), roll_forward=True), {})
    assert last_day(rolled) == date(2026, 9, 7)


def test_a_month_after_opening_ends_with_a_shorter_month() -> None:
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 5), 2) == date(2027, 2, 5)


def test_a_named_date_comes_from_the_event_and_its_absence_is_said() -> None:
    assert last_day(due(date(2026, 9, 2), Due(field="return_by"), return_by="2026-09-20")) == date(
        2026, 9, 20
    )
    with pytest.raises(NoDueTime):
        due(date(2026, 9, 2), Due(field="return_by"), return_by=None)


def kind(name: str) -> DutyKind:
    return seed_pack().file.duties[name]


def begins(name: str, day: date) -> str | None:
    return period_beginning(kind(name), day, ground(day))


def test_weeks_begin_on_monday_and_a_terms_first_week_on_its_first_day() -> None:
    assert begins("weekly_meeting", date(2026, 9, 1)) == "2026-W36"
    assert begins("weekly_meeting", date(2026, 9, 7)) == "2026-W37"
    assert begins("weekly_meeting", date(2026, 9, 8)) is None
    assert begins("weekly_meeting", date(2027, 1, 25)) is None, "winter break"


def test_months_of_a_township_count_in_holidays_too() -> None:
    assert begins("township_meeting", date(2027, 2, 1)) == "2027-02"
    assert begins("self_check", date(2027, 2, 1)) is None
    assert begins("self_check", date(2027, 2, 22)) == "2027-02"


def test_school_days_are_those_of_the_calendar() -> None:
    assert begins("daily_roll", date(2026, 10, 10)) == "2026-10-10", "a make-up Saturday"
    assert begins("daily_roll", date(2026, 10, 1)) is None
    assert begins("daily_roll", date(2027, 1, 20)) is None


def test_a_yearly_duty_is_armed_once_a_year_so_many_days_before() -> None:
    first = date(2026, 7, 1)
    days = [first + timedelta(days=n) for n in range(365)]
    armed = [(day, found) for day in days if (found := begins("publicity_plan", day))]
    assert armed == [(date(2027, 1, 20) - timedelta(days=YEARLY_LEAD_DAYS), "2027")]


def test_steps_climb_by_hours_days_and_school_days() -> None:
    breach = moment_of(date(2026, 9, 25), "24:00")  # a Friday night
    where = ground(date(2026, 9, 25))
    assert climbed_at("12h", breach, where) == breach + timedelta(hours=12)
    assert climbed_at("2d", breach, where) == breach + timedelta(days=2)
    monday = climbed_at("1w", breach, where)
    assert last_day(monday) == CALENDAR.next_school_day(date(2026, 9, 25), PATH)
    assert monday.tzinfo is UTC
