"""A child's page (template `child.html`)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.web.models.case import TimelineEvent
from shared.web.models.layout import Link
from shared.web.models.masked import Masked
from shared.web.models.today import Duty

DayMark = Literal["present", "unexcused", "sick", "personal", "missing", "ahead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripDay:
    """One school day. `missing`: no roll was taken; `ahead`: still to come."""

    on: date
    mark: DayMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A school year's attendance: its school days in order, and what was done, as (day, word)."""

    title: str
    first_on: date
    last_on: date
    today: date
    days: tuple[StripDay, ...]
    steps: tuple[tuple[date, str], ...] = ()

    def count(self, mark: DayMark) -> int:
        return sum(day.mark == mark for day in self.days)

    @property
    def months(self) -> tuple[tuple[date, dict[DayMark, int]], ...]:
        """For the table beside the strip: each month's first day and its counts by mark."""
        table: dict[date, dict[DayMark, int]] = {}
        for day in self.days:
            counts = table.setdefault(day.on.replace(day=1), {})
            counts[day.mark] = counts.get(day.mark, 0) + 1
        return tuple(table.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPage:
    """`rows` are open facts, label and value; `guardians` are masked phones under their names.

    `casework` is the path of what casework knows of the child: a fragment, asked for by the page,
    that stands in the place of `duties`.
    """

    name: str
    about: str
    crumbs: tuple[Link, ...]
    strip: Strip
    identity: tuple[Masked, ...]
    rows: tuple[tuple[str, str], ...]
    guardians: tuple[Masked, ...]
    responsible: tuple[tuple[str, str], ...]
    duties: tuple[Duty, ...]
    events: tuple[TimelineEvent, ...]
    event_total: int
    replay: Link | None
    tags: tuple[str, ...] = ()
    cases: tuple[Link, ...] = ()
    actions: tuple[Link, ...] = ()
    back: str = ""
    casework: str = ""
