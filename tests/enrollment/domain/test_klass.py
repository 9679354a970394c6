"""Classes and their homeroom teachers by date."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.enrollment.domain import klass
from services.enrollment.domain.codes import (
    NameMissing,
)
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARCH = date(2026, 3, 2)
JUNE = date(2026, 6, 1)
SEPTEMBER = date(2026, 9, 1)
SCHOOL = "2199010001"
COUNTY_PATH = "990000/990100/990101"
KLASS = UUID(int=2)
TEACHER = UUID(int=4)
NEXT = UUID(int=5)


OPENED = klass.ClassOpened(
    klass=KLASS,
    school=SCHOOL,
    grade=8,
    name="八（1）班",
    path=f"{COUNTY_PATH}/{SCHOOL}/{KLASS}",
    valid_from=MARCH,
)
ASSIGNED = klass.HomeroomTeacherAssigned(klass=KLASS, staff=TEACHER, valid_from=MARCH)


def open_class(**other: Any) -> klass.OpenClass:
    whole: dict[str, Any] = {
        "klass": KLASS,
        "school": SCHOOL,
        "school_path": f"{COUNTY_PATH}/{SCHOOL}",
        "grade": 8,
        "name": "八（1）班",
        "valid_from": MARCH,
        "now": NOW,
    }
    return klass.OpenClass(**whole | other)


def assign(teacher: UUID, since: date) -> klass.AssignHomeroomTeacher:
    return klass.AssignHomeroomTeacher(klass=KLASS, staff=teacher, valid_from=since, now=NOW)


def end(teacher: UUID, on: date) -> klass.EndHomeroomTeacher:
    return klass.EndHomeroomTeacher(klass=KLASS, staff=teacher, on=on, now=NOW)


def ended(teacher: UUID, on: date) -> klass.HomeroomTeacherEnded:
    return klass.HomeroomTeacherEnded(klass=KLASS, staff=teacher, on=on)


def test_a_class_is_opened_once() -> None:
    given(klass.CLASS).when(open_class()).then(OPENED)
    given(klass.CLASS, OPENED).when(open_class()).then_nothing()
    given(klass.CLASS, OPENED).when(open_class(grade=9)).then_rejected(klass.ClassOpenedOtherwise)
    for grade in (0, 10):
        given(klass.CLASS).when(open_class(grade=grade)).then_rejected(klass.GradeOutside)
    given(klass.CLASS).when(open_class(name="")).then_rejected(NameMissing)


def test_a_new_homeroom_teacher_ends_the_last_ones_time() -> None:
    before = given(klass.CLASS, OPENED, ASSIGNED)
    taken_over = klass.HomeroomTeacherAssigned(klass=KLASS, staff=NEXT, valid_from=SEPTEMBER)
    before.when(assign(NEXT, SEPTEMBER)).then(ended(TEACHER, SEPTEMBER), taken_over)
    before.when(assign(TEACHER, SEPTEMBER)).then_nothing()
    before.when(assign(NEXT, date(2026, 1, 1))).then_rejected(klass.HomeroomBeforeTheLast)


def test_august_is_answered_by_the_teacher_of_august() -> None:
    state = klass.CLASS.fold(
        [
            OPENED,
            ASSIGNED,
            ended(TEACHER, SEPTEMBER),
            klass.HomeroomTeacherAssigned(klass=KLASS, staff=NEXT, valid_from=SEPTEMBER),
        ]
    )
    assert isinstance(state, klass.Opened)
    assert state.teacher_on(SEPTEMBER - timedelta(days=1)) == TEACHER
    assert state.teacher_on(SEPTEMBER) == NEXT
    assert state.teacher_on(MARCH - timedelta(days=1)) is None


def test_a_homeroom_teacher_is_ended_once() -> None:
    before = given(klass.CLASS, OPENED, ASSIGNED)
    before.when(end(TEACHER, JUNE)).then(ended(TEACHER, JUNE))
    before.when(end(NEXT, JUNE)).then_rejected(klass.NotHomeroomTeacher)
    before.when(end(TEACHER, date(2026, 1, 1))).then_rejected(klass.HomeroomBeforeTheLast)
    given(klass.CLASS, OPENED, ASSIGNED, ended(TEACHER, JUNE)).when(
        end(TEACHER, JUNE)
    ).then_nothing()


def test_closing_a_class_ends_its_homeroom_teacher() -> None:
    closing = klass.CloseClass(klass=KLASS, on=JUNE, now=NOW)
    closed = klass.ClassClosed(klass=KLASS, on=JUNE)
    given(klass.CLASS, OPENED, ASSIGNED).when(closing).then(ended(TEACHER, JUNE), closed)
    given(klass.CLASS, OPENED).when(closing).then(closed)
    given(klass.CLASS, OPENED, closed).when(closing).then_nothing()
    given(klass.CLASS, OPENED, closed).when(assign(NEXT, JUNE)).then_rejected(klass.ClassNotOpen)
    early = klass.CloseClass(klass=KLASS, on=date(2026, 1, 1), now=NOW)
    given(klass.CLASS, OPENED).when(early).then_rejected(klass.ClosedBeforeOpened)
