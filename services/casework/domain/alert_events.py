"""What happens to an alert. Class and field names are the storage format: only grown."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from shared.sealed import Sealed

RiskKind = Literal["streak", "whereabouts", "manual", "imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The event of another ledger that made this one happen."""

    service: str
    ledger: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFlagged:
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
    sign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskExtended:
    alert: UUID
    last_on: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskVerified:
    alert: UUID
    case: UUID
    reason: str
    note: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCleared:
    alert: UUID
    reason: str
    note: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceChanged:
    child: UUID
    on: date
    was: str
    now: str
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOverdue:
    alert: UUID
    child: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationLogged:
    child: UUID
    case: UUID | None
    observed_at: datetime
    kind: str
    present: bool | None
    notes: Sealed | None


AlertEvent: TypeAlias = (
    RiskFlagged
    | RiskExtended
    | RiskVerified
    | RiskCleared
    | AttendanceChanged
    | ReportOverdue
    | ObservationLogged
)

EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        RiskFlagged,
        RiskExtended,
        RiskVerified,
        RiskCleared,
        AttendanceChanged,
        ReportOverdue,
        ObservationLogged,
    )
}
