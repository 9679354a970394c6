"""What is remembered of a child: its events, its sealed fields, and the class it is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.codes import with_fields
from shared.sealed import Sealed


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRegistered:
    child: UUID
    fields: dict[str, Sealed]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildChanged:
    """Only what changed: the new values (null: taken away) and the old ones."""

    child: UUID
    fields: dict[str, Sealed | None]
    was: dict[str, Sealed | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentEnrolled:
    """On the rolls of a class from `on` on; again for the same class when seat or grade change."""

    child: UUID
    klass: UUID
    school: str
    grade: int
    seat: int | None
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentLeftClass:
    """No longer on the rolls of the class from `on` on."""

    child: UUID
    klass: UUID
    on: date
    reason: str


ChildEvent: TypeAlias = ChildRegistered | ChildChanged | StudentEnrolled | StudentLeftClass
EVENTS: dict[str, type] = {
    cls.__name__: cls for cls in (ChildRegistered, ChildChanged, StudentEnrolled, StudentLeftClass)
}


# State
@dataclass(frozen=True, slots=True)
class Unknown:
    pass


@dataclass(frozen=True, slots=True)
class Registered:
    """Known, but on no class's rolls. `left`: since when and why, if it ever was on one."""

    fields: dict[str, Sealed] = field(default_factory=dict[str, Sealed])
    left_on: date | None = None
    left_for: str | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    fields: dict[str, Sealed]
    klass: UUID
    school: str
    grade: int
    seat: int | None
    since: date


Child: TypeAlias = Unknown | Registered | Enrolled
STATES: dict[str, type] = {"unknown": Unknown, "registered": Registered, "enrolled": Enrolled}


def evolve(child: Child, event: ChildEvent) -> Child:
    match event:
        case ChildRegistered(fields=fields):
            return _with(child, {**fields})
        case ChildChanged(fields=fields):
            return _with(child, fields)
        case StudentEnrolled():
            return Enrolled(
                _fields(child), event.klass, event.school, event.grade, event.seat, event.on
            )
        case StudentLeftClass(klass=klass, on=on, reason=reason):
            elsewhere = isinstance(child, Enrolled) and child.klass != klass
            return child if elsewhere else Registered(_fields(child), on, reason)
        case _:
            assert_never(event)


def _fields(child: Child) -> dict[str, Sealed]:
    return {} if isinstance(child, Unknown) else child.fields


def _with(child: Child, changes: Mapping[str, Sealed | None]) -> Child:
    fields = with_fields(_fields(child), changes)
    return Registered(fields) if isinstance(child, Unknown) else replace(child, fields=fields)
