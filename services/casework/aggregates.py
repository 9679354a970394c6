"""How alerts, cases and rules are stored: their names, and when their events happened."""

from datetime import date, datetime

from services.casework.domain import activity, alert, body, calls, case, duty, responsibility, rules
from services.casework.domain.alert_events import (
    AlertEvent,
    AttendanceChanged,
    ObservationLogged,
    RiskExtended,
    RiskFlagged,
)
from services.casework.domain.case_events import CaseEvent, Logged
from services.casework.domain.case_state import logged_at
from services.casework.domain.duty_events import DutyBreached, DutyEvent, EvidenceFiled
from shared.event_store import Aggregate


def _alert_happened(event: AlertEvent) -> datetime | date | None:
    """A run happened on the day that completed it; what people decide happens as they decide."""
    match event:
        case RiskFlagged(kind="streak", last_on=last_on) | RiskExtended(last_on=last_on):
            return last_on
        case AttendanceChanged(on=on):
            return on
        case ObservationLogged(observed_at=at):
            return at
        case _:
            return None


def _case_happened(event: CaseEvent) -> datetime | date | None:
    """Entries of what was done happened when it was done, however late they were entered."""
    match event:
        case AttendanceChanged(on=on):
            return on
        case ObservationLogged(observed_at=at):
            return at
        case _ if isinstance(event, Logged):
            return logged_at(event)[1]
        case _:
            return None


def _duty_happened(event: DutyEvent) -> datetime | date | None:
    """A breach happened when the time ran out, plain evidence on its day."""
    match event:
        case DutyBreached(due_at=at):
            return at
        case EvidenceFiled(done_on=on):
            return on
        case _:
            return None


def _activity_happened(event: activity.ActivityEvent) -> datetime | date | None:
    match event:
        case activity.MeetingHeld(held_at=at) | activity.TrainingHeld(held_at=at):
            return at
        case activity.PublicityLogged(on=on) | activity.VillageCheckLogged(on=on):
            return on
        case activity.FollowUpSurveyLogged(asked_at=at):
            return at
        case _:
            return None


def _call_happened(event: calls.CallsEvent) -> datetime | None:
    match event:
        case calls.EveningCallLogged(called_at=at) | calls.ChildVisited(visited_at=at):
            return at
        case _:
            return None


ALERT = Aggregate(
    service="casework",
    prefix="alert-",
    decider=alert.ALERT,
    events=alert.EVENTS,
    states=alert.STATES,
    happened=_alert_happened,
    phase=alert.phase,
)
CASE = Aggregate(
    service="casework",
    prefix="case-",
    decider=case.CASE,
    events=case.EVENTS,
    states=case.STATES,
    happened=_case_happened,
    phase=case.phase,
)
RULES = Aggregate(
    service="casework",
    prefix="unit-",
    decider=rules.RULES,
    events=rules.EVENTS,
    states=rules.STATES,
    phase=rules.phase,
)
DUTY = Aggregate(
    service="casework",
    prefix="duty-",
    decider=duty.DUTY,
    events=duty.EVENTS,
    states=duty.STATES,
    happened=_duty_happened,
    phase=duty.phase,
)
RESPONSIBILITY = Aggregate(
    service="casework",
    prefix="responsibility-",
    decider=responsibility.RESPONSIBILITY,
    events=responsibility.EVENTS,
    states=responsibility.STATES,
    phase=responsibility.phase,
)
ACTIVITY = Aggregate(
    service="casework",
    prefix="activity-",
    decider=activity.ACTIVITY,
    events=activity.EVENTS,
    states=activity.STATES,
    happened=_activity_happened,
    phase=activity.phase,
)
CALLS = Aggregate(
    service="casework",
    prefix="calls-",
    decider=calls.CALLS,
    events=calls.EVENTS,
    states=calls.STATES,
    happened=_call_happened,
    phase=calls.phase,
)
BODY = Aggregate(
    service="casework",
    prefix="body-",
    decider=body.BODY,
    events=body.EVENTS,
    states=body.STATES,
    phase=body.phase,
)
AGGREGATES = (ALERT, CASE, RULES, DUTY, RESPONSIBILITY, ACTIVITY, CALLS, BODY)
