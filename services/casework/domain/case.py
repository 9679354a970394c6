"""A child's case: from the verified alert to the closed ledger entry (销号)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.casework.domain import case_entries as entries
from services.casework.domain.alert import LogObservation, NoteAttendanceChange
from services.casework.domain.alert_events import AttendanceChanged
from services.casework.domain.alert_state import change_key
from services.casework.domain.case_commands import (
    AssignCase,
    AttemptPersuasion,
    CaseCommand,
    CloseCase,
    ConfirmDropout,
    DetectRelapse,
    LogGuardianContact,
    LogHeartTalk,
    LogHomeVisit,
    LogPhoneFollowUp,
    OpenCase,
    RecordCause,
    RecordReturnNotice,
    Reinstate,
    ReopenCase,
    ReportDropout,
    ReportWhereabouts,
    ReportWhereaboutsUnknown,
)
from services.casework.domain.case_events import (
    EVENTS,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
    CauseRecorded,
    DropoutConfirmed,
    DropoutReported,
    Reinstated,
    RelapseDetected,
    WhereaboutsReported,
    WhereaboutsUnknown,
)
from services.casework.domain.case_state import (
    STATES,
    Case,
    Unopened,
    Working,
    evolve,
    phase,
    whereabouts_key,
)
from services.casework.domain.case_steps import STEP_NAMES, blocking, open_steps
from services.casework.domain.refusals import (
    CauseNeeded,
    DetailNeeded,
    EvidenceNeeded,
    NeedsPerson,
    NotInThisPhase,
    ReasonNeeded,
    StepsOpen,
)
from services.casework.domain.times import not_after_today
from shared.decider import Decider
from shared.policy.day import business_day

__all__ = ["ALLOWED", "CASE", "EVENTS", "STATES", "decide", "evolve", "open_steps", "phase"]

# 复学稳定: the child is back, and its observation is over.
AFTER_OBSERVATION = frozenset({"returned"})
# 数据有误, 已转学, 死亡, 已出国, 完成义务教育, 经批准休学或延缓入学, 送教上门:
# there is nobody to bring back, so nobody to observe.
WITHOUT_OBSERVATION = frozenset(
    {
        "data_error",
        "transferred",
        "deceased",
        "left_country",
        "completed",
        "suspension_approved",
        "home_teaching",
    }
)

_OPEN = frozenset(
    {
        AssignCase,
        ReportDropout,
        RecordCause,
        ReportWhereaboutsUnknown,
        LogHomeVisit,
        LogPhoneFollowUp,
        LogHeartTalk,
        LogGuardianContact,
        NoteAttendanceChange,
        CloseCase,
    }
)
_AWAY = _OPEN | {AttemptPersuasion, RecordReturnNotice, Reinstate, ReportWhereabouts}
ALLOWED: dict[str, frozenset[type]] = {
    "unopened": frozenset({OpenCase}),
    "suspected": _AWAY | {ConfirmDropout},
    "confirmed": _AWAY,
    "tracing": (_AWAY | {ConfirmDropout}) - {ReportWhereaboutsUnknown},
    "observing": _OPEN | {LogObservation, DetectRelapse},
    "closed": frozenset({NoteAttendanceChange, ReopenCase}),
}

_NOT_NOW = {
    "unopened": "个案还没有立。先核实预警，属实就立案。",
    "suspected": "孩子是疑似辍学，这一步还办不了。先确认辍学或登记复学。",
    "confirmed": "已确认辍学，不用再办这一步。接着劝返，返校就登记复学。",
    "tracing": "孩子去向不明，这一步还办不了。查清去向就登记。",
    "observing": "孩子已复学，正在观察。又不来了，登记复辍。",
    "closed": "这件个案已销号。要接着办，先写原因重新立案。",
}


def decide(command: CaseCommand, case: Case) -> list[CaseEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    now_in = phase(case)
    if type(command) not in ALLOWED[now_in]:
        raise NotInThisPhase(_NOT_NOW[now_in], phase=now_in, command=type(command).__name__)
    return _DECISIONS[type(command)](command, case)


def _open(command: OpenCase, case: Unopened) -> list[CaseEvent]:
    return [
        CaseOpened(
            case=command.case,
            alert=command.alert,
            child=command.child,
            klass=command.klass,
            school=command.school,
            reason=command.reason,
        )
    ]


def _assign(command: AssignCase, case: Working) -> list[CaseEvent]:
    if (case.owner, case.owner_role) == (command.owner, command.role):
        return []
    return [CaseAssigned(case=case.case, owner=command.owner, role=command.role)]


def _report(command: ReportDropout, case: Working) -> list[CaseEvent]:
    if f"{command.level} {command.to_unit}" in case.reported:
        return []
    return [DropoutReported(case=case.case, level=command.level, to_unit=command.to_unit)]


def _record_cause(command: RecordCause, case: Working) -> list[CaseEvent]:
    if not command.causes:
        raise CauseNeeded("还没选原因。至少选一项。", field="causes")
    if case.causes == tuple(command.causes):
        return []
    return [CauseRecorded(case=case.case, causes=command.causes)]


def _confirm(command: ConfirmDropout, case: Working) -> list[CaseEvent]:
    if command.person is None:
        raise NeedsPerson("辍学由人确认，系统不能代为决定。请学校或县教体局确认。")
    if not command.cause.strip():
        raise CauseNeeded("确认辍学要写原因。选一项再确认。", field="cause")
    not_after_today("on", "辍学", command.on, command.now)
    return [DropoutConfirmed(case=case.case, on=command.on, cause=command.cause)]


def _lose(command: ReportWhereaboutsUnknown, case: Working) -> list[CaseEvent]:
    not_after_today("since", "失去联系", command.since, command.now)
    return [WhereaboutsUnknown(case=case.case, since=command.since, note=command.note)]


def _find(command: ReportWhereabouts, case: Working) -> list[CaseEvent]:
    if not command.whereabouts.strip():
        raise DetailNeeded("还没写去向。选一项再登记。", field="whereabouts")
    told = whereabouts_key(command.whereabouts, command.note) in case.seen
    if command.whereabouts == case.whereabouts and (told or command.note is None):
        return []
    return [WhereaboutsReported(case=case.case, whereabouts=command.whereabouts, note=command.note)]


def _reinstate(command: Reinstate, case: Working) -> list[CaseEvent]:
    not_after_today("on", "复学", command.on, command.now)
    return [
        Reinstated(
            case=case.case,
            on=command.on,
            school=command.school,
            klass=command.klass,
            observe_until=command.on + timedelta(days=command.observe_days),
            observations_needed=command.observations_needed,
        )
    ]


def _relapse(command: DetectRelapse, case: Working) -> list[CaseEvent]:
    not_after_today("on", "复辍", command.on, command.now)
    return [RelapseDetected(case=case.case, on=command.on, cause=command.cause)]


def _note_change(command: NoteAttendanceChange, case: Working) -> list[CaseEvent]:
    key = change_key(command.on, command.mark_was, command.mark_now, command.cause)
    if key in case.seen:
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


def _close(command: CloseCase, case: Working) -> list[CaseEvent]:
    if command.person is None:
        raise NeedsPerson("销号由人决定，系统不能代为决定。请负责人销号。")
    if command.reason not in AFTER_OBSERVATION | WITHOUT_OBSERVATION:
        raise ReasonNeeded("销号要写原因：复学稳定、已转学、数据有误等。", field="reason")
    if not any(item.strip() for item in command.evidence):
        raise EvidenceNeeded("销号要有依据。选上证明材料再销号。", field="evidence")
    if command.reason in AFTER_OBSERVATION:
        _check_steps(command, case)
    return [
        CaseClosed(
            case=case.case, reason=command.reason, evidence=command.evidence, note=command.note
        )
    ]


def _check_steps(command: CloseCase, case: Working) -> None:
    steps = blocking(case, business_day(command.now))
    if steps:
        named = "、".join(STEP_NAMES[step] for step in steps)
        raise StepsOpen(f"还不能销号，没办完的有：{named}。办完再销号。", steps=steps)


def _reopen(command: ReopenCase, case: Working) -> list[CaseEvent]:
    if not command.reason.strip():
        raise ReasonNeeded("重新立案要写原因。写上再提交。", field="reason")
    return [CaseReopened(case=case.case, reason=command.reason)]


_DECISIONS: dict[type, Callable[[Any, Any], list[CaseEvent]]] = {
    OpenCase: _open,
    AssignCase: _assign,
    ReportDropout: _report,
    RecordCause: _record_cause,
    ConfirmDropout: _confirm,
    ReportWhereaboutsUnknown: _lose,
    ReportWhereabouts: _find,
    LogHomeVisit: entries.log_home_visit,
    LogPhoneFollowUp: entries.log_phone_follow_up,
    LogHeartTalk: entries.log_heart_talk,
    LogGuardianContact: entries.log_guardian_contact,
    AttemptPersuasion: entries.attempt_persuasion,
    RecordReturnNotice: entries.record_return_notice,
    Reinstate: _reinstate,
    LogObservation: entries.log_observation,
    DetectRelapse: _relapse,
    NoteAttendanceChange: _note_change,
    CloseCase: _close,
    ReopenCase: _reopen,
}

CASE: Decider[CaseCommand, CaseEvent, Case] = Decider(Unopened(), decide, evolve)
