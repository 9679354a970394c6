"""What a read file becomes: clean rows, faults, warnings, questions and a report for each sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

R = TypeVar("R")

MAX_LISTED_FAULTS = 100_000
"""Faults kept of one file; more say the same again and only cost memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, or (as a warning) worth a look.

    `cell` is an address as a spreadsheet shows it (`D17`, two of one row as `C61、D61`, empty for
    a whole sheet); `row` counts from 1, 0 for a whole sheet or file; `sheet` is empty for the file.
    `value` is masked where it is personal; `code` is stable; `reason` and `mend` are for people.
    """

    code: str
    reason: str
    mend: str = ""
    sheet: str = ""
    cell: str = ""
    column: str = ""
    value: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something only a person can settle: answer by `options[id] = key`.

    `option` is what a command line calls it; `choices` are (key, label) pairs, empty when the
    answer is typed (`hint` shows its form).
    """

    id: str
    text: str
    option: str
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReport:
    """What was understood of a sheet: its heading row (from 1), columns used and left aside.

    `columns` maps a field to its column letters and `labels` to its word; `recognised` are
    (letters, heading, field), `ignored` are (letters, heading). `skipped` counts blank,
    repeated-heading and footer rows.
    """

    name: str
    read: bool
    note: str = ""
    layout: str = ""
    heading_row: int = 0
    heading_rows: int = 1
    rows: int = 0
    skipped: int = 0
    hidden_rows: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    recognised: tuple[tuple[str, str, str], ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRef:
    """A class as a file names it: grade 1–9, a number or a proper name; `label` in one spelling."""

    grade: int
    number: int | None = None
    name: str = ""

    @property
    def label(self) -> str:
        word = "一二三四五六七八九"[self.grade - 1]
        return f"{word}（{self.number}）班" if self.number else f"{word}年级{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermNamed:
    """A term that a title or column names: the year its school year starts in, half 1 or 2."""

    year: int
    half: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Generic[R]):
    """The outcome of reading one file; `rows` are good rows only, in the file's order."""

    kind: str
    rows: tuple[R, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    questions: tuple[Question, ...] = ()
    sheets: tuple[SheetReport, ...] = ()
    term: TermNamed | None = None
    rows_read: int = 0
    faults_not_listed: int = 0

    def cell(self, sheet: str, row: int, field: str) -> str:
        """The address of a field of a row, the row alone where the file has no such column."""
        for report in self.sheets:
            if report.name == sheet:
                return f"{report.columns.get(field, '')}{row}"
        return str(row)

    def heading(self, sheet: str, field: str = "", cell: str = "") -> str:
        """What the file calls a field's column, or the one of an address; empty if nothing."""
        report = next((one for one in self.sheets if one.name == sheet), None)
        if report is None:
            return ""
        named = report.columns.get(field) or cell.rstrip("0123456789")
        return next((text for place, text, _ in report.recognised if place == named), "")

    @property
    def bad_rows(self) -> frozenset[tuple[str, int]]:
        """(sheet, row from 1) of every row that a fault refuses."""
        return frozenset((f.sheet, f.row) for f in self.faults if f.row)


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows or has settled: answers by question id or option name.

    `today` bounds birth dates and helps to read 2024级; without it those are not checked or asked.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None

    def get(self, *names: str) -> str | None:
        """The first answer found under one of the names."""
        return next((self.answers[n] for n in names if self.answers.get(n)), None)


class Refusal(Exception):
    """A value, sheet or file that cannot be taken; raised by readers, turned into a `Fault`."""

    def __init__(self, code: str, reason: str, mend: str = "", shown: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.mend = mend
        self.shown = shown


def letters(column: int) -> str:
    """Column letters of a column counted from 0: 0 → A, 26 → AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
