"""Terms of a school year, and which days of them are school days by the calendar that ships."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from baoxue.simulation.county import Term
from shared.event import SHANGHAI, business_day
from shared.policy.calendar import SchoolCalendar, UnitTerm

# A school year is named by the year it begins in; from this month on a day belongs to the new one.
FIRST_MONTH = 8
MONDAY, FRIDAY = 0, 4
# A term younger than this has no story to tell yet.
SETTLED_DAYS = 12
DAYS_BEFORE_TERM, MORNING = 4, time(9, 0)


def school_year(day: date) -> int:
    """The year in which the school year of `day` began."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def terms_of(year: int) -> tuple[Term, Term]:
    """Autumn from 1 September into January, spring from late February into July."""
    autumn = Term(
        code=f"{year}秋",
        name=f"{year}年秋季学期",
        opens_on=_weekday_from(date(year, 9, 1)),
        ends_on=_on_or_after(date(year + 1, 1, 14), FRIDAY),
    )
    spring = Term(
        code=f"{year + 1}春",
        name=f"{year + 1}年春季学期",
        opens_on=_on_or_after(date(year + 1, 2, 22), MONDAY),
        ends_on=_on_or_after(date(year + 1, 7, 1), FRIDAY),
    )
    return autumn, spring


def term_to_show(today: date) -> Term:
    """The term that runs today with at least a few days behind it, else the last one that ended."""
    year = school_year(today)
    known = [*terms_of(year - 1), *terms_of(year)]
    begun = [term for term in known if term.opens_on + timedelta(days=SETTLED_DAYS) <= today]
    return begun[-1]


def birth(term: Term) -> datetime:
    """When a simulated database begins, so that everything is set up before the first day."""
    return datetime.combine(term.opens_on - timedelta(days=DAYS_BEFORE_TERM), MORNING, SHANGHAI)


def birth_of_sample(now: datetime) -> datetime:
    return birth(term_to_show(business_day(now)))


def school_days(path: str, terms: Sequence[Term], first: date, last: date) -> tuple[date, ...]:
    """School days of the unit at `path` from `first` to `last`, both included."""
    unit = path.rpartition("/")[2]
    spans = [UnitTerm(unit, term.code, term.opens_on, term.ends_on) for term in terms]
    return SchoolCalendar((), spans).school_days(first, last, path)


def _weekday_from(day: date) -> date:
    return day if day.weekday() <= FRIDAY else _on_or_after(day, MONDAY)


def _on_or_after(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)
