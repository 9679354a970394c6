"""Events of a duty. Class and field names are the storage format: never renamed, only upcast."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from services.casework.domain.alert_events import Cause
from shared.sealed import Attachment, Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyTarget:
    """Whom or what the duty is about: `kind` as in the pack, `id` its uuid or code."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyArmed:
    duty: UUID
    kind: str
    target: DutyTarget
    period: str
    starts_at: datetime
    due_at: datetime
    needed: int
    holders: tuple[UUID, ...]
    role: str
    share: str
    rows: tuple[str, ...]
    calendar: str
    cause: Cause | None
    child: UUID | None
    klass: UUID | None
    school: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyAdvanced:
    duty: UUID
    got: int
    at: datetime
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutySatisfied:
    """`at`: when it was done; `late`: after its due time."""

    duty: UUID
    at: datetime
    late: bool
    evidence: tuple[Cause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBreached:
    duty: UUID
    due_at: datetime
    holders: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEscalated:
    duty: UUID
    step: int
    role: str
    to: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyReplanned:
    duty: UUID
    was: datetime
    due_at: datetime
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCancelled:
    duty: UUID
    reason: str
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFiled:
    """The plain evidence form: what was done, in words, with a file or without."""

    duty: UUID
    kind: str
    done_on: date
    note: Sealed | None
    attachment: Attachment | None


DutyEvent: TypeAlias = (
    DutyArmed
    | DutyAdvanced
    | DutySatisfied
    | DutyBreached
    | DutyEscalated
    | DutyReplanned
    | DutyCancelled
    | EvidenceFiled
)
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        DutyArmed,
        DutyAdvanced,
        DutySatisfied,
        DutyBreached,
        DutyEscalated,
        DutyReplanned,
        DutyCancelled,
        EvidenceFiled,
    )
}
