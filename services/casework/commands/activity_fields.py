"""What the commands about a unit's work ask for."""

from datetime import date, datetime
from uuid import UUID

from shared.commands import Fields


class UnitFields(Fields, frozen=True):
    """Base: the unit whose work it is."""

    unit: str


class MeetingFields(UnitFields, frozen=True):
    kind: str
    held_at: datetime
    attended: list[UUID]
    agenda: str
    absent: list[UUID] = []  # noqa: RUF012  msgspec copies an empty list for each struct
    chair: UUID | None = None
    minutes: str | None = None


class TrainingFields(UnitFields, frozen=True):
    kind: str
    held_at: datetime
    attended: list[UUID]
    topic: str


class SelfCheckFields(UnitFields, frozen=True):
    """`month`: YYYY-MM, this month where absent."""

    problems: int
    month: str | None = None
    findings: str | None = None


class PlanFields(UnitFields, frozen=True):
    title: str
    year: int


class PublicityFields(UnitFields, frozen=True):
    kind: str
    on: date
    place: str
    reached: int


class ReviewFields(UnitFields, frozen=True):
    sample: list[UUID]
    month: str | None = None
    comments: str | None = None


class VillageFields(UnitFields, frozen=True):
    on: date
    children: list[UUID] = []  # noqa: RUF012  msgspec copies an empty list for each struct
    notes: str | None = None


class MatrixFields(UnitFields, frozen=True):
    """`duties`: department → what it has to do."""

    year: int
    duties: dict[str, list[str]]


class TargetFields(UnitFields, frozen=True):
    year: str
    metric: str
    value: str
    staff: UUID | None = None
    parent: UUID | None = None


class DocumentFields(UnitFields, frozen=True):
    """`content`: the document's text, which its hash names."""

    code: str
    title: str
    edition: str
    owner: str
    valid_from: date
    content: str
    number: str | None = None
    issuer: str | None = None
