"""Events that casework (个案) publishes. Names and fields are the storage format: only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.sealed import Sealed

RiskKind = Literal["streak", "whereabouts", "manual", "imported"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The event of another ledger that made this one happen."""

    service: str
    ledger: str
    seq: int


# alert-<uuid>: a suspicion, until a person has looked.
class RiskFlagged(Event):
    alert: UUID
    child: UUID
    klass: UUID | None
    school: str
    kind: RiskKind
    first_on: date | None
    last_on: date | None
    days: int
    rule: str
    calendar: str
    cause: Cause | None
    note: Sealed | None
    report_due_at: datetime
    verify_due_at: datetime
    # What a person saw, as a code: near_dropout, dropout_signs, mood, weary_of_school.
    sign: str | None = None


class RiskExtended(Event):
    alert: UUID
    last_on: date
    days: int


class RiskVerified(Event):
    alert: UUID
    case: UUID
    reason: str
    note: Sealed | None


class RiskCleared(Event):
    alert: UUID
    reason: str
    note: Sealed | None


class AttendanceChanged(Event):
    """What the alert or case rests on was corrected; a person decides what follows."""

    child: UUID
    on: date
    was: str
    now: str
    cause: Cause | None


class ReportOverdue(Event):
    alert: UUID
    child: UUID
    due_at: datetime


# case-<uuid>
class CaseOpened(Event):
    case: UUID
    alert: UUID
    child: UUID
    klass: UUID | None
    school: str
    reason: str


class CaseAssigned(Event):
    case: UUID
    owner: UUID
    role: str


class DropoutReported(Event):
    case: UUID
    level: Literal["school", "township", "county"]
    to_unit: str


class CauseRecorded(Event):
    case: UUID
    causes: list[str]


class DropoutConfirmed(Event):
    case: UUID
    on: date
    cause: str


class WhereaboutsUnknown(Event):
    case: UUID
    since: date
    note: Sealed | None


class WhereaboutsReported(Event):
    case: UUID
    whereabouts: str
    note: Sealed | None


class HomeVisitLogged(Event):
    case: UUID
    visited_at: datetime
    purpose: str
    met: list[str]
    outcome: str
    notes: Sealed | None


class PhoneFollowUpLogged(Event):
    case: UUID
    called_at: datetime
    disposition: str
    notes: Sealed | None


class HeartTalkLogged(Event):
    case: UUID
    talked_at: datetime
    with_whom: list[str]
    notes: Sealed | None


class GuardianContactLogged(Event):
    case: UUID
    contacted_at: datetime
    channel: str
    outcome: str
    notes: Sealed | None


class PersuasionAttempted(Event):
    case: UUID
    attempted_at: datetime
    methods: list[str]
    by: list[str]
    outcome: str
    next_attempt_on: date | None
    notes: Sealed | None


class ReturnNoticeRecorded(Event):
    case: UUID
    number: str
    issued_on: date
    return_by: date
    served_on: date | None
    receiver: str | None
    method: str | None


class Reinstated(Event):
    case: UUID
    on: date
    school: str
    klass: UUID | None
    observe_until: date
    observations_needed: int = 1


class ObservationLogged(Event):
    """What a teacher saw of a child: in a case after the return, or in an alert of its own."""

    child: UUID
    case: UUID | None
    observed_at: datetime
    kind: str
    present: bool | None
    notes: Sealed | None


class RelapseDetected(Event):
    case: UUID
    on: date
    cause: Cause | None


class CaseClosed(Event):
    case: UUID
    reason: str
    evidence: list[str]
    note: Sealed | None


class CaseReopened(Event):
    case: UUID
    reason: str


# unit-<code>: the rules
class PolicyVersionActivated(Event):
    unit: str
    pack: str
    valid_from: date
    basis: str


class CalendarPublished(Event):
    unit: str
    layer: Literal["national", "county", "school"]
    sha256: str
    valid_from: date


EVENTS: dict[str, type[Event]] = {f"casework.{cls.__name__}": cls for cls in Event.__subclasses__()}
