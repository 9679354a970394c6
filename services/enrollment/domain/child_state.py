"""What is remembered of a child: its events, its sealed fields, and the class it is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentGroupTagged:
    """One of a group from `since` to `until`, both included; no end: until it is untagged.

    `group` is a code of the pack's list; `source` says on whose word.
    """

    child: UUID
    group: str
    since: date
    until: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentGroupUntagged:
    """No longer one of the group from `on` on."""

    child: UUID
    group: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildVillageRecorded:
    """The household belongs to the village (a unit's code) from `on` on; None: to none known."""

    child: UUID
    village: str | None
    on: date
    source: str


ChildEvent: TypeAlias = (
    ChildRegistered
    | ChildChanged
    | StudentEnrolled
    | StudentLeftClass
    | StudentGroupTagged
    | StudentGroupUntagged
    | ChildVillageRecorded
)
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        ChildRegistered,
        ChildChanged,
        StudentEnrolled,
        StudentLeftClass,
        StudentGroupTagged,
        StudentGroupUntagged,
        ChildVillageRecorded,
    )
}


# State
@dataclass(frozen=True, slots=True)
class InGroup:
    """A child's time in a group, both days included."""

    group: str
    since: date
    until: date | None
    source: str

    def on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Home:
    """The village that was recorded last, and from which day on."""

    village: str | None
    on: date


@dataclass(frozen=True, slots=True)
class Unknown:
    pass


@dataclass(frozen=True, slots=True)
class Registered:
    """Known, but on no class's rolls. `left`: since when and why, if it ever was on one."""

    fields: dict[str, Sealed] = field(default_factory=dict[str, Sealed])
    left_on: date | None = None
    left_for: str | None = None
    groups: tuple[InGroup, ...] = ()
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    fields: dict[str, Sealed]
    klass: UUID
    school: str
    grade: int
    seat: int | None
    since: date
    groups: tuple[InGroup, ...] = ()
    home: Home | None = None


Child: TypeAlias = Unknown | Registered | Enrolled
STATES: dict[str, type] = {"unknown": Unknown, "registered": Registered, "enrolled": Enrolled}


def evolve(child: Child, event: ChildEvent) -> Child:
    match event:
        case ChildRegistered(fields=fields):
            return _with(child, {**fields})
        case ChildChanged(fields=fields):
            return _with(child, fields)
        case StudentEnrolled():
            return _enrolled(child, event)
        case StudentLeftClass(klass=klass, on=on, reason=reason):
            elsewhere = isinstance(child, Enrolled) and child.klass != klass
            left = Registered(_fields(child), on, reason, groups_of(child), home_of(child))
            return child if elsewhere else left
        case StudentGroupTagged():
            held = InGroup(event.group, event.since, event.until, event.source)
            return _grouped(child, (*groups_of(child), held))
        case StudentGroupUntagged(group=group, on=on):
            return _grouped(child, _without(groups_of(child), group, on))
        case ChildVillageRecorded(village=village, on=on):
            known = Registered() if isinstance(child, Unknown) else child
            return replace(known, home=Home(village, on))
        case _:
            assert_never(event)


def _fields(child: Child) -> dict[str, Sealed]:
    return {} if isinstance(child, Unknown) else child.fields


def _with(child: Child, changes: Mapping[str, Sealed | None]) -> Child:
    fields = with_fields(_fields(child), changes)
    return Registered(fields) if isinstance(child, Unknown) else replace(child, fields=fields)


def groups_of(child: Child) -> tuple[InGroup, ...]:
    """Every time in a group, those that are over too."""
    return () if isinstance(child, Unknown) else child.groups


def home_of(child: Child) -> Home | None:
    return None if isinstance(child, Unknown) else child.home


def _enrolled(child: Child, event: StudentEnrolled) -> Enrolled:
    return Enrolled(
        _fields(child),
        event.klass,
        event.school,
        event.grade,
        event.seat,
        event.on,
        groups_of(child),
        home_of(child),
    )


def _grouped(child: Child, groups: tuple[InGroup, ...]) -> Child:
    return replace(Registered() if isinstance(child, Unknown) else child, groups=groups)


def _without(held: tuple[InGroup, ...], group: str, on: date) -> tuple[InGroup, ...]:
    """What is left when the group ends before `on`; a time that had not begun holds no day."""
    last = on - timedelta(days=1)
    return tuple(
        replace(one, until=last) if one.group == group and (one.until or last) >= last else one
        for one in held
    )
