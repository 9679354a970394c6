"""What is done for a child without a case: evening calls, visits, difficulties."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from services.casework.domain.refusals import AlreadyLogged
from services.casework.domain.times import not_after_today, not_later_than_now
from shared.decider import Decider
from shared.sealed import Sealed

# Keys kept in the state to tell a repeated entry; older repeats are caught by the command's id.
SEEN_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EveningCallLogged:
    child: UUID
    leave_on: date
    called_at: datetime
    disposition: str
    better: bool | None
    tomorrow: bool | None
    settled: bool | None
    help: bool | None
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildVisited:
    child: UUID
    visited_at: datetime
    met: tuple[str, ...]
    outcome: str
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultyRecorded:
    child: UUID
    kind: str
    note: Sealed | None


CallsEvent: TypeAlias = EveningCallLogged | ChildVisited | DifficultyRecorded
EVENTS: dict[str, type] = {
    cls.__name__: cls for cls in (EveningCallLogged, ChildVisited, DifficultyRecorded)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """`seen`: kind and time of what was entered."""

    seen: tuple[str, ...] = ()


STATES: dict[str, type] = {"calls": Calls}


def phase(state: Calls) -> str:
    """There is one phase: entries are only ever added."""
    return "calls"


def evolve(state: Calls, event: CallsEvent) -> Calls:
    """Never refuses: whatever was recorded has happened."""
    key = _key(event)
    return replace(state, seen=(*state.seen, key)[-SEEN_KEPT:]) if key else state


def _key(event: CallsEvent) -> str:
    match event:
        case EveningCallLogged(called_at=at):
            return f"call {at.isoformat()}"
        case ChildVisited(visited_at=at):
            return f"visit {at.isoformat()}"
        case DifficultyRecorded():
            return ""
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEveningCall:
    """`difficulty`: where the guardian asks for help, what kind and in which words."""

    call: EveningCallLogged
    difficulty: DifficultyRecorded | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVisit:
    visit: ChildVisited
    now: datetime


CallsCommand: TypeAlias = LogEveningCall | LogVisit
ALLOWED: dict[str, frozenset[type]] = {"calls": frozenset({LogEveningCall, LogVisit})}


def decide(command: CallsCommand, state: Calls) -> list[CallsEvent]:
    """Raises CommandRejected."""
    match command:
        case LogEveningCall(call=call, difficulty=difficulty, now=now):
            not_later_than_now("called_at", "通话", call.called_at, now)
            not_after_today("leave_on", "请假", call.leave_on, now)
            _once(call, state)
            return [call, difficulty] if difficulty else [call]
        case LogVisit(visit=visit, now=now):
            not_later_than_now("visited_at", "到访", visit.visited_at, now)
            _once(visit, state)
            return [visit]
        case _:
            assert_never(command)


def _once(event: CallsEvent, state: Calls) -> None:
    if _key(event) in state.seen:
        raise AlreadyLogged("同一时间已经登记过一次。核对时间，或不用再登记。", field="at")


CALLS: Decider[CallsCommand, CallsEvent, Calls] = Decider(Calls(), decide, evolve)
