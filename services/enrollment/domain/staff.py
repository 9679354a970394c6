"""A member of staff: who it is (sealed), the roles held, and the account that acts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.codes import STAFF_CLASSES, changed_fields, check_fields
from services.enrollment.domain.staff_state import (
    EVENTS,
    STATES,
    AccountClosed,
    AccountOpened,
    Registered,
    Role,
    RoleEnded,
    RoleGranted,
    Staff,
    StaffChanged,
    StaffEvent,
    StaffRegistered,
    Unknown,
    evolve,
)
from shared.decider import CommandRejected, Decider
from shared.sealed import Sealed

__all__ = [
    "EVENTS",
    "STAFF",
    "STATES",
    "ChangeStaff",
    "CloseAccount",
    "EndRole",
    "GrantRole",
    "OpenAccount",
    "RegisterStaff",
    "decide",
    "evolve",
]

_ROLE = re.compile(r"[a-z][a-z_]{1,39}")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterStaff:
    """`unit`: the code of the unit that employs the person; `fields`: sealed, `name` at least."""

    staff: UUID
    unit: str
    staff_number: str | None
    fields: Mapping[str, Sealed]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStaff:
    """Only fields whose opened value differs; None takes a value away."""

    staff: UUID
    fields: Mapping[str, Sealed | None]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole:
    """`path`: the path of `unit`. From `valid_from` to `valid_to`, both inclusive."""

    staff: UUID
    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRole:
    """From `on` on the role is no longer held."""

    staff: UUID
    role: str
    unit: str
    on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    staff: UUID
    account: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount:
    staff: UUID
    account: str
    reason: str
    now: datetime


StaffCommand: TypeAlias = (
    RegisterStaff | ChangeStaff | GrantRole | EndRole | OpenAccount | CloseAccount
)


class StaffWithoutName(CommandRejected):
    code = "staff_without_name"


class StaffRegisteredOtherwise(CommandRejected):
    code = "staff_registered_otherwise"


class StaffUnknown(CommandRejected):
    code = "staff_unknown"


class RoleMalformed(CommandRejected):
    code = "role_malformed"


class RoleBackwards(CommandRejected):
    code = "role_backwards"


class RoleHeldAlready(CommandRejected):
    code = "role_held_already"


class RoleNotHeld(CommandRejected):
    code = "role_not_held"


class AccountMalformed(CommandRejected):
    code = "account_malformed"


class AccountOpenAlready(CommandRejected):
    code = "account_open_already"


class AccountNotOpen(CommandRejected):
    code = "account_not_open"


class ReasonMissing(CommandRejected):
    code = "reason_missing"


def decide(command: StaffCommand, staff: Staff) -> list[StaffEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case RegisterStaff():
            return _register(command, staff)
        case ChangeStaff():
            return _change(command, _known(staff))
        case GrantRole():
            return _grant(command, _known(staff))
        case EndRole():
            return _end(command, _known(staff))
        case OpenAccount():
            return _open(command, _known(staff))
        case CloseAccount():
            return _close(command, _known(staff))
        case _:
            assert_never(command)


def _register(command: RegisterStaff, staff: Staff) -> list[StaffEvent]:
    check_fields(command.fields, STAFF_CLASSES)
    if "name" not in command.fields:
        raise StaffWithoutName("教职工要有姓名。请补填姓名。", field="name")
    if isinstance(staff, Unknown):
        return [
            StaffRegistered(
                staff=command.staff,
                unit=command.unit,
                staff_number=command.staff_number,
                fields=dict(command.fields),
            )
        ]
    wanted = (command.unit, command.staff_number, command.fields)
    if (staff.unit, staff.staff_number, staff.fields) == wanted:
        return []
    raise StaffRegisteredOtherwise("这位教职工已经登记。要改信息，请用修改。", field="staff")


def _change(command: ChangeStaff, staff: Registered) -> list[StaffEvent]:
    check_fields(command.fields, STAFF_CLASSES)
    changes = changed_fields(command.fields, staff.fields)
    if "name" in changes and changes["name"] is None:
        raise StaffWithoutName("教职工要有姓名，不能删去。请改成正确的姓名。", field="name")
    if not changes:
        return []
    was = {name: staff.fields.get(name) for name in changes}
    return [StaffChanged(staff=command.staff, fields=changes, was=was)]


def _grant(command: GrantRole, staff: Registered) -> list[StaffEvent]:
    if _ROLE.fullmatch(command.role) is None:
        raise RoleMalformed("职务代码不对。请从列表中选择职务。", field="role")
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise RoleBackwards("任职的结束日期早于起始日期。请改正日期。", field="valid_to")
    wanted = Role(command.role, command.unit, command.path, command.valid_from, command.valid_to)
    if wanted in staff.roles:
        return []
    if any(held.overlaps(wanted) for held in staff.roles):
        raise RoleHeldAlready("这段时间已任此职。要改期限，请先终止原任职。", field="valid_from")
    return [
        RoleGranted(
            staff=command.staff,
            role=command.role,
            unit=command.unit,
            path=command.path,
            valid_from=command.valid_from,
            valid_to=command.valid_to,
        )
    ]


def _end(command: EndRole, staff: Registered) -> list[StaffEvent]:
    own = [r for r in staff.roles if (r.role, r.unit) == (command.role, command.unit)]
    if any(role.valid_to == command.on - timedelta(days=1) for role in own):
        return []
    if not any(role.held_on(command.on) for role in own):
        raise RoleNotHeld("那一天没有任此职。请核对职务、单位和日期。", field="on")
    return [RoleEnded(staff=command.staff, role=command.role, unit=command.unit, on=command.on)]


def _open(command: OpenAccount, staff: Registered) -> list[StaffEvent]:
    if _ACCOUNT.fullmatch(command.account) is None:
        raise AccountMalformed(
            "账号只能用小写字母、数字和 . _ -，2 至 40 个字符。请另取账号。", field="account"
        )
    if staff.account == command.account:
        return []
    if staff.account is not None:
        raise AccountOpenAlready("这位教职工已有账号。要换账号，请先停用原账号。", field="account")
    return [AccountOpened(staff=command.staff, account=command.account)]


def _close(command: CloseAccount, staff: Registered) -> list[StaffEvent]:
    if not command.reason.strip():
        raise ReasonMissing("停用账号要写原因。请补填原因。", field="reason")
    if staff.account is None and staff.closed_account == command.account:
        return []
    if staff.account != command.account:
        raise AccountNotOpen("这位教职工没有启用这个账号。请核对账号。", field="account")
    return [AccountClosed(staff=command.staff, account=command.account, reason=command.reason)]


def _known(staff: Staff) -> Registered:
    if isinstance(staff, Unknown):
        raise StaffUnknown("这位教职工还没有登记。请先登记。", field="staff")
    return staff


STAFF: Decider[StaffCommand, StaffEvent, Staff] = Decider(Unknown(), decide, evolve)
