"""Bad rows as a spreadsheet of the same shape, with one more column that says what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.enrollment.sheets.cells import Cell, shown
from services.enrollment.sheets.parsed import Fault, SheetReport
from services.enrollment.sheets.workbook import Range, Row, Sheet, open_book

REASON_HEADING = "原因"
# Where 原因 is a column of its own, of an absence or a holiday, ours must not be read as that.
READS_REASONS = ("child_day", "class_day", "calendar")
OTHER_HEADING = "错误原因"
REASON_WIDTH = 60
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MAX_CELL_CHARACTERS = 32_000


@dataclass(frozen=True, slots=True)
class Extract:
    """Which rows of a sheet to write: reasons by row from 1, and where its heading ends.

    `whole` keeps the good rows too: in a month grid they are what tells a roll from an empty day.
    """

    sheet: str
    heading_row: int
    heading_last: int
    whole: bool
    reasons: dict[int, str]
    heading: str = REASON_HEADING


def extracts(faults: Iterable[Fault], reports: Sequence[SheetReport]) -> list[Extract]:
    """What to write for these faults; faults of a whole sheet or file have no row to write."""
    by_sheet: dict[str, dict[int, list[str]]] = {}
    for fault in faults:
        if fault.row:
            said = "".join(f"{part}。" for part in (fault.reason, fault.mend) if part)
            column = f"{fault.column}：" if fault.column else ""
            by_sheet.setdefault(fault.sheet, {}).setdefault(fault.row, []).append(column + said)
    return [
        Extract(
            sheet=r.name,
            heading_row=r.heading_row,
            heading_last=r.heading_row + r.heading_rows - 1,
            whole=r.layout == "grid",
            reasons={row: "；".join(texts) for row, texts in by_sheet[r.name].items()},
            heading=OTHER_HEADING if r.layout in READS_REASONS else REASON_HEADING,
        )
        for r in reports
        if r.read and r.name in by_sheet
    ]


def write_extracts(source: Path, name: str, wanted: Sequence[Extract], out: Path) -> int:
    """Write the rows to `out` (.xlsx); answers how many bad rows it holds. Raises `Refusal`."""
    by_name: Mapping[str, Extract] = {e.sheet: e for e in wanted}
    written = 0
    book = xlsxwriter.Workbook(str(out), {"strings_to_formulas": False, "strings_to_urls": False})
    try:
        text = book.add_format({"num_format": "@"})
        red = book.add_format({"num_format": "@", "font_color": "#B22E17", "text_wrap": True})
        for sheet in open_book(source, name).sheets:
            if sheet.name in by_name:
                target = book.add_worksheet(sheet.name[:31])
                written += _write_sheet(sheet, by_name[sheet.name], target, text, red)
    finally:
        book.close()
    return written


def _write_sheet(
    sheet: Sheet, extract: Extract, target: Worksheet, text: Format, red: Format
) -> int:
    rows = [
        (index + 1, list(cells))
        for index, cells in sheet.rows()
        if index < extract.heading_last or extract.whole or index + 1 in extract.reasons
    ]
    width = max((len(cells) for _, cells in rows), default=0)
    for place, (number, cells) in enumerate(rows):
        _write_row(target, place, cells, text)
        if number in extract.reasons:
            target.write_string(place, width, neutral(extract.reasons[number]), red)
    target.write_string(extract.heading_row - 1, width, extract.heading, red)
    target.set_column(0, max(width - 1, 0), None, text)
    target.set_column(width, width, REASON_WIDTH)
    _merge_heading(target, sheet.merged(), extract, rows, text)
    return len(extract.reasons)


def _write_row(target: Worksheet, place: int, cells: Row, text: Format) -> None:
    for column, cell in enumerate(cells):
        if cell != "":
            target.write_string(place, column, neutral(_as_text(cell)), text)


def _as_text(cell: Cell) -> str:
    return shown(cell)[:MAX_CELL_CHARACTERS]


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def _merge_heading(
    target: Worksheet,
    merged: Sequence[Range],
    extract: Extract,
    rows: Sequence[tuple[int, Row]],
    text: Format,
) -> None:
    """The heading's own merged cells, without which a two-storey heading reads differently."""
    for (top, left), (bottom, right) in merged:
        if bottom < extract.heading_last and top < len(rows):
            cells = rows[top][1]
            value = neutral(_as_text(cells[left])) if left < len(cells) else ""
            target.merge_range(top, left, bottom, right, value, text)
