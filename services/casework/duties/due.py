"""Due times: computed once, from the pack and the calendar in force, and then recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.policy.calendar import SchoolCalendar, UnitTerm
from shared.policy.day import business_day, due_day, moment_of
from shared.policy.duty_schema import Due

END_OF_DAY = "24:00"
DAYS_A_WEEK = 7
MONTHS_A_YEAR = 12


class NoDueTime(ValueError):
    """The date that the due time rests on is not there: no term, or no such field in the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What due times rest on for one unit: its path, calendar and the term of the day, if any."""

    path: str
    calendar: SchoolCalendar
    term: UnitTerm | None
    roll_forward: bool = False


def due_at(due: Due, began: datetime, ground: Ground, data: Mapping[str, Any]) -> datetime:
    """The due moment (UTC) of a duty that began at a moment. Raises NoDueTime."""
    if due.hours is not None:
        return began + timedelta(hours=due.hours)
    day = business_day(began)
    if due.at is not None:
        return moment_of(day, due.at)
    return moment_of(_forward(_last_day(due, day, ground, data), due, ground), END_OF_DAY)


def _last_day(due: Due, day: date, ground: Ground, data: Mapping[str, Any]) -> date:
    if due.days is not None:
        return _after(day, due.days, due.count, ground)
    if due.end is not None:
        return end_of(due.end, day, ground)
    if due.date is not None:
        this_year = yearly(due, day.year)
        return this_year if this_year >= day else yearly(due, day.year + 1)
    if due.after_opening is not None:
        return _after_opening(due.after_opening, ground)
    return _named(due, data)


def yearly(due: Due, year: int) -> date:
    """The date of a yearly deadline in one year; single years may differ."""
    assert due.date is not None, "only yearly deadlines have a date"
    return due_day(due.years.get(year, due.date), year)


def _after(day: date, days: int, count: str, ground: Ground) -> date:
    """The day of the beginning is not counted (民法典 第201条)."""
    if count == "calendar":
        return day + timedelta(days=days)
    for _ in range(days):
        following = ground.calendar.next_school_day(day, ground.path)
        day = following or day + timedelta(days=1)
    return day


def end_of(period: str, day: date, ground: Ground) -> date:
    """The last day of the week (Sunday), month or term that a day lies in."""
    if period == "week":
        return day + timedelta(days=DAYS_A_WEEK - 1 - day.weekday())
    if period == "month":
        return due_day(f"{day.month:02}-last", day.year)
    if ground.term is None:
        raise NoDueTime("没有学期")
    return ground.term.ends_on


def _after_opening(span: str, ground: Ground) -> date:
    if ground.term is None:
        raise NoDueTime("没有学期")
    number, opened = int(span[:-1]), ground.term.opens_on
    return opened + timedelta(days=number) if span.endswith("d") else add_months(opened, number)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it is shorter."""
    at = day.month - 1 + months
    year, month = day.year + at // MONTHS_A_YEAR, at % MONTHS_A_YEAR + 1
    last = due_day(f"{month:02}-last", year).day
    return date(year, month, min(day.day, last))


def _named(due: Due, data: Mapping[str, Any]) -> date:
    found = data.get(due.field or "")
    try:
        return date.fromisoformat(str(found)[:10])
    except ValueError as error:
        raise NoDueTime(f"{due.field} 没有日期") from error


def _forward(day: date, due: Due, ground: Ground) -> date:
    """A county may let a last day without school move to the next school day (第203条)."""
    counted = due.days is not None or due.after_opening is not None
    if not (ground.roll_forward and counted) or due.count == "school":
        return day
    if ground.calendar.is_school_day(day, ground.path).school:
        return day
    return ground.calendar.next_school_day(day, ground.path) or day


def climbed_at(after: str, breached_at: datetime, ground: Ground) -> datetime:
    """When a step of escalation comes: hours, calendar days or school days after the breach."""
    number, unit = int(after[:-1]), after[-1]
    if unit == "h":
        return breached_at + timedelta(hours=number)
    if unit == "d":
        return breached_at + timedelta(days=number)
    # A breach at 24:00 belongs to the day that ended with it.
    day = business_day(breached_at - timedelta(microseconds=1))
    later = _after(day, number, "school", ground)
    return (breached_at + (later - day)).astimezone(UTC)
