"""The month grid of a roll: children down, days across, a mark in each cell."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.enrollment.sheets.cells import Cell, clean, is_empty, is_nothing, shown, tight
from services.enrollment.sheets.heading import (
    HEADING_WITHIN_ROWS,
    MAX_STOREYS,
    Column,
    Heading,
    facts_above,
    find_heading,
)
from services.enrollment.sheets.marks import (
    BLANK,
    Legend,
    Mark,
    asked,
    question,
    read_legend,
    settled,
    sign_of,
)
from services.enrollment.sheets.parsed import ClassRef, Fault, Question, Refusal, letters
from services.enrollment.sheets.placing import Placing, School, placing, school_year
from services.enrollment.sheets.reading import FOOTER, RawRow, Reading, Table, describe_sheet
from services.enrollment.sheets.roll_rows import ChildDay
from services.enrollment.sheets.values import mask, name_key, plain
from services.enrollment.sheets.workbook import Row, Sheet

MIN_DAYS = 4
MAX_LEGEND_CHARACTERS = 400
AUGUST = 8
DAY = re.compile(r"(\d{1,2})(?:日|号)?(?:\(?(?:星期|周)?[一二三四五六日]\)?)?")
MONTH_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")
MONTH = re.compile(r"(?:(20\d{2})\s*[-/.年]?\s*)?(?<!\d)(1[0-2]|0?[1-9])\s*月")
YEAR_MONTH = re.compile(r"(20\d{2})[-/.](1[0-2]|0?[1-9])(?!\d)")
CHINESE_MONTH = re.compile(r"(十[一二]?|[一二三四五六七八九])月")
CHINESE_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
HALF_DAY = re.compile("上午|下午|早读|第[一二三四五六七八]节|午别|晚自习")


@dataclass(frozen=True, slots=True)
class Days:
    """The row (from 0) with the days across, and for each column its day or whole date."""

    row: int
    places: dict[int, int | date]


def find_days(head: Sequence[Row], reading: Reading) -> Days | None:
    """The row of the first ten with the most days across; None where none has at least four."""
    best: Days | None = None
    for index, row in enumerate(head[: HEADING_WITHIN_ROWS + MAX_STOREYS]):
        places = _days(row)
        if len(places) >= MIN_DAYS and (best is None or len(places) > len(best.places)):
            best = Days(index, places)
    return best


def _days(row: Row) -> dict[int, int | date]:
    """Days that rise from left to right; numbers that do not are no days."""
    found: dict[int, int | date] = {}
    last: int | date | None = None
    for place, cell in enumerate(row):
        day = _day(cell)
        if day is None:
            continue
        if last is not None and (type(day) is not type(last) or day <= last):  # type: ignore[operator]
            if len(found) >= MIN_DAYS:
                break
            found.clear()
        found[place] = last = day
    return found


def _day(cell: Cell) -> int | date | None:
    if isinstance(cell, date):
        return date(cell.year, cell.month, cell.day)
    if isinstance(cell, bool) or is_empty(cell):
        return None
    text = tight(clean(shown(cell)))
    if found := MONTH_DAY.fullmatch(text):
        return _dated(found)
    if found := DAY.fullmatch(text):
        return int(found[1]) if 1 <= int(found[1]) <= 31 else None
    return None


def _dated(found: re.Match[str]) -> int | date | None:
    """9月1日 keeps its month as a date of the year 4, a leap year, until the year is known."""
    try:
        return date(int(found[1] or 4), int(found[2]), int(found[3]))
    except ValueError:
        return None


class Grid:
    """One sheet's grid while it is read."""

    def __init__(self, table: Table, days: dict[int, date | None], where: Placing) -> None:
        self.table = table
        self.days = days
        self.where = where
        self.legend = Legend()
        self.rows: list[tuple[RawRow, School, ClassRef | None]] = []

    @property
    def reading(self) -> Reading:
        return self.table.reading

    def gather(self) -> None:
        """All children of the sheet: a column's meaning needs every cell in it."""
        for raw in self.table.rows():
            if not raw.text("name"):
                if not raw.bad and any(_is_mark(_text(raw.cells, p)) for p in self.days):
                    problem = Refusal("name_missing", "没有姓名", "补上姓名", "（空）")
                    self.table.fault(raw, problem, "name")
                continue
            school = self.where.school(raw)
            class_ = self.where.place_if_said(raw, school)
            if school and not raw.bad:
                self.rows.append((raw, school, class_))
        self._refuse_namesakes()

    def _refuse_namesakes(self) -> None:
        """Two rows of one name in a class, without numbers, are nobody's marks for certain."""
        groups: dict[tuple[object, ...], list[RawRow]] = {}
        for raw, school, class_ in self.rows:
            who = raw.text("id_number") or raw.text("student_number")
            key = (school, class_, name_key(raw.text("name")), who)
            groups.setdefault(key, []).append(raw)
        for group in (g for g in groups.values() if len(g) > 1):
            for raw in group:
                problem = Refusal(
                    "same_name_same_class",
                    "同班同名，分不清是谁的考勤",
                    "补上身份证件号或学籍号一列；重复的只留一行",
                )
                self.table.fault(raw, problem, "name", value=mask(raw.text("name")))
        self.rows = [row for row in self.rows if not row[0].bad]

    def children(self) -> Iterator[ChildDay]:
        """Marks of every day on which a roll was taken: an empty column is no roll."""
        ticks = any(
            self._known(_text(raw.cells, p)) in (Mark.PRESENT, Mark.LATE)
            for raw, _, _ in self.rows
            for p in self.days
        )
        for place, day in self.days.items():
            taken = [(r, _text(r[0].cells, place)) for r in self.rows]
            if any(text for _, text in taken):
                for row, text in taken:
                    yield from self._child_day(row, place, day, text, ticks)

    def _known(self, text: str) -> Mark | None:
        sign = sign_of(text)
        return (
            settled(self.reading, sign)
            or self.legend.stated.get(sign)
            or (Mark.PRESENT if sign == "√" else None)
        )

    def _child_day(
        self,
        row: tuple[RawRow, School, ClassRef | None],
        place: int,
        day: date | None,
        text: str,
        ticks: bool,
    ) -> Iterator[ChildDay]:
        raw, school, class_ = row
        cell = f"{letters(place)}{raw.row}"
        mark = self.legend.meaning(text, self.reading) if text else self._blank(ticks)
        if mark is None:
            self._fault(raw, cell, asked(sign_of(text) or BLANK), text)
        elif day is None:
            if text:
                problem = Refusal("date_does_not_exist", "没有这一天", "删掉这一列，或改正月份")
                self._fault(raw, cell, problem, text)
        elif mark is not Mark.UNMARKED:
            yield self._row(raw, school, class_, cell, day, mark, text)

    def _blank(self, ticks: bool) -> Mark | None:
        """An empty cell on a day with marks: stated, settled, else present where nobody is ticked.

        Where children are ticked present an empty cell is neither, so it is asked.
        """
        known = settled(self.reading, BLANK) or self.legend.stated.get(BLANK)
        if known or not ticks:
            return known or Mark.PRESENT
        self.reading.ask(question(BLANK))
        return None

    def _fault(self, raw: RawRow, cell: str, problem: Refusal, value: str) -> None:
        self.reading.fault(
            Fault(
                code=problem.code,
                reason=problem.reason,
                mend=problem.mend,
                sheet=raw.sheet,
                cell=cell,
                column="日期",
                value=value or "（空）",
                row=raw.row,
            )
        )

    def _row(
        self,
        raw: RawRow,
        school: School,
        class_: ClassRef | None,
        cell: str,
        day: date,
        mark: Mark,
        text: str,
    ) -> ChildDay:
        name = raw.text("name")
        return ChildDay(
            sheet=raw.sheet,
            row=raw.row,
            cell=cell,
            day=day,
            name=name,
            name_key=name_key(name),
            school_code=school.code,
            school_name=school.name,
            class_=class_,
            mark=mark,
            id_number=raw.text("id_number") or None,
            student_number=raw.text("student_number") or None,
            reason=text if len(text) > 1 and mark is not Mark.PRESENT else None,
        )


def _is_mark(text: str) -> bool:
    """Totals below the list are numbers; marks are not."""
    return bool(text) and not text.replace(".", "").rstrip("%").isdecimal()


def _text(cells: Row, place: int) -> str:
    if place >= len(cells):
        return ""
    try:
        text = plain(cells[place])
    except Refusal:
        return "#"
    return "" if is_nothing(text) else text


def read_grid(
    sheet: Sheet, reading: Reading, days: Days, columns: Sequence[Column]
) -> Iterator[ChildDay]:
    """Marks of one sheet. Whatever is unclear is asked or refused; nothing is taken as present."""
    head = sheet.head(days.row + MAX_STOREYS)
    heading = find_heading(head, sheet.merged(), columns)
    if heading is None or not heading.has("name"):
        problem = Refusal("heading_not_found", "有日期，但没有“姓名”这一列", "补上标题“姓名”")
        reading.fault(describe_sheet(sheet.name, problem))
        return
    heading = _whole(heading, days, head)
    above = [clean(shown(c)) for r in head[: heading.last_row + 2] for c in r if not is_empty(c)]
    if any(HALF_DAY.search(t) and len(t) < 8 for t in above):
        problem = Refusal(
            "layout_half_days", "一天分了上午、下午或节次，这种考勤表不收", "每天只留一列再传"
        )
        reading.fault(describe_sheet(sheet.name, problem))
        return
    facts = facts_above(head, heading.row)
    dates = _dates(days, _month_texts(sheet, facts), reading, facts)
    if dates is None:
        return
    table = Table(reading, sheet, heading, frozenset(dates))
    grid = Grid(table, dates, placing(table, facts))
    grid.legend = sheet_legend(sheet, heading)
    grid.gather()
    yield from grid.children()
    reading.reports.append(table.report("grid"))


def _whole(heading: Heading, days: Days, head: Sequence[Row]) -> Heading:
    """The heading down to its row of days and a row of weekdays below it."""
    last = max(heading.last_row, days.row)
    if last + 1 < len(head):
        texts = [tight(clean(shown(c))) for c in head[last + 1] if not is_empty(c)]
        week = [t for t in texts if re.fullmatch("(?:星期|周)?[一二三四五六日天]", t)]
        last += len(week) >= MIN_DAYS
    first = min(heading.row, days.row)
    ignored = {p: t for p, t in heading.ignored.items() if p not in days.places}
    return Heading(first, last - first + 1, heading.columns, heading.texts, ignored)


def sheet_legend(sheet: Sheet, heading: Heading) -> Legend:
    """What stands above the heading and in the nameless rows below the list."""
    texts: list[str] = []
    name = next((p for p, c in heading.columns.items() if c.field == "name"), 0)
    for index, row in sheet.plain_rows():
        filled = [clean(shown(c)) for c in row if not is_empty(c)]
        nameless = name >= len(row) or is_empty(row[name]) or bool(FOOTER.match(filled[0]))
        if index < heading.row or (index > heading.last_row and nameless):
            texts.append(" ".join(filled))
    return read_legend(t for t in texts if len(t) < MAX_LEGEND_CHARACTERS)


def _month_texts(sheet: Sheet, facts: dict[str, str]) -> list[str]:
    return [facts.get("month", ""), facts.get("title", ""), clean(sheet.name)]


def _dates(
    days: Days, texts: list[str], reading: Reading, facts: dict[str, str]
) -> dict[int, date | None] | None:
    """The date of every column, None for a day that its month lacks; None once asked."""
    whole = [d for d in days.places.values() if isinstance(d, date)]
    if whole and all(d.year > 4 for d in whole):
        return dict(days.places)  # type: ignore[arg-type]
    months = sorted({d.month for d in whole})
    year, month = _month(texts, reading)
    month = month or (months[0] if months else None)
    if month and year is None:
        start = school_year(reading, facts)
        year = None if start is None else start + (month < AUGUST)
    if year is None or month is None:
        if month is None:
            reading.ask(
                Question(
                    id="month", text="这份考勤表是哪一年哪一月的？", option="month", hint="2026-09"
                )
            )
        return None
    return {p: _date_of(d, year, month) for p, d in days.places.items()}


def _date_of(day: int | date, year: int, month: int) -> date | None:
    wanted = (month, day) if isinstance(day, int) else (day.month, day.day)
    try:
        return date(year, *wanted)
    except ValueError:
        return None


def _month(texts: list[str], reading: Reading) -> tuple[int | None, int | None]:
    """(year, month) as answered or named by the title, either may be missing."""
    for text in (reading.options.get("month") or "", *texts):
        found = YEAR_MONTH.search(text) or MONTH.search(text)
        if found:
            return (int(found[1]) if found[1] else _year_in(text)), int(found[2])
        if word := CHINESE_MONTH.search(text):
            return _year_in(text), CHINESE_MONTHS.index(word[1]) + 1
    return None, None


def _year_in(text: str) -> int | None:
    """A year named apart, unless it names a school year."""
    found = re.search(r"(20\d{2})\s*年(?!.{0,8}学年)(?!\s*[-—–~至])", text)
    return int(found[1]) if found else None
