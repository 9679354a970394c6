"""Events of activities (会议、自查、方案…), which casework publishes, one each: only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date, datetime
from uuid import UUID

from shared.contracts.duty_parts import Event
from shared.sealed import Attachment, Sealed


# activity-<uuid>: one event each
class MeetingHeld(Event):
    activity: UUID
    kind: str
    unit: str
    held_at: datetime
    chair: UUID | None
    attended: list[UUID]
    absent: list[UUID]
    agenda: str
    minutes: Sealed | None
    attachment: Attachment | None


class TrainingHeld(Event):
    activity: UUID
    kind: str
    unit: str
    held_at: datetime
    attended: list[UUID]
    topic: str
    attachment: Attachment | None


class SelfCheckSubmitted(Event):
    activity: UUID
    unit: str
    month: str
    findings: Sealed | None
    problems: int
    attachment: Attachment | None


class WorkPlanSubmitted(Event):
    activity: UUID
    unit: str
    year: int
    title: str
    attachment: Attachment | None


class PublicityPlanSubmitted(Event):
    activity: UUID
    unit: str
    year: int
    title: str
    attachment: Attachment | None


class DutyMatrixAdopted(Event):
    """Department or committee → what it has to do."""

    activity: UUID
    unit: str
    year: int
    duties: dict[str, list[str]]
    attachment: Attachment | None


class PublicityLogged(Event):
    activity: UUID
    kind: str
    unit: str
    on: date
    place: str
    reached: int
    attachment: Attachment | None


class SupportRecordReviewed(Event):
    activity: UUID
    unit: str
    month: str
    sample: list[UUID]
    comments: Sealed | None


class FollowUpSurveyLogged(Event):
    activity: UUID
    child: UUID
    ordinal: int
    asked_at: datetime
    notes: Sealed | None


class VillageCheckLogged(Event):
    activity: UUID
    unit: str
    on: date
    children: list[UUID]
    notes: Sealed | None


class TargetSet(Event):
    """`value` in the metric's unit, as text; `parent`: the target it was broken down from."""

    activity: UUID
    unit: str
    staff: UUID | None
    year: str
    metric: str
    value: str
    parent: UUID | None


class PolicyDocumentPublished(Event):
    document: UUID
    code: str
    title: str
    version: str
    sha256: str
    unit: str
    owner: str
    valid_from: date
    number: str | None
    issuer: str | None


class CaseEscalated(Event):
    case: UUID
    child: UUID
    level: str
    to_unit: str
    reason: Sealed | None
