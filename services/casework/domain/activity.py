"""Activities: what was held, submitted, published or set; corrections are new events."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from services.casework.domain.refusals import NotInThisPhase
from services.casework.domain.times import not_after_today, not_later_than_now
from shared.decider import CommandRejected, Decider
from shared.sealed import Attachment, Sealed


class NobodyThere(CommandRejected):
    """A meeting without anybody who attended it."""

    code = "nobody_there"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingHeld:
    activity: UUID
    kind: str
    unit: str
    held_at: datetime
    chair: UUID | None
    attended: tuple[UUID, ...]
    absent: tuple[UUID, ...]
    agenda: str
    minutes: Sealed | None
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingHeld:
    activity: UUID
    kind: str
    unit: str
    held_at: datetime
    attended: tuple[UUID, ...]
    topic: str
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckSubmitted:
    activity: UUID
    unit: str
    month: str
    findings: Sealed | None
    problems: int
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlanSubmitted:
    activity: UUID
    unit: str
    year: int
    title: str
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityPlanSubmitted:
    activity: UUID
    unit: str
    year: int
    title: str
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyMatrixAdopted:
    activity: UUID
    unit: str
    year: int
    duties: dict[str, tuple[str, ...]]
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityLogged:
    activity: UUID
    kind: str
    unit: str
    on: date
    place: str
    reached: int
    attachment: Attachment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRecordReviewed:
    activity: UUID
    unit: str
    month: str
    sample: tuple[UUID, ...]
    comments: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpSurveyLogged:
    activity: UUID
    child: UUID
    ordinal: int
    asked_at: datetime
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageCheckLogged:
    activity: UUID
    unit: str
    on: date
    children: tuple[UUID, ...]
    notes: Sealed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSet:
    activity: UUID
    unit: str
    staff: UUID | None
    year: str
    metric: str
    value: str
    parent: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocumentPublished:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEscalated:
    case: UUID
    child: UUID
    level: str
    to_unit: str
    reason: Sealed | None


ActivityEvent: TypeAlias = (
    MeetingHeld
    | TrainingHeld
    | SelfCheckSubmitted
    | WorkPlanSubmitted
    | PublicityPlanSubmitted
    | DutyMatrixAdopted
    | PublicityLogged
    | SupportRecordReviewed
    | FollowUpSurveyLogged
    | VillageCheckLogged
    | TargetSet
    | PolicyDocumentPublished
    | CaseEscalated
)
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        MeetingHeld,
        TrainingHeld,
        SelfCheckSubmitted,
        WorkPlanSubmitted,
        PublicityPlanSubmitted,
        DutyMatrixAdopted,
        PublicityLogged,
        SupportRecordReviewed,
        FollowUpSurveyLogged,
        VillageCheckLogged,
        TargetSet,
        PolicyDocumentPublished,
        CaseEscalated,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    kind: str


Activity: TypeAlias = Unrecorded | Recorded
STATES: dict[str, type] = {"unrecorded": Unrecorded, "recorded": Recorded}


def phase(state: Activity) -> str:
    return type(state).__name__.lower()


def evolve(state: Activity, event: ActivityEvent) -> Activity:
    """Never refuses: whatever was recorded has happened."""
    return Recorded(kind=type(event).__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordActivity:
    """The event as it is to stand; it is checked, then recorded once."""

    event: ActivityEvent
    now: datetime


ALLOWED: dict[str, frozenset[type]] = {
    "unrecorded": frozenset({RecordActivity}),
    "recorded": frozenset(),
}


def decide(command: RecordActivity, state: Activity) -> list[ActivityEvent]:
    """Raises CommandRejected."""
    if type(command) not in ALLOWED[phase(state)]:
        raise NotInThisPhase("这条记录已经登记过了。要更正，请另登记一条。", field="activity")
    _check(command.event, command.now)
    return [command.event]


def _check(event: ActivityEvent, now: datetime) -> None:
    match event:
        case (
            MeetingHeld(held_at=at, attended=attended) | TrainingHeld(held_at=at, attended=attended)
        ):
            not_later_than_now("held_at", "开会", at, now)
            if not attended:
                raise NobodyThere("写上谁到会了。", field="attended")
        case PublicityLogged(on=on) | VillageCheckLogged(on=on):
            not_after_today("on", "活动", on, now)
        case FollowUpSurveyLogged(asked_at=at):
            not_later_than_now("asked_at", "调查", at, now)
        case (
            SelfCheckSubmitted()
            | WorkPlanSubmitted()
            | PublicityPlanSubmitted()
            | DutyMatrixAdopted()
            | SupportRecordReviewed()
            | TargetSet()
            | PolicyDocumentPublished()
            | CaseEscalated()
        ):
            return
        case _:
            assert_never(event)


ACTIVITY: Decider[RecordActivity, ActivityEvent, Activity] = Decider(Unrecorded(), decide, evolve)
