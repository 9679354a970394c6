"""Children, staff and classes as files and programs bring them, and what each row came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.decider import CommandRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRow:
    """A child as a file or a program brings it; registered already: only what differs changes.

    `fields`: clear values by field name. `klass` with `on`: on its rolls from that day on, moved
    there if it is on another's. `path` is where a child without a class is registered. `village`:
    code of the unit that its household belongs to, from `on` on.
    """

    child: UUID
    fields: Mapping[str, str]
    path: str
    klass: UUID | None = None
    seat: int | None = None
    on: date | None = None
    village: str | None = None
    command_id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """`path` of `unit`, a code or a class's id; both days inclusive."""

    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A member of staff; `unit` with its `path` employs the person."""

    staff: UUID
    unit: str
    path: str
    fields: Mapping[str, str]
    staff_number: str | None = None
    roles: tuple[RoleRow, ...] = ()
    account: str | None = None
    command_id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """A class to open, and whose it is from its first day on."""

    klass: UUID
    school: str
    school_path: str
    grade: int
    name: str
    valid_from: date
    homeroom: UUID | None = None
    command_id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class PersonAnswer:
    """What a row came to: how many events, or why it was refused; `repeated`: it was done before"""

    row: ChildRow | StaffRow | ClassRow
    events: int = 0
    repeated: bool = False
    refused: CommandRejected | None = None
