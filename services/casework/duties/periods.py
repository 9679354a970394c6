"""Periods: which of a pack's periodic duties begin on a day, and what the period is called."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.casework.duties.due import Ground, yearly
from shared.policy.calendar import UnitTerm
from shared.policy.duty_schema import DutyKind

# How long before its date a yearly duty is armed: it is on the list of the month, not of the year.
YEARLY_LEAD_DAYS = 30
BY_DAYS = frozenset(("school_day", "week", "month"))


def term_on(terms: Sequence[UnitTerm], units: Sequence[str], day: date) -> UnitTerm | None:
    """The term of the nearest unit that a day lies in."""
    rank = {unit: place for place, unit in enumerate(units)}
    found = [t for t in terms if t.unit in rank and t.opens_on <= day <= t.ends_on]
    return min(found, key=lambda t: rank[t.unit], default=None)


def period_beginning(kind: DutyKind, day: date, ground: Ground) -> str | None:
    """The name of the period that begins for the unit on the day, else None.

    Named: 2026-11-24, 2026-W48, 2026-11, a term's code, 2027. A week, a month begins on its
    first day that lies in the term, so that a term's first week counts; in_school_time false:
    every month counts, in holidays too.
    """
    every = kind.arm.every
    if every == "school_day":
        return _if(ground.calendar.is_school_day(day, ground.path).school, day.isoformat())
    if every == "year":
        return _yearly(kind, day)
    if every == "term":
        term = ground.term
        return _if(term is not None and day == term.opens_on, term.term if term else "")
    if kind.in_school_time and ground.term is None:
        return None
    first = _first_of(every or "", day)
    if kind.in_school_time and ground.term is not None:
        first = max(first, ground.term.opens_on)
    return _if(day == first, period_name(every or "", day))


def period_name(every: str, day: date) -> str:
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day.year}-{day.month:02}"


def of_period(kind: DutyKind, began: date, day: date, data: Mapping[str, Any]) -> bool:
    """Whether what happened on a day answers for the period that began on another.

    This week's meeting makes up for none of the week before; a roll handed in late says which day
    it is of (`on`), a self-check which month. Terms and years are not told apart by days.
    """
    every = kind.arm.every
    if every not in BY_DAYS:
        return True
    if every == "month" and isinstance(data.get("month"), str):
        return data["month"] == period_name(every, began)
    if isinstance(data.get("on"), str):
        day = date.fromisoformat(data["on"])
    return day == began if every == "school_day" else same_period(every, day, began)


def same_period(every: str, one: date, other: date) -> bool:
    return period_name(every, one) == period_name(every, other)


def _first_of(every: str, day: date) -> date:
    return day - timedelta(days=day.weekday()) if every == "week" else day.replace(day=1)


def _yearly(kind: DutyKind, day: date) -> str | None:
    """Armed so many days before its date, in whichever year that date lies.

    The year alone names it: rules that move the date in mid-year ask for nothing a second time.
    """
    due = yearly(kind.due, (day + timedelta(days=YEARLY_LEAD_DAYS)).year)
    return _if(due - timedelta(days=YEARLY_LEAD_DAYS) == day, str(due.year))


def _if(holds: bool, name: str) -> str | None:
    return name if holds else None
