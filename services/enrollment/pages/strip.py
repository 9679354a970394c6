"""The attendance strip of a child: one bar a school day of the whole school year."""

from datetime import date, timedelta

from services.enrollment.queries.attendance import Year
from shared.policy.calendar import SchoolCalendar
from shared.web.models.child import DayMark, Strip, StripDay

# A school year runs from 1 September; its strip keeps its width while later terms are unknown.
FIRST_MONTH = 9
LAST_MONTH, LAST_DAY = 7, 10


def school_year(today: date) -> tuple[date, date]:
    """First and last day of the school year that holds `today`."""
    first = date(today.year - (today.month < FIRST_MONTH), FIRST_MONTH, 1)
    return first, date(first.year + 1, FIRST_MONTH, 1) - timedelta(days=1)


def strip_of(calendar: SchoolCalendar, path: str, today: date, year: Year) -> Strip:
    """A day without a roll is a gap, neither present nor absent; today waits for its cut-off."""
    first, last = school_year(today)
    days = [
        StripDay(on=day, mark=mark_of(year, day, today))
        for day in calendar.school_days(first, last, path)
        if day > today or year.sat(day)
    ]
    ends = max([date(last.year, LAST_MONTH, LAST_DAY), *(day.on for day in days[-1:])])
    return Strip(
        title=f"{first.year}—{last.year} 学年出勤",
        first_on=first,
        last_on=ends,
        today=today,
        days=tuple(days),
        steps=tuple((day, "到预警线") for day in year.long_runs),
    )


def mark_of(year: Year, day: date, today: date) -> DayMark:
    if day > today:
        return "ahead"
    taken, missing = year.rolls.get(day, (False, False))
    if mark := year.marks.get(day):
        return mark  # type: ignore[return-value]  # the column holds these three words alone
    if taken:
        return "present"
    return "ahead" if day == today and not missing else "missing"
