"""A file opened as sheets of rows, whatever its real format.

.xlsx: values and merged ranges by calamine, errors, formulas without a value, hidden rows and the
1904 switch from the XML. .xls: `biff` tells the same from the records; where a file is so old or
so damaged that its records cannot be walked, errors look like empty cells and the year is 1900's.
Text has none of these.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import python_calamine as calamine

from services.enrollment.sheets.biff import read_xls_marks
from services.enrollment.sheets.cells import Cell, Special
from services.enrollment.sheets.formats import Format, broken, detect, locked
from services.enrollment.sheets.parsed import Refusal
from services.enrollment.sheets.text_table import read_text
from services.enrollment.sheets.xlsx_marks import BookMarks, Marks, read_marks

MAX_SHEETS = 300
MAX_MERGED_DOWN_CELLS = 2_000_000

Row = list[Cell]
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(slots=True)
class Sheet:
    """One sheet: rows from the top, cells from column A."""

    name: str
    visible: bool
    source: "Book"
    hidden_rows: int = 0
    special: dict[tuple[int, int], Special] = field(default_factory=dict)

    def merged(self) -> tuple[Range, ...]:
        """Merged ranges as ((top, left), (bottom, right)), counted from 0. May raise `Refusal`."""
        table = self.source.table(self.name)
        ranges = tuple(table.merged_cell_ranges or ()) if table else ()
        if sum(bottom - top for (top, _), (bottom, _) in ranges) > MAX_MERGED_DOWN_CELLS:
            raise Refusal("merged_too_much", "合并的单元格太多", "取消合并，每行都填上再传")
        return ranges

    def plain_rows(self) -> Iterator[tuple[int, Row]]:
        """(row from 0, cells) as they stand, merged cells not filled, special cells marked."""
        rows = self.source.rows(self.name)
        return _marked(rows, self.special) if self.special else rows

    def rows(self) -> Iterator[tuple[int, Row]]:
        """(row from 0, cells), merged cells filled downwards, special cells marked."""
        down = [m for m in self.merged() if m[1][0] > m[0][0]]
        return _filled_down(self.plain_rows(), down) if down else self.plain_rows()

    def head(self, count: int) -> list[Row]:
        """The first rows as they stand."""
        return [row for _, row in islice(self.plain_rows(), count)]


@dataclass(slots=True)
class Book:
    """An opened file. `date1904` says from which year its serial dates count."""

    path: Path
    format: Format
    date1904: bool = False
    sheets: list[Sheet] = field(default_factory=list)
    opened: calamine.CalamineWorkbook | None = None
    loaded: tuple[str, calamine.CalamineSheet] | None = None

    def table(self, name: str) -> calamine.CalamineSheet | None:
        """The sheet's table; the last one asked for is kept, one at a time. None for text."""
        if self.opened is None:
            return None
        if self.loaded and self.loaded[0] == name:
            return self.loaded[1]
        self.loaded = None
        with _refused_when_broken():
            table = self.opened.get_sheet_by_name(name)
        self.loaded = (name, table)
        return table

    def rows(self, name: str) -> Iterator[tuple[int, Row]]:
        table = self.table(name)
        if table is None:
            return ((i, list(row)) for i, row in enumerate(read_text(self.path)))
        return _padded(table)


def open_book(path: Path, name: str = "") -> Book:
    """Open the file; `name` is what its owner calls it. Raises `Refusal`."""
    kind = detect(path)
    if kind is Format.TEXT:
        book = Book(path, kind)
        book.sheets.append(Sheet(Path(name or path.name).stem, True, book))
        return book
    marks = read_marks(path) if kind is Format.XLSX else read_xls_marks(path)
    return _open(path, kind, marks)


@contextmanager
def _refused_when_broken() -> Iterator[None]:
    """calamine answers damage with an error, or with a panic, which is no `Exception`."""
    try:
        yield
    except calamine.PasswordError as error:
        raise locked() from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise broken() from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise broken() from error


def _open(path: Path, kind: Format, marks: BookMarks) -> Book:
    with _refused_when_broken():
        # By its bytes: from_path would believe the name's ending.
        opened = calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        described = opened.sheets_metadata
    book = Book(path, kind, marks.date1904, opened=opened)
    tables = [m for m in described if m.typ == calamine.SheetTypeEnum.WorkSheet]
    if len(tables) > MAX_SHEETS:
        raise Refusal(
            "too_many_sheets", f"有 {len(tables)} 张表，最多读 {MAX_SHEETS} 张", "分开再传"
        )
    for meta in tables:
        known = marks.sheets.get(meta.name) or Marks()
        visible = meta.visible == calamine.SheetVisibleEnum.Visible
        book.sheets.append(Sheet(meta.name, visible, book, known.hidden_rows, known.special))
    return book


def _padded(table: calamine.CalamineSheet) -> Iterator[tuple[int, Row]]:
    if table.start is None:
        return
    pad: Row = [""] * table.start[1]
    for index, row in enumerate(table.iter_rows()):
        yield index, [*pad, *row]


def _marked(
    rows: Iterator[tuple[int, Row]], special: dict[tuple[int, int], Special]
) -> Iterator[tuple[int, Row]]:
    by_row: dict[int, list[tuple[int, Special]]] = {}
    for (row, column), kind in special.items():
        by_row.setdefault(row, []).append((column, kind))
    for index, row in rows:
        for column, kind in by_row.get(index, ()):
            row.extend([""] * (column + 1 - len(row)))
            row[column] = kind
        yield index, row


def _filled_down(rows: Iterator[tuple[int, Row]], ranges: list[Range]) -> Iterator[tuple[int, Row]]:
    """Repeat the value of each range merged downwards in the rows that it covers."""
    starts: dict[int, list[Range]] = {}
    for merged in ranges:
        starts.setdefault(merged[0][0], []).append(merged)
    open_ranges: dict[int, tuple[int, Cell]] = {}
    for index, row in rows:
        for column, (bottom, value) in list(open_ranges.items()):
            if index > bottom:
                del open_ranges[column]
            else:
                row.extend([""] * (column + 1 - len(row)))
                row[column] = value
        for (_, left), (bottom, _) in starts.get(index, ()):
            open_ranges[left] = (bottom, row[left] if left < len(row) else "")
        yield index, row
