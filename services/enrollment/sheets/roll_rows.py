"""Rows that a roll file gives: a child on a day, or a class on a day with its absentees."""

from dataclasses import dataclass
from datetime import date

from services.enrollment.sheets.marks import Mark
from services.enrollment.sheets.parsed import ClassRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDay:
    """One child's mark on one day. `class_` is None where the file names the child alone."""

    sheet: str
    row: int
    cell: str
    day: date
    name: str
    name_key: str
    school_code: str
    school_name: str
    class_: ClassRef | None
    mark: Mark
    id_number: str | None = None
    student_number: str | None = None
    reason: str | None = None

    def key(self) -> tuple[object, ...]:
        who = self.id_number or self.student_number or self.name_key
        return (self.school_code, self.school_name, self.class_, who, self.day)

    def says(self) -> object:
        return self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Absentee:
    """A name in a list of absentees, with the cell that it stands in."""

    name: str
    name_key: str
    mark: Mark
    cell: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDay:
    """A class on a day: `expected` − `present` is the number of absentees (late ones are there).

    The others of the class are present only if `expected` is the number of its children that day;
    that is for the importer to compare.
    """

    sheet: str
    row: int
    day: date
    school_code: str
    school_name: str
    class_: ClassRef
    expected: int
    present: int
    absentees: tuple[Absentee, ...] = ()

    def key(self) -> tuple[object, ...]:
        return (self.school_code, self.school_name, self.class_, self.day)

    def says(self) -> object:
        return frozenset((a.name_key, a.mark) for a in self.absentees)
