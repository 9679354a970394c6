"""Children: fields with old and new, one class at a time, never expelled."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.enrollment.domain import child
from services.enrollment.domain.child_state import (
    ChildChanged,
    ChildRegistered,
    StudentEnrolled,
    StudentLeftClass,
)
from services.enrollment.domain.codes import (
    FieldMissealed,
    FieldUnknown,
)
from tests.enrollment.domain.shapes import sealed
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARCH = date(2026, 3, 2)
JUNE = date(2026, 6, 1)
SEPTEMBER = date(2026, 9, 1)
SCHOOL = "2199010001"
ANA = UUID(int=1)
KLASS = UUID(int=2)
OTHER = UUID(int=3)
NAME = sealed("甲")
NEW_NAME = sealed("乙")
PHONE = sealed("1", "contact")


KNOWN = ChildRegistered(child=ANA, fields={"name": NAME})
IN_CLASS = StudentEnrolled(child=ANA, klass=KLASS, school=SCHOOL, grade=8, seat=4, on=MARCH)


def left(on: date, reason: str) -> StudentLeftClass:
    return StudentLeftClass(child=ANA, klass=KLASS, on=on, reason=reason)


def register_child(**fields: Any) -> child.RegisterChild:
    return child.RegisterChild(child=ANA, fields=fields, now=NOW)


def change_child(**fields: Any) -> child.ChangeChild:
    return child.ChangeChild(child=ANA, fields=fields, now=NOW)


def enroll(**other: Any) -> child.EnrollStudent:
    whole: dict[str, Any] = {
        "child": ANA,
        "klass": KLASS,
        "school": SCHOOL,
        "grade": 8,
        "seat": 4,
        "on": MARCH,
        "now": NOW,
    }
    return child.EnrollStudent(**whole | other)


def leave(reason: str, on: date = JUNE, klass: UUID = KLASS) -> child.LeaveClass:
    return child.LeaveClass(child=ANA, klass=klass, on=on, reason=reason, now=NOW)


def test_a_child_without_a_number_is_a_child() -> None:
    given(child.CHILD).when(register_child(name=NAME)).then(KNOWN)
    given(child.CHILD, KNOWN).when(register_child(name=NAME)).then_nothing()
    given(child.CHILD, KNOWN).when(register_child(name=NEW_NAME)).then_rejected(
        child.ChildRegisteredOtherwise
    )
    given(child.CHILD).when(register_child(phone=PHONE)).then_rejected(child.ChildWithoutName)


def test_a_corrected_number_keeps_the_old_one() -> None:
    wrong, right = sealed("x"), sealed("X")
    before = given(
        child.CHILD, ChildRegistered(child=ANA, fields={"name": NAME, "idnumber": wrong})
    )
    before.when(change_child(idnumber=right)).then(
        ChildChanged(child=ANA, fields={"idnumber": right}, was={"idnumber": wrong})
    )
    before.when(change_child(idnumber=None)).then(
        ChildChanged(child=ANA, fields={"idnumber": None}, was={"idnumber": wrong})
    )
    before.when(change_child(idnumber=wrong, studentnumber=None)).then_nothing()
    before.when(change_child(name=None)).then_rejected(child.ChildWithoutName)
    before.when(change_child(idnumber=PHONE)).then_rejected(FieldMissealed)
    before.when(change_child(nickname=NAME)).then_rejected(FieldUnknown)
    given(child.CHILD).when(change_child(name=NAME)).then_rejected(child.ChildUnknown)


def test_a_child_is_on_the_rolls_of_one_class() -> None:
    before = given(child.CHILD, KNOWN, IN_CLASS)
    given(child.CHILD, KNOWN).when(enroll()).then(IN_CLASS)
    before.when(enroll()).then_nothing()
    before.when(enroll(klass=OTHER)).then_rejected(child.ChildInAnotherClass)
    moved = StudentEnrolled(child=ANA, klass=OTHER, school=SCHOOL, grade=8, seat=4, on=JUNE)
    before.when(enroll(klass=OTHER, on=JUNE, moves=True)).then(left(JUNE, "moved"), moved)
    early = date(2026, 1, 1)
    before.when(enroll(klass=OTHER, on=early, moves=True)).then_rejected(
        child.EnrolledBeforeTheLast
    )


def test_a_new_seat_is_said_again() -> None:
    seated = StudentEnrolled(child=ANA, klass=KLASS, school=SCHOOL, grade=8, seat=5, on=JUNE)
    given(child.CHILD, KNOWN, IN_CLASS).when(enroll(seat=5, on=JUNE)).then(seated)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grade": 10}, child.PlacementInvalid),
        ({"seat": 0}, child.PlacementInvalid),
        ({"on": date(2028, 3, 2)}, child.TooFarAhead),
    ],
)
def test_an_unfit_enrollment_is_refused(change: dict[str, Any], error: Any) -> None:
    given(child.CHILD, KNOWN).when(enroll(**change)).then_rejected(error)


def test_nobody_unknown_is_enrolled() -> None:
    given(child.CHILD).when(enroll()).then_rejected(child.ChildUnknown)


@pytest.mark.parametrize("reason", sorted(child.EXPULSIONS))
def test_no_child_is_expelled(reason: str) -> None:
    refusal = given(child.CHILD, KNOWN, IN_CLASS).when(leave(reason))
    assert "第二十七条" in refusal.then_rejected(child.ExpulsionRefused).say


@pytest.mark.parametrize("reason", sorted(child.LEAVING_REASONS))
def test_a_child_leaves_a_class_for_a_known_reason(reason: str) -> None:
    before = given(child.CHILD, KNOWN, IN_CLASS)
    before.when(leave(reason)).then(left(JUNE, reason))
    given(child.CHILD, KNOWN, IN_CLASS, left(JUNE, reason)).when(leave(reason)).then_nothing()


def test_leaving_is_refused_for_other_reasons_classes_and_dates() -> None:
    before = given(child.CHILD, KNOWN, IN_CLASS)
    before.when(leave("dropout")).then_rejected(child.LeavingReasonUnknown)
    before.when(leave("transferred", klass=OTHER)).then_rejected(child.NotInThatClass)
    before.when(leave("transferred", date(2026, 1, 1))).then_rejected(child.EnrolledBeforeTheLast)
    before.when(leave("transferred", date(2028, 1, 1))).then_rejected(child.TooFarAhead)
    given(child.CHILD, KNOWN).when(leave("transferred")).then_rejected(child.NotInThatClass)


def test_a_child_that_left_comes_back_not_before_it_left() -> None:
    before = given(child.CHILD, KNOWN, IN_CLASS, left(JUNE, "transferred"))
    before.when(enroll()).then_rejected(child.EnrolledBeforeTheLast)
    back = StudentEnrolled(child=ANA, klass=KLASS, school=SCHOOL, grade=8, seat=4, on=SEPTEMBER)
    before.when(enroll(on=SEPTEMBER)).then(back)
