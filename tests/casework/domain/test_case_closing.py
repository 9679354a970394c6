"""What a case needs before it is closed: its steps, its notices, reason and evidence."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.casework.domain import case_commands as c
from services.casework.domain.alert import LogObservation
from services.casework.domain.case import (
    AFTER_OBSERVATION,
    CASE,
    WITHOUT_OBSERVATION,
    open_steps,
)
from services.casework.domain.case_events import (
    CaseClosed,
    CaseReopened,
    ReturnNoticeRecorded,
)
from services.casework.domain.refusals import (
    EvidenceNeeded,
    NeedsPerson,
    NoticeDates,
    NoticeService,
    NoticeTaken,
    NotInThisPhase,
    ReasonNeeded,
    StepsOpen,
)
from tests.casework.domain.samples import (
    CASE_COMMANDS,
    CASE_ID,
    LATER,
    NOTE,
    NOW,
    OBSERVE,
    TODAY,
    after_suspicion,
    case_events,
    case_in,
)
from tests.scenario import given

SUSPECTED = case_in("suspected")
TOMORROW = TODAY + timedelta(days=1)
VISIT = CASE_COMMANDS[c.LogHomeVisit]
NOTICE = CASE_COMMANDS[c.RecordReturnNotice]
CLOSE = CASE_COMMANDS[c.CloseCase]
RETURNED = replace(CLOSE, reason="returned", evidence=("attendance_record",), now=LATER)
WORK = [
    CASE_COMMANDS[kind]
    for kind in (
        c.OpenCase,
        c.AssignCase,
        c.ReportDropout,
        c.RecordCause,
        c.LogHeartTalk,
        c.LogHomeVisit,
        c.Reinstate,
    )
]


def rejected(command: Any, error: type, *history: Any) -> Any:
    return given(CASE, *(history or SUSPECTED)).when(command).then_rejected(error)


def test_a_notice_may_be_served_later_under_its_number() -> None:
    issued = replace(NOTICE, served_on=None, receiver=None, method=None)
    history = [*SUSPECTED, *after_suspicion(issued)]
    given(CASE, *history).when(issued).then_nothing()
    served = ReturnNoticeRecorded(
        case=CASE_ID,
        number=NOTICE.number,
        issued_on=TODAY,
        return_by=NOTICE.return_by,
        served_on=TODAY,
        receiver="father",
        method="direct",
    )
    given(CASE, *history).when(NOTICE).then(served)
    given(CASE, *history, served).when(NOTICE).then_nothing()
    given(CASE, *history, served).when(issued).then_nothing()


def test_a_number_stands_for_one_notice_and_one_service() -> None:
    history = [*SUSPECTED, *after_suspicion(NOTICE)]
    rejected(replace(NOTICE, return_by=date(2026, 12, 1)), NoticeTaken, *history)
    served_again = replace(NOTICE, served_on=TOMORROW, now=LATER)
    rejected(served_again, NoticeTaken, *history)


def test_the_dates_of_a_notice_follow_each_other() -> None:
    yesterday = TODAY - timedelta(days=1)
    rejected(replace(NOTICE, return_by=yesterday), NoticeDates)
    rejected(replace(NOTICE, served_on=yesterday), NoticeDates)


@pytest.mark.parametrize(
    "half", [{"served_on": None}, {"receiver": None}, {"method": None, "receiver": None}]
)
def test_service_needs_day_receiver_and_method(half: dict[str, None]) -> None:
    rejected(replace(NOTICE, **half), NoticeService)


def test_closing_names_the_open_steps() -> None:
    refusal = rejected(RETURNED, StepsOpen)
    assert refusal.fields["steps"] == (
        "assign",
        "report",
        "record_cause",
        "heart_talk",
        "home_visit",
        "reinstate",
    )
    assert "指定负责人、上报、写明原因、谈心、家访、登记复学" in refusal.say


def test_a_confirmed_dropout_needs_persuasion_and_a_served_notice() -> None:
    issued = replace(NOTICE, served_on=None, receiver=None, method=None)
    opened, confirm = CASE_COMMANDS[c.OpenCase], CASE_COMMANDS[c.ConfirmDropout]
    assert {"persuade", "return_notice"} <= set(open_steps(CASE.fold(case_events(opened, confirm))))
    persuaded = (opened, confirm, CASE_COMMANDS[c.AttemptPersuasion])
    waiting = open_steps(CASE.fold(case_events(*persuaded, issued)))
    assert "serve_notice" in waiting
    assert not {"persuade", "return_notice"} & set(waiting)
    assert "serve_notice" not in open_steps(CASE.fold(case_events(*persuaded, NOTICE)))


def test_a_returned_child_is_closed_only_after_its_observation() -> None:
    history = case_events(*WORK)
    last_day = NOW + timedelta(days=14)
    seen = CASE.decide(OBSERVE, CASE.fold(history))
    refusal = rejected(replace(RETURNED, now=last_day), StepsOpen, *history)
    assert refusal.fields["steps"] == ("log_observations",)
    early = replace(RETURNED, now=last_day - timedelta(days=1))
    refusal = rejected(early, StepsOpen, *history, *seen)
    assert refusal.fields["steps"] == ("finish_observation",)
    given(CASE, *history, *seen).when(replace(RETURNED, now=last_day)).then(
        CaseClosed(case=CASE_ID, reason="returned", evidence=("attendance_record",), note=NOTE)
    )


def test_as_many_observations_are_needed_as_the_policy_says() -> None:
    twice = replace(CASE_COMMANDS[c.Reinstate], observations_needed=2)
    history = case_events(*WORK[:-1], twice, OBSERVE)
    rejected(RETURNED, StepsOpen, *history)
    second = replace(OBSERVE, observed_at=NOW)
    assert isinstance(second, LogObservation)
    more = CASE.decide(second, CASE.fold(history))
    assert CASE.decide(RETURNED, CASE.fold([*history, *more]))


@pytest.mark.parametrize("reason", sorted(WITHOUT_OBSERVATION))
def test_some_reasons_need_no_observation(reason: str) -> None:
    given(CASE, *SUSPECTED).when(replace(CLOSE, reason=reason)).then(
        CaseClosed(case=CASE_ID, reason=reason, evidence=("enrollment_proof",), note=NOTE)
    )


@pytest.mark.parametrize("reason", sorted(WITHOUT_OBSERVATION | AFTER_OBSERVATION))
def test_closing_needs_evidence_whatever_the_reason(reason: str) -> None:
    rejected(replace(CLOSE, reason=reason, evidence=(" ",)), EvidenceNeeded)


def test_closing_needs_a_known_reason_and_a_person() -> None:
    rejected(replace(CLOSE, reason="because"), ReasonNeeded)
    rejected(replace(CLOSE, person=None), NeedsPerson)


def test_a_closed_case_takes_no_visits_until_it_is_reopened() -> None:
    closed = case_in("closed")
    rejected(VISIT, NotInThisPhase, *closed)
    reopen = CASE_COMMANDS[c.ReopenCase]
    rejected(replace(reopen, reason=""), ReasonNeeded, *closed)
    reopened = CaseReopened(case=CASE_ID, reason="away_again")
    given(CASE, *closed).when(reopen).then(reopened)
    assert CASE.decide(VISIT, CASE.fold([*closed, reopened]))
