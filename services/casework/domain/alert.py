"""An alert: a suspicion that a child drops out, until a person has looked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from services.casework.domain.alert_events import (
    EVENTS,
    AlertEvent,
    AttendanceChanged,
    Cause,
    ObservationLogged,
    ReportOverdue,
    RiskCleared,
    RiskExtended,
    RiskFlagged,
    RiskKind,
    RiskVerified,
)
from services.casework.domain.alert_state import (
    STATES,
    Alert,
    Open,
    Unflagged,
    change_key,
    evolve,
    observation_key,
    phase,
)
from services.casework.domain.refusals import (
    AlreadyLogged,
    NeedsPerson,
    NotDue,
    NotInThisPhase,
    ReasonNeeded,
    RunNeeded,
    SignNeeded,
)
from services.casework.domain.times import not_later_than_now
from shared.decider import Decider
from shared.sealed import Sealed

__all__ = ["ALERT", "ALLOWED", "EVENTS", "STATES", "decide", "evolve", "phase"]

# 接近辍学, 有辍学苗头, 思想波动, 厌学: what a person may have seen.
SIGNS = frozenset({"near_dropout", "dropout_signs", "mood", "weary_of_school"})
# 数据有误, 已到校, 已请假, 已转学, 送教上门, 重复.
CLEAR_REASONS = frozenset(
    {"data_error", "at_school", "on_leave", "transferred", "home_teaching", "duplicate"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRisk:
    """Raise an alert. `ended`: the run of days was already over when it was recorded."""

    alert: UUID
    child: UUID
    klass: UUID | None
    school: str
    kind: RiskKind
    now: datetime
    report_due_at: datetime
    verify_due_at: datetime
    first_on: date | None = None
    last_on: date | None = None
    days: int = 0
    ended: bool = False
    rule: str = ""
    calendar: str = ""
    cause: Cause | None = None
    sign: str | None = None
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendRisk:
    last_on: date
    days: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRisk:
    """`case` is the id of the case to be opened; `person` is None when a rule would decide."""

    case: UUID
    person: UUID | None
    reason: str
    now: datetime
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearRisk:
    person: UUID | None
    reason: str
    now: datetime
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAttendanceChange:
    child: UUID
    on: date
    mark_was: str
    mark_now: str
    now: datetime
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReportOverdue:
    """`reported`: the case of this alert has a dropout report already."""

    reported: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogObservation:
    child: UUID
    observed_at: datetime
    kind: str
    now: datetime
    present: bool | None = None
    notes: Sealed | None = None


AlertCommand: TypeAlias = (
    FlagRisk
    | ExtendRisk
    | VerifyRisk
    | ClearRisk
    | NoteAttendanceChange
    | MarkReportOverdue
    | LogObservation
)

ALLOWED: dict[str, frozenset[type]] = {
    "unflagged": frozenset({FlagRisk, LogObservation}),
    "open": frozenset(
        {ExtendRisk, VerifyRisk, ClearRisk, NoteAttendanceChange, MarkReportOverdue, LogObservation}
    ),
    "verified": frozenset({NoteAttendanceChange, MarkReportOverdue}),
    "cleared": frozenset({NoteAttendanceChange}),
}

_NOT_NOW = {
    "unflagged": "这里还没有预警。先登记预警。",
    "open": "这条预警已经登记，正等核实。先核实，再办别的。",
    "verified": "这条预警已核实，立了案。到个案里办。",
    "cleared": "这条预警已排除。有新的情况，登记新的预警。",
}


def decide(command: AlertCommand, alert: Alert) -> list[AlertEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    now_in = phase(alert)
    if type(command) not in ALLOWED[now_in]:
        raise NotInThisPhase(_NOT_NOW[now_in], phase=now_in, command=type(command).__name__)
    return _DECISIONS[type(command)](command, alert)


def _flag(command: FlagRisk, alert: Unflagged) -> list[AlertEvent]:
    if command.kind == "streak":
        if command.ended:
            return []  # The child was back before anybody could have known.
        _check_run(command)
    if command.kind == "manual" and command.sign not in SIGNS:
        raise SignNeeded("登记预警要写明看到什么：有辍学苗头、思想波动等。", field="sign")
    return [
        RiskFlagged(
            alert=command.alert,
            child=command.child,
            klass=command.klass,
            school=command.school,
            kind=command.kind,
            first_on=command.first_on,
            last_on=command.last_on,
            days=command.days,
            rule=command.rule,
            calendar=command.calendar,
            cause=command.cause,
            note=command.note,
            report_due_at=command.report_due_at,
            verify_due_at=command.verify_due_at,
            sign=command.sign,
        )
    ]


def _check_run(command: FlagRisk) -> None:
    first, last = command.first_on, command.last_on
    if first is None or last is None or first > last or command.days < 1:
        raise RunNeeded("连续无故未到的预警要有起止日期和天数。补上再登记。", field="days")


def _extend(command: ExtendRisk, alert: Open) -> list[AlertEvent]:
    if alert.last_on is not None and command.last_on <= alert.last_on:
        return []
    return [RiskExtended(alert=alert.alert, last_on=command.last_on, days=command.days)]


def _verify(command: VerifyRisk, alert: Open) -> list[AlertEvent]:
    _need_person(command.person)
    if not command.reason.strip():
        raise ReasonNeeded("核实要写依据。选一项再立案。", field="reason")
    return [
        RiskVerified(alert=alert.alert, case=command.case, reason=command.reason, note=command.note)
    ]


def _clear(command: ClearRisk, alert: Open) -> list[AlertEvent]:
    _need_person(command.person)
    if command.reason not in CLEAR_REASONS:
        raise ReasonNeeded("不属实要写原因：数据有误、已到校、已请假等。", field="reason")
    return [RiskCleared(alert=alert.alert, reason=command.reason, note=command.note)]


def _need_person(person: UUID | None) -> None:
    if person is None:
        raise NeedsPerson("是否属实由人核实，系统不能代为决定。请班主任或学校核实。")


def _note_change(command: NoteAttendanceChange, alert: Open) -> list[AlertEvent]:
    key = change_key(command.on, command.mark_was, command.mark_now, command.cause)
    if key in alert.seen:
        return []
    return [
        AttendanceChanged(
            child=command.child,
            on=command.on,
            was=command.mark_was,
            now=command.mark_now,
            cause=command.cause,
        )
    ]


def _mark_overdue(command: MarkReportOverdue, alert: Open) -> list[AlertEvent]:
    if command.now < alert.report_due_at:
        raise NotDue("上报时限还没到。到期再记超期。", due_at=alert.report_due_at)
    if command.reported or alert.overdue:
        return []
    return [ReportOverdue(alert=alert.alert, child=alert.child, due_at=alert.report_due_at)]


def _observe(command: LogObservation, alert: Alert) -> list[AlertEvent]:
    not_later_than_now("observed_at", "观察", command.observed_at, command.now)
    if observation_key(command.kind, command.observed_at) in alert.seen:
        raise AlreadyLogged("这次观察已经登记过。是另一次，就改时间。", field="observed_at")
    return [
        ObservationLogged(
            child=command.child,
            case=None,
            observed_at=command.observed_at,
            kind=command.kind,
            present=command.present,
            notes=command.notes,
        )
    ]


_DECISIONS: dict[type, Callable[[Any, Any], list[AlertEvent]]] = {
    FlagRisk: _flag,
    ExtendRisk: _extend,
    VerifyRisk: _verify,
    ClearRisk: _clear,
    NoteAttendanceChange: _note_change,
    MarkReportOverdue: _mark_overdue,
    LogObservation: _observe,
}

ALERT: Decider[AlertCommand, AlertEvent, Alert] = Decider(Unflagged(), decide, evolve)
