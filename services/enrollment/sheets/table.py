"""A sheet with its heading: the walk over its data rows, each cell converted or refused."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.enrollment.sheets.cells import Cell, Special, clean, is_empty, short, shown
from services.enrollment.sheets.heading import Column, Heading, heading_key
from services.enrollment.sheets.parsed import (
    Fault,
    Refusal,
    SheetReport,
    letters,
)
from services.enrollment.sheets.reading import Reading, describe_sheet
from services.enrollment.sheets.values import mask, refusal_of
from services.enrollment.sheets.workbook import Row, Sheet

PROGRESS_EVERY_ROWS = 2_000


MAX_FOOTER_CELLS = 6


MAX_COVERED_ROWS = 10_000


FOOTER = re.compile(
    r"^[(]?(合计|总计|小计|共计|本页|共\d+|制表|填表|填报|审核|复核|校长|负责人|经办|班主任|单位|盖章|签[字名]"
    r"|备注|注\d?[:.、\s]|注$|出勤|缺勤|应到|实到|说明|填写说明|联系人|联系电话|第\d+页|以下空白|图例|打印|日期[:：])"
)


TOTAL = re.compile(
    r"^[(]?(合计|总计|小计|共计|总人数|以下空白)|^.{1,12}(?<!的)(小计|合计|总计|共计)[:：)]?$"
)


LABELS = {
    "name": "姓名",
    "school_code": "学校标识码",
    "school_name": "学校名称",
    "grade": "年级",
    "class": "班级",
    "date": "日期",
    "mark": "考勤",
    "expected": "应到",
    "present": "实到",
    "from": "日期",
    "to": "结束日期",
    "open": "是否上课",
    "opens": "开学日期",
    "closes": "结束日期",
    "layer": "层级",
}


@dataclass(slots=True)
class RawRow:
    """A data row: `values` by field, `cells` as they stood; `bad` once a cell was refused."""

    sheet: str
    row: int
    values: dict[str, object]
    cells: Row
    bad: bool = False

    def get(self, field: str) -> object:
        return self.values.get(field)

    def text(self, field: str) -> str:
        """A text value, empty where there is none."""
        return str(self.values.get(field) or "")


class Table:
    """A sheet with its heading: walks its data rows and names its cells."""

    def __init__(
        self,
        reading: Reading,
        sheet: Sheet,
        heading: Heading,
        also: frozenset[int] = frozenset(),
    ) -> None:
        self.looked_at = sorted({*heading.columns, *also})
        self.reading = reading
        self.sheet = sheet
        self.heading = heading
        self.place = {c.field: p for p, c in heading.columns.items()}
        self.label = {c.field: c.label for c in heading.columns.values()}
        self.heading_keys = {p: heading_key(t) for p, t in heading.texts.items()}
        self.covered = _covered(sheet)
        self.said: set[str] = set()
        self.skipped = 0
        self.count = 0
        self.converters = [
            (
                p,
                c,
                _remembering(_reader(c, heading.texts[p], reading))
                if c.repeats
                else _plain(_reader(c, heading.texts[p], reading)),
            )
            for p, c in heading.columns.items()
        ]

    def address(self, row: int, *fields: str) -> str:
        """`D17`, `C61、D61` for several fields; the name's cell where there is no such column."""
        places = sorted(self.place[f] for f in fields if f in self.place)
        if not places:
            places = [self.place.get("name", min(self.place.values(), default=0))]
        return "、".join(f"{letters(p)}{row}" for p in places)

    def fault(self, raw: RawRow, problem: Refusal, *fields: str, value: str = "") -> None:
        """Refuse the row for what stands in these fields."""
        raw.bad = True
        self.reading.fault(self.describe(raw, problem, *fields, value=value))

    def fault_of_sheet(self, raw: RawRow, problem: Refusal) -> None:
        """Refuse the row; what the whole sheet lacks is said once and not for each row."""
        raw.bad = True
        if problem.code not in self.said:
            self.said.add(problem.code)
            self.reading.fault(describe_sheet(self.sheet.name, problem))

    def warn(self, raw: RawRow, problem: Refusal, *fields: str, value: str = "") -> None:
        self.reading.warn(self.describe(raw, problem, *fields, value=value))

    def describe(self, raw: RawRow, problem: Refusal, *fields: str, value: str = "") -> Fault:
        return Fault(
            code=problem.code,
            reason=problem.reason,
            mend=problem.mend,
            sheet=raw.sheet,
            cell=self.address(raw.row, *fields),
            column="、".join(self.label.get(f) or LABELS.get(f, f) for f in fields),
            value=problem.shown if problem.shown is not None else value,
            row=raw.row,
        )

    def rows(self) -> Iterator[RawRow]:
        """Every data row, converted; blank rows, repeated headings and footers are skipped."""
        for index, cells in self.sheet.rows():
            if index <= self.heading.last_row:
                continue
            if self._is_idle(index, cells):
                self.skipped += 1
                continue
            self.count += 1
            self.reading.rows_read += 1
            if self.reading.rows_read % PROGRESS_EVERY_ROWS == 0:
                self.reading.progress(self.reading.rows_read)
            yield self._convert(index, cells)

    def _convert(self, index: int, cells: Row) -> RawRow:
        raw = RawRow(self.sheet.name, index + 1, {}, cells)
        width = len(cells)
        for place, column, convert in self.converters:
            cell = cells[place] if place < width else ""
            if cell == "":
                continue
            value = convert(cell)
            if isinstance(value, Refusal):
                self.fault(raw, value, column.field, value=_shown(cell, column))
            elif value is not None:
                raw.values[column.field] = value
        return raw

    def _is_idle(self, index: int, cells: Row) -> bool:
        """A row that is no record: nothing in the known columns, a heading again, a footer."""
        width = len(cells)
        merged = self.covered.get(index, ())
        if not any(
            p < width and p not in merged and not is_empty(cells[p]) for p in self.looked_at
        ):
            return True
        name = self.place.get("name")
        if name is None or name >= width or is_empty(cells[name]):
            return self._is_footer(cells)
        text = clean(shown(cells[name]))
        first = next(clean(shown(c)) for c in cells if not is_empty(c))
        if any(TOTAL.match(t) or (FOOTER.match(t) and _few(cells)) for t in (text, first)):
            return True
        return heading_key(text) == self.heading_keys.get(name)

    def _is_footer(self, cells: Row) -> bool:
        texts = [clean(shown(c)) for c in cells if not is_empty(c)]
        if not _few(cells):
            return bool(texts and TOTAL.match(texts[0]))
        return any(FOOTER.match(t) for t in texts)

    def report(self, layout: str = "") -> SheetReport:
        """What to say of the sheet once its rows are read."""
        heading = self.heading
        return SheetReport(
            name=self.sheet.name,
            read=True,
            layout=layout,
            heading_row=heading.row + 1,
            heading_rows=heading.storeys,
            rows=self.count,
            skipped=self.skipped,
            hidden_rows=self.sheet.hidden_rows,
            columns={c.field: letters(p) for p, c in heading.columns.items()},
            labels=dict(self.label),
            recognised=tuple(
                (letters(p), heading.texts[p], c.field)
                for p, c in sorted(heading.columns.items(), key=lambda item: item[0])
            ),
            ignored=tuple((letters(p), t) for p, t in sorted(heading.ignored.items())),
        )


def _few(cells: Row) -> bool:
    return len({c for c in cells if not is_empty(c)}) <= MAX_FOOTER_CELLS


def _covered(sheet: Sheet) -> dict[int, set[int]]:
    """By row the columns whose value comes from a merged cell above: alone they make no record."""
    covered: dict[int, set[int]] = {}
    for (top, left), (bottom, _) in sheet.merged():
        for row in range(top + 1, min(bottom, top + MAX_COVERED_ROWS) + 1):
            covered.setdefault(row, set()).add(left)
    return covered


def _shown(cell: Cell, column: Column) -> str:
    text = short(clean(shown(cell)))
    return mask(text) if column.personal else text


def _reader(column: Column, heading: str, reading: Reading) -> Callable[[Cell], object]:
    if not column.dated:
        return column.read
    if heading_key(heading) not in column.months:
        return reading.dates
    return lambda cell: column.read(cell) or reading.dates(cell)


def _plain(read: Callable[[Cell], object]) -> Callable[[Cell], object]:
    def convert(cell: Cell) -> object:
        try:
            return refusal_of(cell) if isinstance(cell, Special) else read(cell)
        except Refusal as refusal:
            return refusal
        except (ValueError, OverflowError):
            return Refusal("value_unreadable", "看不懂这一格", "照标题改")

    return convert


def _remembering(read: Callable[[Cell], object]) -> Callable[[Cell], object]:
    """The same with a memory of each distinct cell; 1, 1.0 and True are told apart."""
    plain = _plain(read)
    known: dict[object, object] = {}

    def convert(cell: Cell) -> object:
        key = cell if isinstance(cell, str) else (type(cell), cell)
        try:
            return known[key]
        except KeyError:
            value = known[key] = plain(cell)
            return value

    return convert
