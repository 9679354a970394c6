"""A case: opened on a verified alert, worked on, closed with reason and evidence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.casework.domain import case_commands as c
from services.casework.domain.case import (
    CASE,
    open_steps,
    phase,
)
from services.casework.domain.case_events import (
    CaseAssigned,
    CaseOpened,
    DropoutConfirmed,
    HomeVisitLogged,
    Reinstated,
    RelapseDetected,
    WhereaboutsReported,
)
from services.casework.domain.refusals import (
    AlreadyLogged,
    CauseNeeded,
    DetailNeeded,
    NeedsPerson,
)
from services.casework.domain.times import InFuture
from tests.casework.domain.samples import (
    ALERT_ID,
    CASE_COMMANDS,
    CASE_ID,
    CHANGE,
    CHILD,
    KLASS,
    LATER,
    NOTE,
    NOW,
    OBSERVE,
    PERSON,
    SCHOOL,
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


def test_a_case_opens_on_a_verified_alert() -> None:
    given(CASE).when(CASE_COMMANDS[c.OpenCase]).then(
        CaseOpened(
            case=CASE_ID,
            alert=ALERT_ID,
            child=CHILD,
            klass=KLASS,
            school=SCHOOL,
            reason="visited",
        )
    )


def test_an_owner_is_named_once() -> None:
    assigned = CaseAssigned(case=CASE_ID, owner=PERSON, role="homeroom_teacher")
    given(CASE, *SUSPECTED).when(CASE_COMMANDS[c.AssignCase]).then(assigned)
    given(CASE, *SUSPECTED, assigned).when(CASE_COMMANDS[c.AssignCase]).then_nothing()


@pytest.mark.parametrize("kind", [c.ReportDropout, c.RecordCause])
def test_what_is_already_so_is_no_event(kind: type) -> None:
    command = CASE_COMMANDS[kind]
    given(CASE, *SUSPECTED, *after_suspicion(command)).when(command).then_nothing()


def test_each_level_is_reported_to() -> None:
    county = after_suspicion(CASE_COMMANDS[c.ReportDropout])
    school = replace(CASE_COMMANDS[c.ReportDropout], level="school", to_unit=SCHOOL)
    assert CASE.decide(school, CASE.fold([*SUSPECTED, *county]))


def test_a_cause_is_needed() -> None:
    rejected(replace(CASE_COMMANDS[c.RecordCause], causes=()), CauseNeeded)
    rejected(replace(CASE_COMMANDS[c.ConfirmDropout], cause=" "), CauseNeeded)


def test_only_a_person_confirms_a_dropout() -> None:
    confirm = CASE_COMMANDS[c.ConfirmDropout]
    rejected(replace(confirm, person=None), NeedsPerson)
    given(CASE, *SUSPECTED).when(confirm).then(
        DropoutConfirmed(case=CASE_ID, on=TODAY, cause="working")
    )


def test_a_visit_is_logged_with_its_own_time() -> None:
    given(CASE, *SUSPECTED).when(VISIT).then(
        HomeVisitLogged(
            case=CASE_ID,
            visited_at=VISIT.visited_at,
            purpose="first",
            met=("grandparent",),
            outcome="undecided",
            notes=NOTE,
        )
    )


def test_a_visit_entered_forty_days_late_is_taken() -> None:
    assert CASE.decide(replace(VISIT, now=LATER), CASE.fold(SUSPECTED))


TIMES = [
    (c.LogHomeVisit, "visited_at", "到访"),
    (c.LogPhoneFollowUp, "called_at", "通话"),
    (c.LogHeartTalk, "talked_at", "谈话"),
    (c.LogGuardianContact, "contacted_at", "联系"),
    (c.AttemptPersuasion, "attempted_at", "劝返"),
]


@pytest.mark.parametrize(("kind", "field", "name"), TIMES)
def test_no_entry_lies_in_the_future(kind: type, field: str, name: str) -> None:
    late = replace(CASE_COMMANDS[kind], **{field: NOW + timedelta(minutes=1)})
    refusal = rejected(late, InFuture)
    assert refusal.say == f"{name}时间不能晚于现在（08:41）。改成实际{name}时间。"
    assert refusal.fields["field"] == field


@pytest.mark.parametrize(("kind", "field", "name"), TIMES)
def test_an_entry_of_the_same_time_is_refused_lest_its_words_get_lost(
    kind: type, field: str, name: str
) -> None:
    command = CASE_COMMANDS[kind]
    refusal = rejected(
        replace(command, notes=None), AlreadyLogged, *SUSPECTED, *after_suspicion(command)
    )
    assert name in refusal.say
    assert refusal.fields["field"] == field


@pytest.mark.parametrize(
    ("kind", "field", "empty"),
    [
        (c.LogHomeVisit, "outcome", ""),
        (c.LogPhoneFollowUp, "disposition", " "),
        (c.LogHeartTalk, "with_whom", ()),
        (c.LogGuardianContact, "channel", ""),
        (c.LogGuardianContact, "outcome", ""),
        (c.AttemptPersuasion, "methods", ()),
        (c.AttemptPersuasion, "outcome", ""),
        (c.RecordReturnNotice, "number", " "),
        (c.ReportWhereabouts, "whereabouts", ""),
    ],
)
def test_an_entry_that_says_nothing_is_refused(kind: type, field: str, empty: Any) -> None:
    refusal = rejected(replace(CASE_COMMANDS[kind], **{field: empty}), DetailNeeded)
    assert refusal.fields["field"] == field


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (c.ConfirmDropout, "on"),
        (c.ReportWhereaboutsUnknown, "since"),
        (c.Reinstate, "on"),
        (c.RecordReturnNotice, "issued_on"),
        (c.RecordReturnNotice, "served_on"),
    ],
)
def test_no_date_lies_in_the_future(kind: type, field: str) -> None:
    refusal = rejected(replace(CASE_COMMANDS[kind], **{field: TOMORROW}), InFuture)
    assert "11月20日" in refusal.say


def test_a_relapse_does_not_lie_in_the_future() -> None:
    later = replace(CASE_COMMANDS[c.DetectRelapse], on=TOMORROW)
    rejected(later, InFuture, *case_in("observing"))


def test_an_observation_does_not_lie_in_the_future_and_is_not_doubled() -> None:
    observing = case_in("observing")
    late = replace(OBSERVE, observed_at=NOW + timedelta(minutes=1))
    rejected(late, InFuture, *observing)
    rejected(OBSERVE, AlreadyLogged, *observing, *CASE.decide(OBSERVE, CASE.fold(observing)))


def test_a_child_that_is_found_goes_back_to_where_it_was() -> None:
    lose, find = CASE_COMMANDS[c.ReportWhereaboutsUnknown], CASE_COMMANDS[c.ReportWhereabouts]
    opened, confirm = CASE_COMMANDS[c.OpenCase], CASE_COMMANDS[c.ConfirmDropout]
    assert phase(CASE.fold(case_events(opened, lose, find))) == "suspected"
    assert phase(CASE.fold(case_events(opened, confirm, lose, find))) == "confirmed"


def test_the_same_whereabouts_without_a_word_is_no_news() -> None:
    find = replace(CASE_COMMANDS[c.ReportWhereabouts], note=None)
    known = WhereaboutsReported(case=CASE_ID, whereabouts="with_parent_elsewhere", note=None)
    given(CASE, *SUSPECTED).when(find).then(known)
    given(CASE, *SUSPECTED, known).when(find).then_nothing()


def test_a_dropout_confirmed_while_missing_is_still_to_be_found() -> None:
    confirmed = CASE.fold([*case_in("tracing"), *after_suspicion(CASE_COMMANDS[c.ConfirmDropout])])
    assert phase(confirmed) == "confirmed"
    assert "find" in open_steps(confirmed)


def test_a_returned_child_is_observed_for_the_days_of_the_policy() -> None:
    given(CASE, *SUSPECTED).when(CASE_COMMANDS[c.Reinstate]).then(
        Reinstated(
            case=CASE_ID,
            on=TODAY,
            school=SCHOOL,
            klass=KLASS,
            observe_until=TODAY + timedelta(days=14),
            observations_needed=1,
        )
    )


def test_a_relapse_begins_a_new_round_with_its_own_duties() -> None:
    history = case_events(*WORK)
    relapsed = RelapseDetected(case=CASE_ID, on=TODAY, cause=None)
    given(CASE, *history).when(CASE_COMMANDS[c.DetectRelapse]).then(relapsed)
    again = CASE.fold([*history, relapsed])
    assert phase(again) == "suspected"
    assert {"report", "home_visit", "heart_talk"} <= set(open_steps(again))
    assert "assign" not in open_steps(again), "the owner stays"


def test_a_missing_child_under_observation_is_a_new_round_too() -> None:
    lose = CASE_COMMANDS[c.ReportWhereaboutsUnknown]
    gone = CASE.fold(case_events(*WORK, lose))
    assert phase(gone) == "tracing"
    assert {"report", "home_visit", "find"} <= set(open_steps(gone))


def test_a_correction_after_the_case_was_opened_leaves_it_open_for_a_person_to_look() -> None:
    noted = CASE.decide(CHANGE, CASE.fold(SUSPECTED))
    changed = CASE.fold([*SUSPECTED, *noted])
    assert phase(changed) == "suspected"
    assert "review_attendance" in open_steps(changed)
    given(CASE, *SUSPECTED, *noted).when(CHANGE).then_nothing()
