"""Who answers for one target under one tier of a scheme, from when to when."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias, assert_never

from services.casework.domain.duty_events import DutyTarget
from services.casework.domain.refusals import NotInThisPhase
from shared.decider import CommandRejected, Decider

A_DAY = timedelta(days=1)


class AlreadyHeld(CommandRejected):
    """The tier allows one holder, and there is one on those days."""

    code = "already_held"


class DatesTurned(CommandRejected):
    """An end before its beginning."""

    code = "dates_turned"


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderOf:
    """`kind`: staff (a uuid) or office (a unit's code or a name)."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibilityAssigned:
    scheme: str
    tier: str
    line: str
    share: str
    target: DutyTarget
    holder: HolderOf
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibilityEnded:
    """`on`: the first day on which it is no longer held."""

    scheme: str
    tier: str
    target: DutyTarget
    holder: HolderOf
    on: date
    reason: str
    successor: HolderOf | None


ResponsibilityEvent: TypeAlias = ResponsibilityAssigned | ResponsibilityEnded
EVENTS: dict[str, type] = {
    cls.__name__: cls for cls in (ResponsibilityAssigned, ResponsibilityEnded)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One holder's days, both included."""

    holder: HolderOf
    since: date
    until: date | None

    def meets(self, since: date, until: date | None) -> bool:
        begins_in_time = until is None or self.since <= until
        return begins_in_time and (self.until is None or since <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    held: tuple[Held, ...] = ()

    def holder_on(self, holder: HolderOf, on: date) -> Held | None:
        found = (h for h in self.held if h.holder == holder and h.meets(on, on))
        return next(found, None)


STATES: dict[str, type] = {"responsibility": Responsibility}


def phase(state: Responsibility) -> str:
    """There is one phase: holders come and go."""
    return "responsibility"


def evolve(state: Responsibility, event: ResponsibilityEvent) -> Responsibility:
    """Never refuses: whatever was recorded has happened."""
    match event:
        case ResponsibilityAssigned(holder=holder, since=since, until=until):
            return replace(state, held=(*state.held, Held(holder=holder, since=since, until=until)))
        case ResponsibilityEnded(holder=holder, on=on):
            last = on - A_DAY
            held = (_ended(one, last) if one.holder == holder else one for one in state.held)
            return replace(state, held=tuple(one for one in held if _lasts(one)))
        case _:
            assert_never(event)


def _ended(one: Held, last: date) -> Held:
    still = one.until is None or one.until > last
    return replace(one, until=last) if still else one


def _lasts(one: Held) -> bool:
    """A holding that ended before it began never was."""
    return one.until is None or one.until >= one.since


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignResponsibility:
    """`exactly_one`: the tier allows a single holder; `instead`: the holder it passes from."""

    scheme: str
    tier: str
    line: str
    share: str
    target: DutyTarget
    holder: HolderOf
    since: date
    until: date | None
    exactly_one: bool
    instead: HolderOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndResponsibility:
    scheme: str
    tier: str
    target: DutyTarget
    holder: HolderOf
    on: date
    reason: str
    successor: HolderOf | None = None


ResponsibilityCommand: TypeAlias = AssignResponsibility | EndResponsibility
ALLOWED: dict[str, frozenset[type]] = {
    "responsibility": frozenset({AssignResponsibility, EndResponsibility})
}


def decide(command: ResponsibilityCommand, state: Responsibility) -> list[ResponsibilityEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case AssignResponsibility():
            return _assign(command, state)
        case EndResponsibility():
            return _end(command, state)
        case _:
            assert_never(command)


def _assign(command: AssignResponsibility, state: Responsibility) -> list[ResponsibilityEvent]:
    since, until = command.since, command.until
    if until is not None and until < since:
        raise DatesTurned("结束日期早于开始日期。改正日期。", field="until")
    if any(h.holder == command.holder and h.meets(since, until) for h in state.held):
        return []
    ended = _passed_on(command, state)
    leaving = {one.holder for one in ended}
    others = [h for h in state.held if h.holder not in leaving and h.meets(since, until)]
    if command.exactly_one and others:
        raise AlreadyHeld("这里已经有人负责，这一层只能有一人。先写明由谁交给谁。", field="holder")
    assigned = ResponsibilityAssigned(
        scheme=command.scheme,
        tier=command.tier,
        line=command.line,
        share=command.share,
        target=command.target,
        holder=command.holder,
        since=since,
        until=until,
    )
    return [*ended, assigned]


def _passed_on(command: AssignResponsibility, state: Responsibility) -> list[ResponsibilityEnded]:
    """The holder it passes from, where that one still holds it on the first day."""
    instead = command.instead
    if instead is None or state.holder_on(instead, command.since) is None:
        return []
    return [
        ResponsibilityEnded(
            scheme=command.scheme,
            tier=command.tier,
            target=command.target,
            holder=instead,
            on=command.since,
            reason="handed_on",
            successor=command.holder,
        )
    ]


def _end(command: EndResponsibility, state: Responsibility) -> list[ResponsibilityEvent]:
    held = [h for h in state.held if h.holder == command.holder]
    if not held:
        raise NotInThisPhase("这个人没有负责这里。刷新后看现在是谁。", field="holder")
    if all(h.until is not None and h.until < command.on for h in held):
        return []
    return [
        ResponsibilityEnded(
            scheme=command.scheme,
            tier=command.tier,
            target=command.target,
            holder=command.holder,
            on=command.on,
            reason=command.reason,
            successor=command.successor,
        )
    ]


RESPONSIBILITY: Decider[ResponsibilityCommand, ResponsibilityEvent, Responsibility] = Decider(
    Responsibility(), decide, evolve
)
