"""Files made for a test, in every format that offices use."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

from services.enrollment.domain.identity import check_character
from services.enrollment.sheets.kinds import read_file
from services.enrollment.sheets.parsed import Options, Parsed

Rows = Sequence[Sequence[object]]
TODAY = date(2026, 11, 20)
SCHOOL = "2199000001"


def id_number(n: int, born: str = "20130215", male: bool = True) -> str:
    """A checksum-valid number of a fictitious area."""
    first17 = f"9901{n // 500 + 1:02}{born}{n % 500 * 2 + (1 if male else 0):03}"
    return first17 + check_character(first17)


def text_file(path: Path, rows: Rows, encoding: str = "utf-8", separator: str = ",") -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def xlsx(path: Path, sheets: dict[str, Rows]) -> Path:
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(r, c, datetime.combine(cell, time()), day)
                elif cell is not None and cell != "":
                    sheet.write(r, c, cell)
    book.close()
    return path


def read(
    path: Path, kind: str = "roster", school: str | None = SCHOOL, **answers: str
) -> Parsed[Any]:
    return read_file(path, kind, Options(answers, TODAY), school)


def faults(parsed: Parsed[Any]) -> list[tuple[str, str, str]]:
    return [(f.sheet, f.cell, f.code) for f in parsed.faults]
