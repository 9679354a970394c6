"""What happens in a case. Class and field names are the storage format: only grown."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from services.casework.domain.alert_events import AttendanceChanged, Cause, ObservationLogged
from shared.sealed import Sealed

Level = Literal["school", "township", "county"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    case: UUID
    alert: UUID
    child: UUID
    klass: UUID | None
    school: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned:
    case: UUID
    owner: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutReported:
    case: UUID
    level: Level
    to_unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRecorded:
    case: UUID
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutConfirmed:
    case: UUID
    on: date
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereaboutsUnknown:
    case: UUID
    since: date
    note: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereaboutsReported:
    case: UUID
    whereabouts: str
    note: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeVisitLogged:
    case: UUID
    visited_at: datetime
    purpose: str
    met: tuple[str, ...]
    outcome: str
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFollowUpLogged:
    case: UUID
    called_at: datetime
    disposition: str
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartTalkLogged:
    case: UUID
    talked_at: datetime
    with_whom: tuple[str, ...]
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianContactLogged:
    case: UUID
    contacted_at: datetime
    channel: str
    outcome: str
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersuasionAttempted:
    case: UUID
    attempted_at: datetime
    methods: tuple[str, ...]
    by: tuple[str, ...]
    outcome: str
    next_attempt_on: date | None
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNoticeRecorded:
    case: UUID
    number: str
    issued_on: date
    return_by: date
    served_on: date | None
    receiver: str | None
    method: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated:
    case: UUID
    on: date
    school: str
    klass: UUID | None
    observe_until: date
    observations_needed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RelapseDetected:
    case: UUID
    on: date
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    case: UUID
    reason: str
    evidence: tuple[str, ...]
    note: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened:
    case: UUID
    reason: str


Logged: TypeAlias = (
    HomeVisitLogged
    | PhoneFollowUpLogged
    | HeartTalkLogged
    | GuardianContactLogged
    | PersuasionAttempted
)

CaseEvent: TypeAlias = (
    CaseOpened
    | CaseAssigned
    | DropoutReported
    | CauseRecorded
    | DropoutConfirmed
    | WhereaboutsUnknown
    | WhereaboutsReported
    | Logged
    | ReturnNoticeRecorded
    | Reinstated
    | ObservationLogged
    | RelapseDetected
    | AttendanceChanged
    | CaseClosed
    | CaseReopened
)

EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        CaseOpened,
        CaseAssigned,
        DropoutReported,
        CauseRecorded,
        DropoutConfirmed,
        WhereaboutsUnknown,
        WhereaboutsReported,
        HomeVisitLogged,
        PhoneFollowUpLogged,
        HeartTalkLogged,
        GuardianContactLogged,
        PersuasionAttempted,
        ReturnNoticeRecorded,
        Reinstated,
        ObservationLogged,
        RelapseDetected,
        AttendanceChanged,
        CaseClosed,
        CaseReopened,
    )
}
