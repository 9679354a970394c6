"""A class of a school: opened, closed, and who its homeroom teacher is on which day."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.codes import FIRST_GRADE, LAST_GRADE, check_name
from shared.decider import CommandRejected, Decider


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOpened:
    klass: UUID
    school: str
    grade: int
    name: str
    path: str
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassClosed:
    klass: UUID
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeroomTeacherAssigned:
    klass: UUID
    staff: UUID
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeroomTeacherEnded:
    """From `on` on this person is no longer the homeroom teacher."""

    klass: UUID
    staff: UUID
    on: date


ClassEvent: TypeAlias = ClassOpened | ClassClosed | HomeroomTeacherAssigned | HomeroomTeacherEnded
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (ClassOpened, ClassClosed, HomeroomTeacherAssigned, HomeroomTeacherEnded)
}


# State
@dataclass(frozen=True, slots=True)
class Holding:
    """A person's time as homeroom teacher: from `since` to before `until`."""

    staff: UUID
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Unopened:
    pass


@dataclass(frozen=True, slots=True)
class Opened:
    klass: UUID
    school: str
    grade: int
    name: str
    path: str
    since: date
    homeroom: tuple[Holding, ...] = ()

    @property
    def teacher(self) -> Holding | None:
        """Who holds the class now and until further notice: the last who was assigned."""
        return next((held for held in reversed(self.homeroom) if held.until is None), None)

    def teacher_on(self, day: date) -> UUID | None:
        """Who answers for `day`, also after somebody else has taken over."""
        for held in self.homeroom:
            if held.since <= day and (held.until is None or day < held.until):
                return held.staff
        return None


@dataclass(frozen=True, slots=True)
class Closed:
    klass: UUID
    on: date
    homeroom: tuple[Holding, ...] = ()


Class: TypeAlias = Unopened | Opened | Closed
STATES: dict[str, type] = {"unopened": Unopened, "opened": Opened, "closed": Closed}


def evolve(klass: Class, event: ClassEvent) -> Class:
    match event:
        case ClassOpened():
            homeroom = () if isinstance(klass, Unopened) else klass.homeroom
            return Opened(
                event.klass,
                event.school,
                event.grade,
                event.name,
                event.path,
                event.valid_from,
                homeroom,
            )
        case ClassClosed(klass=own, on=on):
            return Closed(own, on, () if isinstance(klass, Unopened) else klass.homeroom)
        case HomeroomTeacherAssigned(staff=staff, valid_from=since):
            return _holding(klass, (*_held(klass), Holding(staff, since)))
        case HomeroomTeacherEnded(staff=staff, on=on):
            return _holding(klass, tuple(_ended(held, staff, on) for held in _held(klass)))
        case _:
            assert_never(event)


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClass:
    """`school_path`: the path of the school that the class belongs to."""

    klass: UUID
    school: str
    school_path: str
    grade: int
    name: str
    valid_from: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseClass:
    klass: UUID
    on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignHomeroomTeacher:
    """Takes over from `valid_from`; whoever held the class until then ends on that day."""

    klass: UUID
    staff: UUID
    valid_from: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHomeroomTeacher:
    klass: UUID
    staff: UUID
    on: date
    now: datetime


ClassCommand: TypeAlias = OpenClass | CloseClass | AssignHomeroomTeacher | EndHomeroomTeacher


class GradeOutside(CommandRejected):
    code = "grade_outside"


class ClassOpenedOtherwise(CommandRejected):
    code = "class_opened_otherwise"


class ClassNotOpen(CommandRejected):
    code = "class_not_open"


class HomeroomBeforeTheLast(CommandRejected):
    code = "homeroom_before_the_last"


class NotHomeroomTeacher(CommandRejected):
    code = "not_homeroom_teacher"


class ClosedBeforeOpened(CommandRejected):
    code = "closed_before_opened"


def decide(command: ClassCommand, klass: Class) -> list[ClassEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case OpenClass():
            return _open(command, klass)
        case CloseClass():
            return _close(command, klass)
        case AssignHomeroomTeacher():
            return _assign(command, _opened(klass))
        case EndHomeroomTeacher():
            return _end(command, _opened(klass))
        case _:
            assert_never(command)


def _open(command: OpenClass, klass: Class) -> list[ClassEvent]:
    if not FIRST_GRADE <= command.grade <= LAST_GRADE:
        raise GradeOutside("年级应是 1 至 9。请改正年级。", field="grade")
    check_name(command.name, "班级")
    if isinstance(klass, Unopened):
        return [
            ClassOpened(
                klass=command.klass,
                school=command.school,
                grade=command.grade,
                name=command.name,
                path=f"{command.school_path}/{command.klass}",
                valid_from=command.valid_from,
            )
        ]
    wanted = (command.school, command.grade, command.name)
    if isinstance(klass, Opened) and (klass.school, klass.grade, klass.name) == wanted:
        return []
    raise ClassOpenedOtherwise("这个班已经开过，或已撤销。请另开新班。", field="klass")


def _close(command: CloseClass, klass: Class) -> list[ClassEvent]:
    if isinstance(klass, Closed) and klass.on == command.on:
        return []
    opened = _opened(klass)
    if command.on < opened.since:
        raise ClosedBeforeOpened("撤班日期早于开班日期。请改正日期。", field="on")
    closed = ClassClosed(klass=command.klass, on=command.on)
    if opened.teacher is None:
        return [closed]
    staff = opened.teacher.staff
    return [HomeroomTeacherEnded(klass=command.klass, staff=staff, on=command.on), closed]


def _assign(command: AssignHomeroomTeacher, klass: Opened) -> list[ClassEvent]:
    assigned = HomeroomTeacherAssigned(
        klass=command.klass, staff=command.staff, valid_from=command.valid_from
    )
    held = klass.teacher
    if held is not None and held.staff == command.staff:
        return []
    latest = max((h.until or h.since for h in klass.homeroom), default=command.valid_from)
    if command.valid_from < latest:
        raise HomeroomBeforeTheLast(
            f"起始日期不能早于上一任的日期（{latest}）。请改正日期。", field="valid_from"
        )
    if held is None:
        return [assigned]
    ended = HomeroomTeacherEnded(klass=command.klass, staff=held.staff, on=command.valid_from)
    return [ended, assigned]


def _end(command: EndHomeroomTeacher, klass: Opened) -> list[ClassEvent]:
    if any((h.staff, h.until) == (command.staff, command.on) for h in klass.homeroom):
        return []
    if klass.teacher is None or klass.teacher.staff != command.staff:
        raise NotHomeroomTeacher("这位教师现在不是本班班主任。请核对教师。", field="staff")
    if command.on < klass.teacher.since:
        raise HomeroomBeforeTheLast("结束日期早于起始日期。请改正日期。", field="on")
    return [HomeroomTeacherEnded(klass=command.klass, staff=command.staff, on=command.on)]


def _opened(klass: Class) -> Opened:
    if not isinstance(klass, Opened):
        raise ClassNotOpen("这个班没有开班，或已撤销。请核对班级。", field="klass")
    return klass


def _held(klass: Class) -> tuple[Holding, ...]:
    return () if isinstance(klass, Unopened) else klass.homeroom


def _holding(klass: Class, homeroom: tuple[Holding, ...]) -> Class:
    return klass if isinstance(klass, Unopened) else replace(klass, homeroom=homeroom)


def _ended(held: Holding, staff: UUID, on: date) -> Holding:
    return replace(held, until=on) if held.staff == staff and held.until is None else held


CLASS: Decider[ClassCommand, ClassEvent, Class] = Decider(Unopened(), decide, evolve)
