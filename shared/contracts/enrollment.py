"""Events that enrollment (学籍与考勤) publishes: names and fields are stored, only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.sealed import Sealed

# Which key opens which field of a child or a member of staff.
OF_IDENTITY = ("name", "sex", "born", "ethnic", "idtype", "idnumber", "studentnumber")
OF_CONTACT = ("hukou", "address", "guardian", "guardianrelation", "phone", "guardian2", "phone2")
OF_FAMILY = ("leftbehind", "migrant", "orphan", "poor", "boarding")
CHILD_FIELDS: dict[str, str] = {
    **dict.fromkeys(OF_IDENTITY, "identity"),
    **dict.fromkeys(OF_CONTACT, "contact"),
    **dict.fromkeys(OF_FAMILY, "family"),
    "disability": "health",
}
STAFF_FIELDS: dict[str, str] = {"name": "identity", "idnumber": "identity", "phone": "contact"}

AbsenceMark = Literal["unexcused", "sick", "personal"]
DayMark = Literal["present", "unexcused", "sick", "personal"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class CountyFounded(Event):
    code: str
    name: str
    origin: str


class UnitRegistered(Event):
    unit: str
    kind: Literal["division", "school"]
    name: str
    parent: str | None
    path: str
    valid_from: date


class UnitMoved(Event):
    unit: str
    parent: str
    path: str
    on: date


class UnitRenamed(Event):
    unit: str
    name: str
    was: str
    on: date


class UnitClosed(Event):
    unit: str
    on: date


class TermOpened(Event):
    unit: str
    term: str
    name: str
    opens_on: date
    ends_on: date


class ClassOpened(Event):
    klass: UUID
    school: str
    grade: int
    name: str
    path: str
    valid_from: date


class ClassClosed(Event):
    klass: UUID
    on: date


class HomeroomTeacherAssigned(Event):
    klass: UUID
    staff: UUID
    valid_from: date


class HomeroomTeacherEnded(Event):
    klass: UUID
    staff: UUID
    on: date


class StaffRegistered(Event):
    staff: UUID
    unit: str
    staff_number: str | None
    fields: dict[str, Sealed]


class StaffChanged(Event):
    staff: UUID
    fields: dict[str, Sealed | None]
    was: dict[str, Sealed | None]


class RoleGranted(Event):
    staff: UUID
    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None = None


class RoleEnded(Event):
    staff: UUID
    role: str
    unit: str
    on: date


class AccountOpened(Event):
    staff: UUID
    account: str


class AccountClosed(Event):
    staff: UUID
    account: str
    reason: str


class ChildRegistered(Event):
    child: UUID
    fields: dict[str, Sealed]


class ChildChanged(Event):
    child: UUID
    fields: dict[str, Sealed | None]
    was: dict[str, Sealed | None]


class StudentEnrolled(Event):
    child: UUID
    klass: UUID
    school: str
    grade: int
    seat: int | None
    on: date


class StudentLeftClass(Event):
    child: UUID
    klass: UUID
    on: date
    reason: str


class StudentGroupTagged(Event):
    """One of a group from `since` to `until` (both included), by a code of the pack's list."""

    child: UUID
    group: str
    since: date
    until: date | None
    source: str


class StudentGroupUntagged(Event):
    child: UUID
    group: str
    on: date


class ChildVillageRecorded(Event):
    """The village (a unit's code) that the child's household belongs to from `on`; null: none."""

    child: UUID
    village: str | None
    on: date
    source: str


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """One child that is not there: the mark, and the reason as a code (never free text)."""

    child: UUID
    mark: AbsenceMark
    reason: str | None = None


class DailyRollSubmitted(Event):
    """`author` is the envelope's actorid; `corrects` the stream version of the roll it replaces.

    Until `settles_at` the author may recall it; nothing follows from it before.
    """

    klass: UUID
    on: date
    present: list[UUID]
    absent: list[Absent]
    author: str
    submitted_at: datetime
    settles_at: datetime
    corrects: int | None = None


class DailyRollRecalled(Event):
    klass: UUID
    on: date
    recalls: int


class DailyRollMissing(Event):
    klass: UUID
    on: date
    cut_off_at: datetime


class StudentAbsent(Event):
    child: UUID
    klass: UUID
    on: date
    mark: AbsenceMark
    reason: str | None
    roll: str


class AbsenceEnded(Event):
    child: UUID
    klass: UUID
    on: date
    roll: str


class AttendanceCorrected(Event):
    child: UUID
    klass: UUID
    on: date
    was: DayMark
    now: DayMark
    reason: str | None
    basis: str


class AbsenceStreakExceeded(Event):
    """`days` unexcused school days in a row, by these versions of the rule and the calendar."""

    child: UUID
    klass: UUID
    first_on: date
    last_on: date
    days: int
    ended: bool
    rule: str
    calendar: str


class LeaveGranted(Event):
    child: UUID
    kind: Literal["sick", "personal"]
    first_on: date
    last_on: date
    note: Sealed | None


class LeaveEnded(Event):
    child: UUID
    on: date


class ImportStarted(Event):
    kind: str
    digest: str
    rows: int


class ImportFinished(Event):
    new: int
    changed: int
    unchanged: int


EVENTS: dict[str, type[Event]] = {
    f"enrollment.{cls.__name__}": cls for cls in Event.__subclasses__()
}
