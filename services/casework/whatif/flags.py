"""Flags under a pack: the attendance of a term, folded into runs by the rule that flags them."""

from bisect import insort
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.casework.duties.facts import Fact
from shared.policy.streak import Run, Span, exceeding, noted, runs_of

# Attendance that makes or breaks a run, and what says that a child is looked after already.
MARKS = {
    "enrollment.StudentAbsent": "mark",
    "enrollment.AttendanceCorrected": "now",
    "enrollment.AbsenceEnded": "",
}
FLAGGED = "casework.RiskFlagged"
OPENED = frozenset((FLAGGED, "casework.CaseOpened", "casework.CaseReopened"))
SETTLED = frozenset(("casework.RiskCleared", "casework.CaseClosed"))
FLAG_TYPES = frozenset((*MARKS, *OPENED, *SETTLED))


@dataclass(frozen=True, slots=True, order=True)
class Day:
    on: date
    mark: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A run that went over the line, told on the day `on`."""

    child: UUID
    first_on: date
    on: date
    path: str


@dataclass(slots=True)
class Flags:
    """One replay's runs by child; `busy`: an alert or a case of the child stands open."""

    found: list[Flag] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    _days: dict[str, list[Day]] = field(default_factory=lambda: defaultdict(list))
    _said: dict[str, tuple[Span, ...]] = field(default_factory=lambda: defaultdict(tuple))

    def take(self, fact: Fact, limit: int | None) -> Fact | None:
        """The flag that a fact raises under a limit of days, as the fact that arms duties."""
        child = fact.child
        if child is None:
            return None
        if fact.type in OPENED and not recorded_streak(fact):
            self.busy.add(child)
        elif fact.type in SETTLED:
            self.busy.discard(child)
        elif fact.type in MARKS and limit is not None:
            return self._marked(child, fact, limit)
        return None

    def _marked(self, child: str, fact: Fact, limit: int) -> Fact | None:
        days = self._days[child]
        before = list(runs_of(days))
        _mark(days, _day_of(fact))
        for run in list(exceeding(before, runs_of(days), self._said[child], limit)):
            self._said[child] = noted(self._said[child], Span(run.first_on, run.last_on, run.days))
            # A run that is over, or of a child who is looked after, raises nothing new.
            if not run.ended and child not in self.busy:
                return self._raised(child, fact, run)
        return None

    def _raised(self, child: str, fact: Fact, run: Run) -> Fact:
        self.busy.add(child)
        flag = Flag(child=UUID(child), first_on=run.first_on, on=run.last_on, path=fact.path)
        self.found.append(flag)
        data = {"child": child, "kind": "streak", "klass": fact.klass}
        # Named by the run's first day, so that the same run is the same cause under every limit.
        cause = replace(fact.cause, service="casework", seq=run.first_on.toordinal())
        return replace(fact, type=FLAGGED, stream=f"alert-{child}", data=data, cause=cause)


def recorded_streak(fact: Fact) -> bool:
    """A flag as it was raised then: a replay raises its own."""
    return fact.type == FLAGGED and fact.data.get("kind") == "streak"


def _day_of(fact: Fact) -> Day:
    mark = fact.data.get(MARKS[fact.type], "present")
    return Day(date.fromisoformat(fact.data["on"]), str(mark))


def _mark(days: list[Day], new: Day) -> None:
    """One mark a day; a correction takes its day's place."""
    days[:] = [day for day in days if day.on != new.on]
    insort(days, new)
