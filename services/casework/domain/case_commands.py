"""What people and processes may want of a case; `now` and ids arrive in the command."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from services.casework.domain.alert import LogObservation, NoteAttendanceChange
from services.casework.domain.alert_events import Cause
from services.casework.domain.case_events import Level
from shared.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    case: UUID
    alert: UUID
    child: UUID
    klass: UUID | None
    school: str
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCase:
    owner: UUID
    role: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDropout:
    level: Level
    to_unit: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCause:
    """`causes` are codes of the policy's list, the main one first."""

    causes: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDropout:
    """`person` is None when a rule would decide, which is refused."""

    on: date
    cause: str
    person: UUID | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWhereaboutsUnknown:
    since: date
    now: datetime
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWhereabouts:
    """`whereabouts` is a code, such as with_parent_elsewhere; the words are in `note`."""

    whereabouts: str
    now: datetime
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHomeVisit:
    visited_at: datetime
    purpose: str
    met: tuple[str, ...]
    outcome: str
    now: datetime
    notes: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPhoneFollowUp:
    called_at: datetime
    disposition: str
    now: datetime
    notes: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHeartTalk:
    talked_at: datetime
    with_whom: tuple[str, ...]
    now: datetime
    notes: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGuardianContact:
    contacted_at: datetime
    channel: str
    outcome: str
    now: datetime
    notes: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPersuasion:
    """`methods`: of the seven 宣传 动员 说服 引导 敦促 批评 教育, as codes."""

    attempted_at: datetime
    methods: tuple[str, ...]
    by: tuple[str, ...]
    outcome: str
    now: datetime
    next_attempt_on: date | None = None
    notes: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReturnNotice:
    """The same number again records the service of a notice that was only issued."""

    number: str
    issued_on: date
    return_by: date
    now: datetime
    served_on: date | None = None
    receiver: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstate:
    """`observe_days` and `observations_needed` are the policy's at `now`."""

    on: date
    school: str
    klass: UUID | None
    observe_days: int
    now: datetime
    observations_needed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectRelapse:
    on: date
    now: datetime
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """`evidence`: codes or document numbers that the reason rests on, at least one."""

    reason: str
    evidence: tuple[str, ...]
    person: UUID | None
    now: datetime
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenCase:
    reason: str
    now: datetime


CaseCommand: TypeAlias = (
    OpenCase
    | AssignCase
    | ReportDropout
    | RecordCause
    | ConfirmDropout
    | ReportWhereaboutsUnknown
    | ReportWhereabouts
    | LogHomeVisit
    | LogPhoneFollowUp
    | LogHeartTalk
    | LogGuardianContact
    | AttemptPersuasion
    | RecordReturnNotice
    | Reinstate
    | LogObservation
    | DetectRelapse
    | NoteAttendanceChange
    | CloseCase
    | ReopenCase
)
