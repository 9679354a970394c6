"""What comparing a file with the stored state finds: faults, questions, changes, and the deeds."""
# pyright: reportGeneralTypeIssues=false

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import msgspec

from services.enrollment.imports.deeds import AnyDeed
from services.enrollment.sheets.parsed import Fault, Parsed, Question

MAX_LISTED_CHANGES = 5_000
MAX_QUESTIONS = 500


class RowLike(Protocol):
    """Any row of a read file knows where it stands."""

    @property
    def sheet(self) -> str: ...
    @property
    def row(self) -> int: ...


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value that becomes another; `subject` a child or member of staff. Rests in a box."""

    subject: str
    field: str
    label: str
    sheet: str
    cell: str
    was: str | None
    now: str | None


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What a report page shows beyond the report: personal, so it rests only in a box."""

    changes: list[Change]
    missing: list[str]


@dataclass(slots=True)
class Findings:
    """Gathers for one file. Rows are counted by what they come to; a refused row counts nowhere."""

    parsed: Parsed[Any]
    answers: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    deeds: list[AnyDeed] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    missing: list[UUID] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: set[tuple[str, int]] = field(default_factory=set)
    waiting: int = 0

    @property
    def accepted(self) -> int:
        return self.new + self.changed + self.unchanged

    def refuse(
        self,
        row: RowLike,
        code: str,
        reason: str,
        mend: str,
        *,
        at: str = "",
        column: str = "",
        value: str = "",
        cell: str = "",
    ) -> None:
        """A row that is not taken; `at` is the field whose cell is named."""
        self.bad.add((row.sheet, row.row))
        fault = self._note(row, code, reason, mend, at=at, column=column, value=value, cell=cell)
        self.faults.append(fault)

    def warn(
        self,
        row: RowLike,
        code: str,
        reason: str,
        mend: str = "",
        *,
        at: str = "",
        column: str = "",
        value: str = "",
        cell: str = "",
    ) -> Fault:
        note = self._note(row, code, reason, mend, at=at, column=column, value=value, cell=cell)
        self.warnings.append(note)
        return note

    def warn_file(self, code: str, reason: str, mend: str = "") -> None:
        self.warnings.append(Fault(code=code, reason=reason, mend=mend))

    def ask(self, question: Question) -> None:
        if len(self.questions) < MAX_QUESTIONS:
            self.questions.setdefault(question.id, question)

    def answer(self, *names: str) -> str | None:
        return next((self.answers[name] for name in names if self.answers.get(name)), None)

    def _note(
        self,
        row: RowLike,
        code: str,
        reason: str,
        mend: str,
        *,
        at: str,
        column: str,
        value: str,
        cell: str,
    ) -> Fault:
        address = cell or (self.parsed.cell(row.sheet, row.row, at) if at else "")
        if address and address[0].isdigit():
            address = ""  # the file has no such column: the row is named by its first cell
        return Fault(
            code=code,
            reason=reason,
            mend=mend,
            sheet=row.sheet,
            cell=address or f"A{row.row}",
            column=column or self.parsed.heading(row.sheet, at, address),
            value=value,
            row=row.row,
        )


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """One thing refused or worth a look, in the shape that scripts rely on."""

    sheet: str
    cell: str
    column: str
    code: str
    reason: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    label: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`option` is what the command line calls it: `--answer OPTION=KEY`."""

    id: str
    text: str
    option: str
    choices: list[Choice]
    hint: str = ""
    sheet: str = ""
    cell: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What scripts read: names and types never change."""

    kind: str
    accepted: int
    changed: int
    unchanged: int
    missing: int
    rejected: list[Reported]
    warnings: list[Reported]
    questions: list[Asked]
    stored: bool


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of a reading; `report` is the part that scripts get. Values are masked."""

    report: Report
    faults: list[Fault]
    warnings: list[Fault]
    sheets: list[dict[str, Any]]
    rows_read: int
    unreadable: bool


def kept(found: Findings, *, stored: bool = False) -> Kept:
    """The findings of reader and comparison together."""
    parsed = found.parsed
    faults = [*parsed.faults, *found.faults]
    warnings = [*parsed.warnings, *found.warnings, *_of_sheets(parsed)]
    questions = [*parsed.questions, *found.questions.values()]
    report = Report(
        kind=parsed.kind,
        accepted=found.accepted,
        changed=found.changed,
        unchanged=found.unchanged,
        missing=len(found.missing),
        rejected=[_reported(one) for one in faults],
        warnings=[_reported(one) for one in warnings],
        questions=[_asked(one) for one in questions],
        stored=stored,
    )
    return Kept(
        report=report,
        faults=faults,
        warnings=warnings,
        sheets=[msgspec.to_builtins(one) for one in parsed.sheets],
        rows_read=parsed.rows_read,
        unreadable=not found.accepted and any(not f.sheet and not f.row for f in parsed.faults),
    )


def _of_sheets(parsed: Parsed[Any]) -> list[Fault]:
    """Sheets that were passed over, and rows that a person does not see, are said."""
    said = [
        Fault(code="sheet_not_read", reason=f"“{one.name}”{one.note}", sheet=one.name)
        for one in parsed.sheets
        if not one.read and one.note
    ]
    hidden = [
        Fault(code="hidden_rows", reason=f"有 {one.hidden_rows} 行是隐藏的，也收", sheet=one.name)
        for one in parsed.sheets
        if one.hidden_rows
    ]
    known = {(w.code, w.sheet) for w in parsed.warnings}
    return [one for one in [*said, *hidden] if (one.code, one.sheet) not in known]


def _reported(fault: Fault) -> Reported:
    return Reported(
        sheet=fault.sheet,
        cell=fault.cell,
        column=fault.column,
        code=fault.code,
        reason=fault.reason,
    )


def _asked(question: Question) -> Asked:
    return Asked(
        id=question.id,
        text=question.text,
        option=question.option,
        choices=[Choice(key=key, label=label) for key, label in question.choices],
        hint=question.hint,
        sheet=question.sheet,
        cell=question.cell,
    )


def details(found: Findings) -> Details:
    changes: Sequence[Change] = found.changes[:MAX_LISTED_CHANGES]
    return Details(changes=list(changes), missing=[str(child) for child in found.missing])
