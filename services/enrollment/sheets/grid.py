"""The month grid of a roll: children down, days across, a mark in each cell."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from services.enrollment.sheets.cells import clean, is_empty, is_nothing, shown, tight
from services.enrollment.sheets.grid_days import MIN_DAYS, Days, dates_of, month_texts
from services.enrollment.sheets.heading import (
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
from services.enrollment.sheets.parsed import ClassRef, Fault, Refusal, letters
from services.enrollment.sheets.placing import Placing, School, placing
from services.enrollment.sheets.reading import Reading, describe_sheet
from services.enrollment.sheets.roll_rows import ChildDay
from services.enrollment.sheets.table import FOOTER, RawRow, Table
from services.enrollment.sheets.values import mask, name_key, plain
from services.enrollment.sheets.workbook import Row, Sheet

MAX_LEGEND_CHARACTERS = 400


MAX_HALF_DAY_CHARACTERS = 8
HALF_DAY = re.compile("上午|下午|早读|第[一二三四五六七八]节|午别|晚自习")


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
    problem = _unusable(days, above)
    if problem:
        reading.fault(describe_sheet(sheet.name, problem))
        return
    facts = facts_above(head, heading.row)
    dates = dates_of(days, month_texts(sheet, facts), reading, facts)
    if dates is None:
        return
    table = Table(reading, sheet, heading, frozenset(dates))
    grid = Grid(table, dates, placing(table, facts))
    grid.legend = sheet_legend(sheet, heading)
    grid.gather()
    yield from grid.children()
    reading.reports.append(table.report("grid"))


def _unusable(days: Days, above: Sequence[str]) -> Refusal | None:
    """Why a grid's heading cannot be trusted, None where it can."""
    if any(HALF_DAY.search(t) and len(t) < MAX_HALF_DAY_CHARACTERS for t in above):
        return Refusal(
            "layout_half_days", "一天分了上午、下午或节次，这种考勤表不收", "每天只留一列再传"
        )
    if days.broken:
        return Refusal(
            "days_not_rising",
            "横排的日期没有从小到大（表格可能把 9.10 变成了 9.1）",
            "标题只写日子，如 1 到 30",
        )
    return None


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
