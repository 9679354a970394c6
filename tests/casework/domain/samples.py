"""One command of each kind, and the commands that lead a record into each phase."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.casework.domain import alert as a
from services.casework.domain import case_commands as c
from services.casework.domain.alert import ALERT
from services.casework.domain.case import CASE
from shared.sealed import Sealed

NOW = datetime(2026, 11, 20, 0, 41, tzinfo=UTC)  # 08:41 in Shanghai
TODAY = date(2026, 11, 20)
LATER = NOW + timedelta(days=40)
CHILD, KLASS, ALERT_ID, CASE_ID, PERSON, OTHER = (UUID(int=n) for n in range(1, 7))
SCHOOL = "2199010001"
NOTE = Sealed(sealed=1, cls="narrative", nonce="bm8=", box="Ym94", commit="Y29tbWl0")

FLAG = a.FlagRisk(
    alert=ALERT_ID,
    child=CHILD,
    klass=KLASS,
    school=SCHOOL,
    kind="streak",
    now=NOW,
    report_due_at=NOW - timedelta(hours=1),
    verify_due_at=NOW + timedelta(days=2),
    first_on=date(2026, 11, 16),
    last_on=date(2026, 11, 19),
    days=4,
    rule="streak-v3",
    calendar="autumn-v2",
)
CHANGE = a.NoteAttendanceChange(
    child=CHILD, on=date(2026, 11, 17), mark_was="unexcused", mark_now="sick", now=NOW
)
OBSERVE = a.LogObservation(
    child=CHILD, observed_at=NOW - timedelta(hours=1), kind="mood", now=NOW, notes=NOTE
)
ALERT_COMMANDS: dict[type, Any] = {
    type(command): command
    for command in (
        FLAG,
        a.ExtendRisk(last_on=TODAY, days=5, now=NOW),
        a.VerifyRisk(case=CASE_ID, person=PERSON, reason="visited", now=NOW, note=NOTE),
        a.ClearRisk(person=PERSON, reason="data_error", now=NOW),
        CHANGE,
        a.MarkReportOverdue(reported=False, now=NOW),
        OBSERVE,
    )
}
ALERT_PATHS: dict[str, tuple[type, ...]] = {
    "unflagged": (),
    "open": (a.FlagRisk,),
    "verified": (a.FlagRisk, a.VerifyRisk),
    "cleared": (a.FlagRisk, a.ClearRisk),
}

CASE_COMMANDS: dict[type, Any] = {
    type(command): command
    for command in (
        c.OpenCase(
            case=CASE_ID,
            alert=ALERT_ID,
            child=CHILD,
            klass=KLASS,
            school=SCHOOL,
            reason="visited",
            now=NOW,
        ),
        c.AssignCase(owner=PERSON, role="homeroom_teacher", now=NOW),
        c.ReportDropout(level="county", to_unit="990101", now=NOW),
        c.RecordCause(causes=("working",), now=NOW),
        c.ConfirmDropout(on=TODAY, cause="working", person=PERSON, now=NOW),
        c.ReportWhereaboutsUnknown(since=date(2026, 11, 16), now=NOW, note=NOTE),
        c.ReportWhereabouts(whereabouts="with_parent_elsewhere", now=NOW, note=NOTE),
        c.LogHomeVisit(
            visited_at=NOW - timedelta(days=1),
            purpose="first",
            met=("grandparent",),
            outcome="undecided",
            now=NOW,
            notes=NOTE,
        ),
        c.LogPhoneFollowUp(called_at=NOW, disposition="not_reached", now=NOW),
        c.LogHeartTalk(talked_at=NOW, with_whom=("child",), now=NOW, notes=NOTE),
        c.LogGuardianContact(contacted_at=NOW, channel="phone", outcome="reached", now=NOW),
        c.AttemptPersuasion(
            attempted_at=NOW,
            methods=("convince", "guide"),
            by=("homeroom_teacher",),
            outcome="undecided",
            now=NOW,
            next_attempt_on=date(2026, 11, 27),
        ),
        c.RecordReturnNotice(
            number="石桥校返〔2026〕17号",
            issued_on=TODAY,
            return_by=date(2026, 11, 27),
            now=NOW,
            served_on=TODAY,
            receiver="father",
            method="direct",
        ),
        c.Reinstate(on=TODAY, school=SCHOOL, klass=KLASS, observe_days=14, now=NOW),
        OBSERVE,
        c.DetectRelapse(on=TODAY, now=NOW),
        CHANGE,
        c.CloseCase(
            reason="transferred", evidence=("enrollment_proof",), person=PERSON, now=NOW, note=NOTE
        ),
        c.ReopenCase(reason="away_again", now=NOW),
    )
}
CASE_PATHS: dict[str, tuple[type, ...]] = {
    "unopened": (),
    "suspected": (c.OpenCase,),
    "confirmed": (c.OpenCase, c.ConfirmDropout),
    "tracing": (c.OpenCase, c.ReportWhereaboutsUnknown),
    "observing": (c.OpenCase, c.Reinstate),
    "closed": (c.OpenCase, c.CloseCase),
}


def alert_events(*commands: Any) -> list[Any]:
    """The events of an alert that was given these commands, one after another."""
    return _events(ALERT, commands)


def case_events(*commands: Any) -> list[Any]:
    """The events of a case that was given these commands, one after another."""
    return _events(CASE, commands)


def alert_in(phase: str) -> list[Any]:
    return alert_events(*(ALERT_COMMANDS[kind] for kind in ALERT_PATHS[phase]))


def case_in(phase: str) -> list[Any]:
    return case_events(*(CASE_COMMANDS[kind] for kind in CASE_PATHS[phase]))


def after_suspicion(command: Any) -> list[Any]:
    """The events of one more command to a newly opened case."""
    return CASE.decide(command, CASE.fold(case_in("suspected")))


def _events(decider: Any, commands: Any) -> list[Any]:
    events: list[Any] = []
    for command in commands:
        events += decider.decide(command, decider.fold(events))
    return events
