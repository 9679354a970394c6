"""A duty: somebody does something by a time, shows it, and answers for it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias, assert_never
from uuid import UUID

from services.casework.domain.alert_events import Cause
from services.casework.domain.duty_events import (
    EVENTS,
    DutyAdvanced,
    DutyArmed,
    DutyBreached,
    DutyCancelled,
    DutyEscalated,
    DutyEvent,
    DutyReplanned,
    DutySatisfied,
    DutyTarget,
    EvidenceFiled,
)
from services.casework.domain.refusals import EvidenceNeeded, NotInThisPhase
from services.casework.domain.times import not_after_today
from shared.decider import Decider
from shared.sealed import Attachment, Sealed

__all__ = ["DUTY", "EVENTS", "STATES"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unarmed:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """`told`: steps of escalation that were taken; `evidence`: what counts towards `needed`."""

    duty: UUID
    kind: str
    target: DutyTarget
    starts_at: datetime
    due_at: datetime
    needed: int
    evidence: tuple[Cause, ...] = ()
    told: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached(Armed):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfied(Armed):
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Armed):
    reason: str


Duty: TypeAlias = Unarmed | Armed | Breached | Satisfied | Cancelled
STATES: dict[str, type] = {
    "unarmed": Unarmed,
    "armed": Armed,
    "breached": Breached,
    "satisfied": Satisfied,
    "late": Satisfied,
    "cancelled": Cancelled,
}


def phase(duty: Duty) -> str:
    if isinstance(duty, Satisfied):
        return "late" if duty.late else "satisfied"
    return type(duty).__name__.lower()


def evolve(duty: Duty, event: DutyEvent) -> Duty:
    """Never refuses: whatever was recorded has happened."""
    match event:
        case DutyArmed():
            return _armed(event)
        case _ if isinstance(duty, Unarmed):
            return duty
        case DutyAdvanced(cause=cause):
            return replace(duty, evidence=(*duty.evidence, *((cause,) if cause else ())))
        case DutySatisfied(late=late, evidence=evidence):
            return Satisfied(**_kept(replace(duty, evidence=evidence)), late=late)
        case DutyBreached():
            return Breached(**_kept(duty))
        case DutyEscalated(step=step):
            return replace(duty, told=(*duty.told, step))
        case DutyReplanned(due_at=due_at):
            return replace(duty, due_at=due_at)
        case DutyCancelled(reason=reason):
            return Cancelled(**_kept(duty), reason=reason)
        case EvidenceFiled():
            return duty
        case _:
            assert_never(event)


def _armed(event: DutyArmed) -> Armed:
    return Armed(
        duty=event.duty,
        kind=event.kind,
        target=event.target,
        starts_at=event.starts_at,
        due_at=event.due_at,
        needed=event.needed,
    )


def _kept(duty: Armed) -> dict[str, Any]:
    return {name: getattr(duty, name) for name in Armed.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmDuty:
    """Everything that is recorded at the arming; armed once, a second time changes nothing."""

    armed: DutyArmed


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeEvidence:
    """A fact that counts: it happened `at`, and `cause` says which event shows it.

    `recorded_at`: when it was entered. We may hear of it only after the due time has passed here.
    """

    at: datetime
    cause: Cause
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FallDue:
    """The due time has come: a breach unless it is done; `holders` as they are at that time."""

    holders: tuple[UUID, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    step: int
    role: str
    to: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """Another due time by a later calendar; what has fallen due stays."""

    due_at: datetime
    calendar: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDuty:
    reason: str
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEvidence:
    done_on: date
    note: Sealed | None
    attachment: Attachment | None
    now: datetime


DutyCommand: TypeAlias = (
    ArmDuty | TakeEvidence | FallDue | Escalate | Replan | CancelDuty | FileEvidence
)
# What each state allows; everything else is answered with nothing, or refused to a person.
ALLOWED: dict[str, frozenset[type]] = {
    "unarmed": frozenset({ArmDuty}),
    "armed": frozenset({TakeEvidence, FallDue, Replan, CancelDuty, FileEvidence}),
    "breached": frozenset({TakeEvidence, Escalate, CancelDuty, FileEvidence}),
    "satisfied": frozenset(),
    "late": frozenset(),
    "cancelled": frozenset(),
}


def decide(command: DutyCommand, duty: Duty) -> list[DutyEvent]:
    """The events of a command; what the software repeats or comes late with decides nothing.

    Only `FileEvidence`, which a person sends, raises CommandRejected.
    """
    if type(command) not in ALLOWED[phase(duty)]:
        if isinstance(command, FileEvidence):
            raise NotInThisPhase("这项任务已经结束，不用再提交。刷新后看最新情况。", field="duty")
        return []
    if isinstance(command, ArmDuty):
        return [command.armed]
    assert isinstance(duty, Armed), "only an armed duty allows anything else"
    match command:
        case TakeEvidence():
            return _take(command, duty)
        case FallDue():
            return _fall_due(command, duty)
        case Escalate():
            return _escalate(command, duty)
        case Replan():
            return _replan(command, duty)
        case CancelDuty():
            return [DutyCancelled(duty=duty.duty, reason=command.reason, cause=command.cause)]
        case FileEvidence():
            return _file(command, duty)
        case _:
            assert_never(command)


def _take(command: TakeEvidence, duty: Armed) -> list[DutyEvent]:
    """Before it began nothing counts, and one event counts once.

    After the breach it is late, unless it was entered in time and only we heard of it too late.
    """
    at, cause = command.at, command.cause
    if at < duty.starts_at or cause in duty.evidence:
        return []
    evidence = (*duty.evidence, cause)
    if len(evidence) < duty.needed:
        return [DutyAdvanced(duty=duty.duty, got=len(evidence), at=at, cause=cause)]
    entered_late = isinstance(duty, Breached) and command.recorded_at > duty.due_at
    late = at > duty.due_at or entered_late
    return [DutySatisfied(duty=duty.duty, at=at, late=late, evidence=evidence)]


def _fall_due(command: FallDue, duty: Armed) -> list[DutyEvent]:
    if command.now < duty.due_at:
        return []
    return [DutyBreached(duty=duty.duty, due_at=duty.due_at, holders=command.holders)]


def _escalate(command: Escalate, duty: Armed) -> list[DutyEvent]:
    """Each step once; whoever is told stays told."""
    if command.step in duty.told:
        return []
    return [DutyEscalated(duty=duty.duty, step=command.step, role=command.role, to=command.to)]


def _replan(command: Replan, duty: Armed) -> list[DutyEvent]:
    if command.due_at == duty.due_at or command.now >= duty.due_at:
        return []
    return [
        DutyReplanned(
            duty=duty.duty, was=duty.due_at, due_at=command.due_at, calendar=command.calendar
        )
    ]


def _file(command: FileEvidence, duty: Armed) -> list[DutyEvent]:
    not_after_today("done_on", "完成", command.done_on, command.now)
    if command.note is None and command.attachment is None:
        raise EvidenceNeeded("写一句做了什么，或附一个文件。", field="note")
    return [
        EvidenceFiled(
            duty=duty.duty,
            kind=duty.kind,
            done_on=command.done_on,
            note=command.note,
            attachment=command.attachment,
        )
    ]


DUTY: Decider[DutyCommand, DutyEvent, Duty] = Decider(Unarmed(), decide, evolve)
