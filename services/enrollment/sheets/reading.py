"""One file being read: its options, what was found wrong so far, and the walk over its rows."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from services.enrollment.sheets.dates import DateReader
from services.enrollment.sheets.parsed import (
    MAX_LISTED_FAULTS,
    Fault,
    Options,
    Parsed,
    Question,
    Refusal,
    SheetReport,
    TermNamed,
)

MAX_QUESTIONS = 200


"""What to call a column that the file does not have."""


@dataclass(slots=True)
class Reading:
    """Everything that is gathered while one file is read."""

    kind: str
    options: Options
    account_school: str | None
    dates: DateReader
    progress: Callable[[int], None] = lambda _rows: None
    faults: list[Fault] = field(default_factory=list)
    unlisted: int = 0
    bad: set[tuple[str, int]] = field(default_factory=set)
    warnings: list[Fault] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    reports: list[SheetReport] = field(default_factory=list)
    rows_read: int = 0
    term: TermNamed | None = None

    def fault(self, fault: Fault) -> None:
        if fault.row:
            self.bad.add((fault.sheet, fault.row))
        if len(self.faults) < MAX_LISTED_FAULTS:
            self.faults.append(fault)
        else:
            self.unlisted += 1

    def fault_at(self, sheet: str, row: int, cell: str, problem: Refusal, column: str) -> None:
        """Refuse a row that has been built already."""
        fault = describe_sheet(sheet, problem)
        self.fault(replace(fault, row=row, cell=cell, column=column))

    def fault_in(self, sheet: str, row: int, field: str, label: str, problem: Refusal) -> None:
        """Refuse a row of a sheet that has been reported already, for what one field says."""
        report = next((r for r in self.reports if r.name == sheet), None)
        column = report.columns.get(field, "A") if report else "A"
        fault = describe_sheet(sheet, problem)
        self.fault(replace(fault, row=row, cell=f"{column}{row}", column=label))

    def warn(self, warning: Fault) -> None:
        if len(self.warnings) < MAX_LISTED_FAULTS:
            self.warnings.append(warning)

    def ask(self, question: Question) -> None:
        if len(self.questions) < MAX_QUESTIONS:
            self.questions.setdefault(question.id, question)

    def parsed(self, rows: list[object]) -> Parsed[Any]:
        good = [r for r in rows if (r.sheet, r.row) not in self.bad]  # type: ignore[attr-defined]
        return Parsed(
            kind=self.kind,
            rows=tuple(good),
            faults=tuple(self.faults),
            warnings=tuple(self.warnings),
            questions=tuple(self.questions.values()),
            sheets=tuple(self.reports),
            term=self.term,
            rows_read=self.rows_read,
            faults_not_listed=self.unlisted,
        )


def describe_sheet(sheet: str, problem: Refusal) -> Fault:
    """A fault of a whole sheet, or of the file where `sheet` is empty."""
    return Fault(
        code=problem.code,
        reason=problem.reason,
        mend=problem.mend,
        sheet=sheet,
        value=problem.shown or "",
    )
