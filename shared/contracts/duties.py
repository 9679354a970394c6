"""Events of duties, responsibilities and activities, which casework publishes: only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date, datetime
from uuid import UUID

from shared.contracts import activities
from shared.contracts.duty_parts import DutyCause, Event, Holder, Target
from shared.sealed import Attachment, Sealed


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


# Both modules are read by now, so the base knows every event of theirs.
assert activities.__name__
EVENTS: dict[str, type[Event]] = {f"casework.{cls.__name__}": cls for cls in Event.__subclasses__()}
