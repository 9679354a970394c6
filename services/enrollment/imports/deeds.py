"""What an accepted file will do, one deed after the other, as it rests until it is done."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec


class Deed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base: every deed can be decided again without doing anything twice."""


class FoundSchool(Deed):
    code: str
    name: str
    parent_path: str
    valid_from: date


class FoundTownship(Deed):
    code: str
    name: str
    parent_path: str
    valid_from: date


class MoveSchool(Deed):
    """A school that hangs at `path` goes below another unit from a day on."""

    code: str
    path: str
    parent_path: str
    on: date


class SetTerm(Deed):
    unit: str
    path: str
    term: str
    name: str
    opens_on: date
    ends_on: date


class FoundClass(Deed):
    klass: UUID
    school: str
    school_path: str
    grade: int
    name: str
    valid_from: date


class PutChild(Deed):
    """`fields`: clear values that are new or changed (None takes away); `klass` None: stays.

    `groups`: codes of those that the child is one of from `grouped_on` on, and was not before.
    `village`: code of the one that its household belongs to from `village_on` on, if that is new.
    """

    child: UUID
    fresh: bool
    fields: dict[str, str | None]
    path: str
    klass: UUID | None = None
    school: str = ""
    grade: int = 0
    on: date | None = None
    groups: list[str] = []
    grouped_on: date | None = None
    village: str | None = None
    village_on: date | None = None


class Post(msgspec.Struct, frozen=True):
    """A role on a unit from a day on."""

    role: str
    unit: str
    path: str
    valid_from: date


class PutStaff(Deed):
    staff: UUID
    fresh: bool
    unit: str
    path: str
    staff_number: str | None
    fields: dict[str, str | None]
    posts: list[Post]


class TakeClass(Deed):
    """A homeroom teacher takes a class over; the role of the one before ends that day."""

    klass: UUID
    path: str
    staff: UUID
    valid_from: date
    former: UUID | None = None
    former_path: str = ""


class Away(msgspec.Struct, frozen=True):
    child: UUID
    mark: Literal["unexcused", "sick", "personal"]


class PutRoll(Deed):
    klass: UUID
    on: date
    away: list[Away]


class PublishDays(Deed):
    """A layer of the calendar as JSON, for casework to publish."""

    unit: str
    content: str
    valid_from: date
    founding: bool


class PutCharge(Deed):
    """A responsibility for casework to record; `instead`: whom it passes from."""

    scheme: str
    tier: str
    target: str
    holder: str
    holder_kind: Literal["staff", "office"]
    since: date
    until: date | None = None
    instead: str | None = None


AnyDeed: TypeAlias = (
    FoundTownship
    | FoundSchool
    | MoveSchool
    | SetTerm
    | FoundClass
    | PutChild
    | PutStaff
    | TakeClass
    | PutRoll
    | PublishDays
    | PutCharge
)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyDeed)


def encode(deed: AnyDeed) -> bytes:
    return _encoder.encode(deed)


def decode(raw: bytes) -> AnyDeed:
    return _decoder.decode(raw)
