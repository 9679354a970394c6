"""An alert: flagged by a rule or a person, decided by a person."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.casework.domain import alert as a
from services.casework.domain.alert import ALERT
from services.casework.domain.alert_events import (
    AttendanceChanged,
    Cause,
    ObservationLogged,
    ReportOverdue,
    RiskCleared,
    RiskExtended,
    RiskFlagged,
    RiskVerified,
)
from services.casework.domain.alert_state import Open
from services.casework.domain.refusals import (
    AlreadyLogged,
    NeedsPerson,
    NotDue,
    NotInThisPhase,
    ReasonNeeded,
    RunNeeded,
    SignNeeded,
)
from services.casework.domain.times import InFuture
from shared.policy.day import SHANGHAI
from tests.casework.domain.samples import (
    ALERT_COMMANDS,
    ALERT_ID,
    CASE_ID,
    CHANGE,
    CHILD,
    FLAG,
    KLASS,
    NOTE,
    NOW,
    OBSERVE,
    SCHOOL,
    TODAY,
    alert_in,
)
from tests.scenario import given

OPEN = alert_in("open")
VERIFY = ALERT_COMMANDS[a.VerifyRisk]
CLEAR = ALERT_COMMANDS[a.ClearRisk]
EXTEND = ALERT_COMMANDS[a.ExtendRisk]
OVERDUE = ALERT_COMMANDS[a.MarkReportOverdue]


def test_a_streak_flags_a_risk_with_its_run_and_its_rules() -> None:
    given(ALERT).when(FLAG).then(
        RiskFlagged(
            alert=ALERT_ID,
            child=CHILD,
            klass=KLASS,
            school=SCHOOL,
            kind="streak",
            first_on=FLAG.first_on,
            last_on=FLAG.last_on,
            days=4,
            rule="streak-v3",
            calendar="autumn-v2",
            cause=None,
            note=None,
            report_due_at=FLAG.report_due_at,
            verify_due_at=FLAG.verify_due_at,
        )
    )


def test_a_run_that_was_over_when_it_was_recorded_raises_no_alert() -> None:
    given(ALERT).when(replace(FLAG, ended=True)).then_nothing()


@pytest.mark.parametrize(
    "missing", [{"first_on": None}, {"last_on": None}, {"days": 0}, {"first_on": TODAY}]
)
def test_a_streak_without_its_run_is_refused(missing: dict[str, object]) -> None:
    given(ALERT).when(replace(FLAG, **missing)).then_rejected(RunNeeded)


def test_a_person_flags_signs_of_dropping_out_and_must_name_them() -> None:
    manual = replace(FLAG, kind="manual", first_on=None, last_on=None, days=0, note=NOTE)
    given(ALERT).when(manual).then_rejected(SignNeeded)
    for sign in ("near_dropout", "dropout_signs", "mood"):
        [flagged] = ALERT.decide(replace(manual, sign=sign), ALERT.initial)
        assert isinstance(flagged, RiskFlagged)
        assert flagged.sign == sign


@pytest.mark.parametrize("kind", ["whereabouts", "imported"])
def test_a_missing_child_and_an_imported_suspect_need_no_days(kind: str) -> None:
    command = replace(FLAG, kind=kind, first_on=None, last_on=None, days=0)
    assert ALERT.decide(command, ALERT.initial)


def test_an_alert_is_not_flagged_twice() -> None:
    given(ALERT, *OPEN).when(FLAG).then_rejected(NotInThisPhase)


def test_a_run_that_goes_on_extends_the_alert_once_a_day() -> None:
    extended = RiskExtended(alert=ALERT_ID, last_on=TODAY, days=5)
    given(ALERT, *OPEN).when(EXTEND).then(extended)
    given(ALERT, *OPEN, extended).when(EXTEND).then_nothing()


def test_a_person_verifies_and_names_the_case_to_be_opened() -> None:
    given(ALERT, *OPEN).when(VERIFY).then(
        RiskVerified(alert=ALERT_ID, case=CASE_ID, reason="visited", note=NOTE)
    )


def test_a_rule_decides_nothing_about_a_child() -> None:
    given(ALERT, *OPEN).when(replace(VERIFY, person=None)).then_rejected(NeedsPerson)
    given(ALERT, *OPEN).when(replace(CLEAR, person=None)).then_rejected(NeedsPerson)


def test_an_alert_is_cleared_as_a_data_error() -> None:
    given(ALERT, *OPEN).when(CLEAR).then(
        RiskCleared(alert=ALERT_ID, reason="data_error", note=None)
    )


@pytest.mark.parametrize("command", [VERIFY, CLEAR])
def test_a_decision_without_a_reason_is_refused(command: Any) -> None:
    refusal = given(ALERT, *OPEN).when(replace(command, reason=" ")).then_rejected(ReasonNeeded)
    assert refusal.fields["field"] == "reason"


def test_a_decided_alert_is_not_decided_again() -> None:
    given(ALERT, *alert_in("cleared")).when(VERIFY).then_rejected(NotInThisPhase)
    given(ALERT, *alert_in("verified")).when(CLEAR).then_rejected(NotInThisPhase)


def test_a_correction_is_noted_once_and_decides_nothing() -> None:
    changed = AttendanceChanged(child=CHILD, on=CHANGE.on, was="unexcused", now="sick", cause=None)
    given(ALERT, *OPEN).when(CHANGE).then(changed)
    given(ALERT, *OPEN, changed).when(CHANGE).then_nothing()
    waiting = ALERT.fold([*OPEN, changed])
    assert isinstance(waiting, Open)
    assert waiting.review
    given(ALERT, *OPEN, changed).when(VERIFY).then(
        RiskVerified(alert=ALERT_ID, case=CASE_ID, reason="visited", note=NOTE)
    )


def test_the_same_day_corrected_back_and_forth_is_noted_each_time() -> None:
    first = replace(CHANGE, cause=Cause(service="enrollment", ledger="990101", seq=8))
    again = replace(CHANGE, cause=Cause(service="enrollment", ledger="990101", seq=12))
    noted = ALERT.decide(first, ALERT.fold(OPEN))
    assert ALERT.decide(again, ALERT.fold([*OPEN, *noted]))


def test_a_report_is_overdue_once_when_nobody_reported() -> None:
    overdue = ReportOverdue(alert=ALERT_ID, child=CHILD, due_at=FLAG.report_due_at)
    given(ALERT, *OPEN).when(OVERDUE).then(overdue)
    given(ALERT, *OPEN, overdue).when(OVERDUE).then_nothing()
    given(ALERT, *alert_in("verified")).when(OVERDUE).then(overdue)


def test_a_report_that_was_made_is_not_overdue() -> None:
    given(ALERT, *OPEN).when(replace(OVERDUE, reported=True)).then_nothing()


def test_a_cleared_alert_has_no_report_to_be_late_with() -> None:
    given(ALERT, *alert_in("cleared")).when(OVERDUE).then_rejected(NotInThisPhase)


def test_a_report_is_not_overdue_before_its_hour() -> None:
    early = replace(OVERDUE, now=FLAG.report_due_at - timedelta(seconds=1))
    given(ALERT, *OPEN).when(early).then_rejected(NotDue)


def test_an_observation_may_stand_alone_and_then_be_flagged() -> None:
    logged = ObservationLogged(
        child=CHILD,
        case=None,
        observed_at=OBSERVE.observed_at,
        kind="mood",
        present=None,
        notes=NOTE,
    )
    given(ALERT).when(OBSERVE).then(logged)
    given(ALERT, logged).when(OBSERVE).then_rejected(AlreadyLogged)
    elsewhere = replace(OBSERVE, observed_at=OBSERVE.observed_at.astimezone(SHANGHAI))
    given(ALERT, logged).when(elsewhere).then_rejected(AlreadyLogged)
    assert ALERT.decide(FLAG, ALERT.fold([logged]))


def test_an_observation_does_not_lie_in_the_future() -> None:
    late = replace(OBSERVE, observed_at=NOW + timedelta(minutes=1))
    refusal = given(ALERT, *OPEN).when(late).then_rejected(InFuture)
    assert refusal.say == "观察时间不能晚于现在（08:41）。改成实际观察时间。"
