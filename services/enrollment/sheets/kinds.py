"""The kinds of file that are read, each with its reader and the types of its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.enrollment.sheets.assignments import AssignmentRow, read_assignments
from services.enrollment.sheets.calendar import DayRow, TermRow, read_calendar
from services.enrollment.sheets.dates import DateReader
from services.enrollment.sheets.parsed import Options, Parsed, Question, Refusal
from services.enrollment.sheets.reading import Reading, describe_sheet
from services.enrollment.sheets.roll import read_roll
from services.enrollment.sheets.roll_rows import ChildDay, ClassDay
from services.enrollment.sheets.roster import read_roster
from services.enrollment.sheets.roster_rows import RosterRow
from services.enrollment.sheets.staff import StaffRow, read_staff
from services.enrollment.sheets.workbook import Sheet, open_book


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is read, and the classes that its rows may have."""

    read: Callable[[Sequence[Sheet], Reading], Parsed[Any]]
    rows: tuple[type, ...]


KINDS: dict[str, Kind] = {
    "roster": Kind(read_roster, (RosterRow,)),
    "staff": Kind(read_staff, (StaffRow,)),
    "calendar": Kind(read_calendar, (DayRow, TermRow)),
    "roll": Kind(read_roll, (ChildDay, ClassDay)),
    "assignments": Kind(read_assignments, (AssignmentRow,)),
}


def read_file(
    path: Path,
    kind: str,
    options: Options,
    account_school: str | None = None,
    name: str = "",
    progress: Callable[[int], None] = lambda _rows: None,
) -> Parsed[Any]:
    """Read a file in this process. Every refusal becomes a fault; `kind` is a key of `KINDS`.

    For files from outside use `reader.parse`, which does the same in a process with limits.
    """
    asked: list[Question] = []
    try:
        book = open_book(path, name)
    except Refusal as refusal:
        return Parsed(kind=kind, faults=(describe_sheet("", refusal),))
    reading = Reading(
        kind, options, account_school, DateReader(options, book.date1904, asked.append)
    )
    reading.dates.ask = reading.ask
    reading.progress = progress
    try:
        return not_empty(KINDS[kind].read(book.sheets, reading))
    except Refusal as refusal:
        return Parsed(kind=kind, faults=(describe_sheet("", refusal),))


def not_empty(parsed: Parsed[Any]) -> Parsed[Any]:
    """Of a file without a row nobody is told that all of it was taken."""
    if parsed.rows or parsed.rows_read or parsed.faults or parsed.questions:
        return parsed
    mend = "标题行下面写上内容；检查是不是传错了文件"
    nothing = Refusal("no_rows", "表里一行内容也没有", mend)
    return replace(parsed, faults=(describe_sheet("", nothing),))
