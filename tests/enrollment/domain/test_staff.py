"""Staff: fields, roles by date, accounts."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.enrollment.domain import staff
from services.enrollment.domain.codes import (
    FieldMissealed,
    FieldUnknown,
)
from services.enrollment.domain.staff_state import (
    AccountClosed,
    AccountOpened,
    RoleEnded,
    RoleGranted,
    StaffChanged,
    StaffRegistered,
)
from tests.enrollment.domain.shapes import sealed
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARCH = date(2026, 3, 2)
JUNE = date(2026, 6, 1)
SCHOOL = "2199010001"
COUNTY_PATH = "990000/990100/990101"
TEACHER = UUID(int=4)
NAME = sealed("甲")
NEW_NAME = sealed("乙")
PHONE = sealed("1", "contact")


HIRED = StaffRegistered(staff=TEACHER, unit=SCHOOL, staff_number="7", fields={"name": NAME})
ROLE = RoleGranted(
    staff=TEACHER, role="principal", unit=SCHOOL, path=COUNTY_PATH, valid_from=MARCH, valid_to=None
)


def hire(**other: Any) -> staff.RegisterStaff:
    whole: dict[str, Any] = {
        "staff": TEACHER,
        "unit": SCHOOL,
        "staff_number": "7",
        "fields": {"name": NAME},
        "now": NOW,
    }
    return staff.RegisterStaff(**whole | other)


def change_staff(**fields: Any) -> staff.ChangeStaff:
    return staff.ChangeStaff(staff=TEACHER, fields=fields, now=NOW)


def grant(**other: Any) -> staff.GrantRole:
    whole: dict[str, Any] = {
        "staff": TEACHER,
        "role": "principal",
        "unit": SCHOOL,
        "path": COUNTY_PATH,
        "valid_from": MARCH,
        "valid_to": None,
        "now": NOW,
    }
    return staff.GrantRole(**whole | other)


def end_role(on: date) -> staff.EndRole:
    return staff.EndRole(staff=TEACHER, role="principal", unit=SCHOOL, on=on, now=NOW)


def open_account(account: str) -> staff.OpenAccount:
    return staff.OpenAccount(staff=TEACHER, account=account, now=NOW)


def close_account(account: str, reason: str = "调离") -> staff.CloseAccount:
    return staff.CloseAccount(staff=TEACHER, account=account, reason=reason, now=NOW)


def test_staff_are_registered_once_with_a_name() -> None:
    given(staff.STAFF).when(hire()).then(HIRED)
    given(staff.STAFF, HIRED).when(hire()).then_nothing()
    given(staff.STAFF, HIRED).when(hire(staff_number="8")).then_rejected(
        staff.StaffRegisteredOtherwise
    )
    given(staff.STAFF).when(hire(fields={"phone": PHONE})).then_rejected(staff.StaffWithoutName)
    given(staff.STAFF).when(hire(fields={"name": PHONE})).then_rejected(FieldMissealed)
    given(staff.STAFF).when(hire(fields={"name": NAME, "hobby": NAME})).then_rejected(FieldUnknown)


def test_a_change_of_staff_keeps_old_and_new() -> None:
    before = given(staff.STAFF, HIRED)
    before.when(change_staff(name=NEW_NAME, phone=PHONE)).then(
        StaffChanged(
            staff=TEACHER,
            fields={"name": NEW_NAME, "phone": PHONE},
            was={"name": NAME, "phone": None},
        )
    )
    before.when(change_staff(name=NAME)).then_nothing()
    before.when(change_staff(name=None)).then_rejected(staff.StaffWithoutName)
    given(staff.STAFF).when(change_staff(name=NAME)).then_rejected(staff.StaffUnknown)


def test_a_role_is_held_once_at_a_time_and_ends() -> None:
    held = given(staff.STAFF, HIRED, ROLE)
    given(staff.STAFF, HIRED).when(grant()).then(ROLE)
    held.when(grant()).then_nothing()
    held.when(grant(valid_from=JUNE)).then_rejected(staff.RoleHeldAlready)
    held.when(end_role(JUNE)).then(RoleEnded(staff=TEACHER, role="principal", unit=SCHOOL, on=JUNE))
    held.when(end_role(date(2026, 1, 1))).then_rejected(staff.RoleNotHeld)
    over = given(
        staff.STAFF, HIRED, ROLE, RoleEnded(staff=TEACHER, role="principal", unit=SCHOOL, on=JUNE)
    )
    over.when(end_role(JUNE)).then_nothing()
    over.when(grant(valid_from=JUNE)).then(
        RoleGranted(
            staff=TEACHER,
            role="principal",
            unit=SCHOOL,
            path=COUNTY_PATH,
            valid_from=JUNE,
            valid_to=None,
        )
    )
    held.when(grant(role="Principal!")).then_rejected(staff.RoleMalformed)
    held.when(grant(valid_to=date(2026, 1, 1))).then_rejected(staff.RoleBackwards)


def test_a_person_has_one_account() -> None:
    opened = AccountOpened(staff=TEACHER, account="t.zhou")
    closed = AccountClosed(staff=TEACHER, account="t.zhou", reason="调离")
    hired, active = given(staff.STAFF, HIRED), given(staff.STAFF, HIRED, opened)
    hired.when(open_account("t.zhou")).then(opened)
    hired.when(open_account("周")).then_rejected(staff.AccountMalformed)
    active.when(open_account("t.zhou")).then_nothing()
    active.when(open_account("other")).then_rejected(staff.AccountOpenAlready)
    active.when(close_account("t.zhou")).then(closed)
    active.when(close_account("other")).then_rejected(staff.AccountNotOpen)
    active.when(close_account("t.zhou", " ")).then_rejected(staff.ReasonMissing)
    given(staff.STAFF, HIRED, opened, closed).when(close_account("t.zhou")).then_nothing()
