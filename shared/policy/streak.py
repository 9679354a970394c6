"""Runs of unexcused days: how they are folded by date, and which of them are newly too long."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """A run as it stood when it was said to be too long."""

    first_on: date
    last_on: date
    days: int

    def meets(self, other: "Run | Span") -> bool:
        return self.first_on <= other.last_on and other.first_on <= self.last_on


@dataclass(frozen=True, slots=True)
class Run:
    """Unexcused days with no presence between them. `ended`: a presence after it is known."""

    first_on: date
    last_on: date
    days: int
    ended: bool


class Marked(Protocol):
    """A day's mark: present, unexcused, sick or personal."""

    @property
    def on(self) -> date: ...
    @property
    def mark(self) -> str: ...


def runs_of(marks: Iterable[Marked]) -> Iterator[Run]:
    """All runs, from marks by date. Excused days and days without a mark do not count."""
    days: list[date] = []
    for mark in marks:
        if mark.mark == "unexcused":
            days.append(mark.on)
        elif mark.mark == "present" and days:
            yield Run(days[0], days[-1], len(days), ended=True)
            days = []
    if days:
        yield Run(days[0], days[-1], len(days), ended=False)


def exceeding(
    before: Iterable[Run], after: Iterable[Run], said: Sequence[Span], limit: int
) -> Iterator[Run]:
    """Runs of more than `limit` days that nobody was told of; `said`: what was told of them.

    Once a run: one that merely grew, shrank a little or joined another is still the same. A run
    that corrections had cut below what was told, and below the limit, is a new one.
    """
    told = [run for run in before if _is_told(run, said, limit)]
    for run in after:
        if run.days > limit and not any(_meet(run, other) for other in told):
            yield run


def noted(said: Sequence[Span], new: Span) -> tuple[Span, ...]:
    """A run that grew back together replaces what was said of its parts."""
    return (*(span for span in said if not span.meets(new)), new)


def _is_told(run: Run, said: Sequence[Span], limit: int) -> bool:
    return any(span.meets(run) and (run.days > limit or run.days >= span.days) for span in said)


def _meet(run: Run, other: Run) -> bool:
    return run.first_on <= other.last_on and other.first_on <= run.last_on
