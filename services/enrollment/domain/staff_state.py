"""What is remembered of a member of staff: its events, sealed fields, roles by date, account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.codes import with_fields
from shared.sealed import Sealed


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRegistered:
    staff: UUID
    unit: str
    staff_number: str | None
    fields: dict[str, Sealed]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged:
    """Only what changed: the new values (null: taken away) and the old ones."""

    staff: UUID
    fields: dict[str, Sealed | None]
    was: dict[str, Sealed | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted:
    """`valid_to` is the last day, inclusive."""

    staff: UUID
    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEnded:
    """From `on` on the role is no longer held."""

    staff: UUID
    role: str
    unit: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    staff: UUID
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed:
    staff: UUID
    account: str
    reason: str


StaffEvent: TypeAlias = (
    StaffRegistered | StaffChanged | RoleGranted | RoleEnded | AccountOpened | AccountClosed
)
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        StaffRegistered,
        StaffChanged,
        RoleGranted,
        RoleEnded,
        AccountOpened,
        AccountClosed,
    )
}


# State
@dataclass(frozen=True, slots=True)
class Role:
    """Held from `valid_from` to `valid_to`, both inclusive."""

    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None

    def held_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "Role") -> bool:
        same = (self.role, self.unit) == (other.role, other.unit)
        return same and (self.held_on(other.valid_from) or other.held_on(self.valid_from))


@dataclass(frozen=True, slots=True)
class Unknown:
    pass


@dataclass(frozen=True, slots=True)
class Registered:
    """`closed_account`: the one closed last."""

    unit: str
    staff_number: str | None
    fields: dict[str, Sealed]
    roles: tuple[Role, ...] = ()
    account: str | None = None
    closed_account: str | None = None


Staff: TypeAlias = Unknown | Registered
STATES: dict[str, type] = {"unknown": Unknown, "registered": Registered}


def evolve(staff: Staff, event: StaffEvent) -> Staff:
    if isinstance(event, StaffRegistered):
        held = staff if isinstance(staff, Registered) else Registered("", None, {})
        fields = dict(event.fields)
        return replace(held, unit=event.unit, staff_number=event.staff_number, fields=fields)
    # What was recorded of somebody never registered is kept by nobody: there is no person.
    return staff if isinstance(staff, Unknown) else _changed(staff, event)


def _changed(
    staff: Registered,
    event: StaffChanged | RoleGranted | RoleEnded | AccountOpened | AccountClosed,
) -> Registered:
    match event:
        case StaffChanged(fields=fields):
            return replace(staff, fields=with_fields(staff.fields, fields))
        case RoleGranted():
            role = Role(event.role, event.unit, event.path, event.valid_from, event.valid_to)
            return replace(staff, roles=(*staff.roles, role))
        case RoleEnded():
            return replace(staff, roles=tuple(_ended(staff.roles, event)))
        case AccountOpened(account=account):
            return replace(staff, account=account)
        case AccountClosed(account=account):
            return replace(staff, account=None, closed_account=account)
        case _:
            assert_never(event)


def _ended(roles: Sequence[Role], event: RoleEnded) -> Iterator[Role]:
    for role in roles:
        own = (role.role, role.unit) == (event.role, event.unit)
        if own and role.held_on(event.on):
            yield replace(role, valid_to=event.on - timedelta(days=1))
        else:
            yield role
