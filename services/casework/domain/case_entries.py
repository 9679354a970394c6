"""What is logged in a case: visits, calls, talks, contacts, persuasion, notices, observations."""

from datetime import datetime

from services.casework.domain.alert import LogObservation
from services.casework.domain.alert_events import ObservationLogged
from services.casework.domain.alert_state import observation_key
from services.casework.domain.case_commands import (
    AttemptPersuasion,
    LogGuardianContact,
    LogHeartTalk,
    LogHomeVisit,
    LogPhoneFollowUp,
    RecordReturnNotice,
)
from services.casework.domain.case_events import (
    CaseEvent,
    GuardianContactLogged,
    HeartTalkLogged,
    HomeVisitLogged,
    PersuasionAttempted,
    PhoneFollowUpLogged,
    ReturnNoticeRecorded,
)
from services.casework.domain.case_state import Notice, Working, log_key
from services.casework.domain.refusals import (
    AlreadyLogged,
    DetailNeeded,
    NoticeDates,
    NoticeService,
    NoticeTaken,
)
from services.casework.domain.times import not_after_today, not_later_than_now
from shared.policy.day import SHANGHAI


def log_home_visit(command: LogHomeVisit, case: Working) -> list[CaseEvent]:
    _new_entry(case, "home_visit", "到访", "visited_at", command.visited_at, command.now)
    _need("outcome", "家访结果", command.outcome)
    return [
        HomeVisitLogged(
            case=case.case,
            visited_at=command.visited_at,
            purpose=command.purpose,
            met=command.met,
            outcome=command.outcome,
            notes=command.notes,
        )
    ]


def log_phone_follow_up(command: LogPhoneFollowUp, case: Working) -> list[CaseEvent]:
    _new_entry(case, "phone", "通话", "called_at", command.called_at, command.now)
    _need("disposition", "通话结果", command.disposition)
    return [
        PhoneFollowUpLogged(
            case=case.case,
            called_at=command.called_at,
            disposition=command.disposition,
            notes=command.notes,
        )
    ]


def log_heart_talk(command: LogHeartTalk, case: Working) -> list[CaseEvent]:
    _new_entry(case, "heart_talk", "谈话", "talked_at", command.talked_at, command.now)
    if not command.with_whom:
        raise DetailNeeded("谈心要写和谁谈的。选上再提交。", field="with_whom")
    return [
        HeartTalkLogged(
            case=case.case,
            talked_at=command.talked_at,
            with_whom=command.with_whom,
            notes=command.notes,
        )
    ]


def log_guardian_contact(command: LogGuardianContact, case: Working) -> list[CaseEvent]:
    at = command.contacted_at
    _new_entry(case, "guardian_contact", "联系", "contacted_at", at, command.now)
    _need("channel", "联系方式", command.channel)
    _need("outcome", "联系结果", command.outcome)
    return [
        GuardianContactLogged(
            case=case.case,
            contacted_at=at,
            channel=command.channel,
            outcome=command.outcome,
            notes=command.notes,
        )
    ]


def attempt_persuasion(command: AttemptPersuasion, case: Working) -> list[CaseEvent]:
    _new_entry(case, "persuade", "劝返", "attempted_at", command.attempted_at, command.now)
    if not command.methods:
        raise DetailNeeded("劝返要写用了什么办法。至少选一种。", field="methods")
    _need("outcome", "劝返结果", command.outcome)
    return [
        PersuasionAttempted(
            case=case.case,
            attempted_at=command.attempted_at,
            methods=command.methods,
            by=command.by,
            outcome=command.outcome,
            next_attempt_on=command.next_attempt_on,
            notes=command.notes,
        )
    ]


def log_observation(command: LogObservation, case: Working) -> list[CaseEvent]:
    not_later_than_now("observed_at", "观察", command.observed_at, command.now)
    if observation_key(command.kind, command.observed_at) in case.seen:
        raise AlreadyLogged("这次观察已经登记过。是另一次，就改时间。", field="observed_at")
    return [
        ObservationLogged(
            child=case.child,
            case=case.case,
            observed_at=command.observed_at,
            kind=command.kind,
            present=command.present,
            notes=command.notes,
        )
    ]


def record_return_notice(command: RecordReturnNotice, case: Working) -> list[CaseEvent]:
    _need("number", "文号", command.number)
    _check_dates(command)
    _check_service(command)
    known = next((n for n in case.notices if n.number == command.number), None)
    if known is not None and _already_so(command, known):
        return []
    return [
        ReturnNoticeRecorded(
            case=case.case,
            number=command.number,
            issued_on=command.issued_on,
            return_by=command.return_by,
            served_on=command.served_on,
            receiver=command.receiver,
            method=command.method,
        )
    ]


def _check_dates(command: RecordReturnNotice) -> None:
    not_after_today("issued_on", "开具", command.issued_on, command.now)
    if command.return_by < command.issued_on:
        raise NoticeDates("返校期限不能早于开具日期。改期限。", field="return_by")
    if command.served_on is None:
        return
    not_after_today("served_on", "送达", command.served_on, command.now)
    if command.served_on < command.issued_on:
        raise NoticeDates("送达日期不能早于开具日期。改送达日期。", field="served_on")


def _check_service(command: RecordReturnNotice) -> None:
    details = (command.receiver, command.method)
    if command.served_on is None and any(details):
        raise NoticeService("写了签收人或送达方式，还缺送达日期。补上。", field="served_on")
    if command.served_on is not None and not all(details):
        raise NoticeService("送达要写签收人和送达方式。补上。", field="receiver")


def _already_so(command: RecordReturnNotice, known: Notice) -> bool:
    """True when nothing is new; raises NoticeTaken when the number stands for something else."""
    if (known.issued_on, known.return_by) != (command.issued_on, command.return_by):
        raise NoticeTaken("这个文号已经用在另一份通知书上。核对文号。", field="number")
    if known.served_on is not None and command.served_on not in (None, known.served_on):
        served = f"{known.served_on.month}月{known.served_on.day}日"
        raise NoticeTaken(f"这份通知书 {served}已登记送达。核对送达日期。", field="served_on")
    return known.served_on is not None or command.served_on is None


def _new_entry(
    case: Working, kind: str, name: str, field: str, at: datetime, now: datetime
) -> None:
    not_later_than_now(field, name, at, now)
    if log_key(kind, at) in case.seen:
        local = at.astimezone(SHANGHAI)
        said = f"{local.month}月{local.day}日 {local:%H:%M}"
        raise AlreadyLogged(f"{said} 的{name}已经登记过。是另一次，就改时间。", field=field)


def _need(field: str, name: str, value: str) -> None:
    if not value.strip():
        raise DetailNeeded(f"还没写{name}。写上再提交。", field=field)
