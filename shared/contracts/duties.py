"""Events of duties, responsibilities and activities, which casework publishes: only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date, datetime
from uuid import UUID

import msgspec

from shared.sealed import Sealed


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what stands inside an event."""


class DutyCause(Part):
    """The event that made this one happen, in whichever ledger it stands."""

    service: str
    ledger: str
    seq: int


class Target(Part):
    """`kind`: child klass grade school village township county case staff guardian."""

    kind: str
    id: str


class Holder(Part):
    """`kind`: staff (a uuid) or office (a unit's code, or a name)."""

    kind: str
    id: str


class Attachment(Part):
    """A file kept outside the store: SHA-256 of what is kept, its size, its checked type."""

    sha256: str
    bytes: int
    type: str


# duty-<uuid>
class DutyArmed(Event):
    duty: UUID
    kind: str
    target: Target
    period: str
    starts_at: datetime
    due_at: datetime
    needed: int
    holders: list[UUID]
    role: str
    share: str
    rows: list[str]
    calendar: str
    cause: DutyCause | None
    child: UUID | None
    klass: UUID | None
    school: str | None


class DutyAdvanced(Event):
    duty: UUID
    got: int
    at: datetime
    cause: DutyCause | None


class DutySatisfied(Event):
    duty: UUID
    at: datetime
    late: bool
    evidence: list[DutyCause]


class DutyBreached(Event):
    duty: UUID
    due_at: datetime
    holders: list[UUID]


class DutyEscalated(Event):
    duty: UUID
    step: int
    role: str
    to: list[UUID]


class DutyReplanned(Event):
    duty: UUID
    was: datetime
    due_at: datetime
    calendar: str


class DutyCancelled(Event):
    duty: UUID
    reason: str
    cause: DutyCause | None


class EvidenceFiled(Event):
    duty: UUID
    kind: str
    done_on: date
    note: Sealed | None
    attachment: Attachment | None


# responsibility-<uuid>
class ResponsibilityAssigned(Event):
    scheme: str
    tier: str
    line: str
    share: str
    target: Target
    holder: Holder
    since: date
    until: date | None


class ResponsibilityEnded(Event):
    scheme: str
    tier: str
    target: Target
    holder: Holder
    on: date
    reason: str
    successor: Holder | None


# body-<uuid>
class LeadingGroupFormed(Event):
    body: UUID
    code: str
    name: str
    unit: str
    on: date


class LeadingGroupMemberAppointed(Event):
    body: UUID
    post: str
    staff: UUID
    since: date
    until: date | None


class LeadingGroupMemberRemoved(Event):
    body: UUID
    post: str
    staff: UUID
    on: date
    reason: str


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


# calls-<child>: what is done for a child without a case
class EveningCallLogged(Event):
    """The four questions of the evening: 病好了吗 明天能上学吗 事情办好了吗 有什么我帮忙的吗."""

    child: UUID
    leave_on: date
    called_at: datetime
    disposition: str
    better: bool | None
    tomorrow: bool | None
    settled: bool | None
    help: bool | None
    notes: Sealed | None


class ChildVisited(Event):
    child: UUID
    visited_at: datetime
    met: list[str]
    outcome: str
    notes: Sealed | None


class DifficultyRecorded(Event):
    child: UUID
    kind: str
    note: Sealed | None


class CaseEscalated(Event):
    case: UUID
    child: UUID
    level: str
    to_unit: str
    reason: Sealed | None


EVENTS: dict[str, type[Event]] = {f"casework.{cls.__name__}": cls for cls in Event.__subclasses__()}
