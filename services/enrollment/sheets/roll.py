"""A roll in one of three layouts: child and day, class and day with absentees, month grid."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, cast

from services.enrollment.sheets.absentees import read_absentees
from services.enrollment.sheets.cells import Cell, is_empty
from services.enrollment.sheets.columns import NAME
from services.enrollment.sheets.grid import read_grid, sheet_legend
from services.enrollment.sheets.grid_days import find_days
from services.enrollment.sheets.heading import (
    LOOK_AT_ROWS,
    Heading,
    facts_above,
    find_heading,
    heading_key,
)
from services.enrollment.sheets.marks import (
    Legend,
    Mark,
    asked,
    sign_of,
    word_meaning,
)
from services.enrollment.sheets.parsed import Parsed, Refusal, SheetReport
from services.enrollment.sheets.placing import Placing, placing, school_year
from services.enrollment.sheets.reading import Reading, describe_sheet
from services.enrollment.sheets.roll_columns import BY_CHILD, BY_CLASS, IN_GRID, LISTS
from services.enrollment.sheets.roll_rows import Absentee, ChildDay, ClassDay
from services.enrollment.sheets.roster import idle_note, visible
from services.enrollment.sheets.table import RawRow, Table
from services.enrollment.sheets.values import mask, name_key
from services.enrollment.sheets.workbook import Sheet

MAX_KIND_WORD = 4


LAYOUTS = "每人每天一行、每班每天一行（写缺勤名单），或一个月一张表（日期横着排）"


def read_roll(sheets: Sequence[Sheet], reading: Reading) -> Parsed[Any]:
    """Rows are `ChildDay` or, from lists of absentees, `ClassDay`."""
    rows: list[ChildDay | ClassDay] = []
    for sheet in visible(sheets, reading):
        rows.extend(_sheet(sheet, reading))
    _refuse_repeats(rows, reading)
    return reading.parsed(cast(list[object], rows))


def _sheet(sheet: Sheet, reading: Reading) -> Iterator[ChildDay | ClassDay]:
    head = sheet.head(LOOK_AT_ROWS)
    merged = sheet.merged()
    days = find_days(head, reading)
    wanted = reading.options.get("layout")
    by_class = find_heading(head, merged, BY_CLASS)
    by_child = find_heading(head, merged, BY_CHILD)
    if days and any(h and _is_record(h, head, days.row) for h in (by_child, by_class)):
        days = None  # numbers that rise in a record, not days across
    if days and wanted in (None, "grid"):
        yield from read_grid(sheet, reading, days, IN_GRID)
    elif by_child and _has_marks(by_child) and wanted in (None, "child"):
        yield from _by_child(Table(reading, sheet, by_child), head)
    elif by_class and _has_lists(by_class) and wanted in (None, "class"):
        yield from _by_class(Table(reading, sheet, by_class), head)
    else:
        _refuse(sheet, reading)


def _is_record(heading: Heading, head: Sequence[list[Cell]], row: int) -> bool:
    """Whether a row below a heading with dates is a child's or a class's, not days across."""
    if not heading.has("date") or row <= heading.last_row:
        return False
    places = [p for p, c in heading.columns.items() if c.field in ("name", "class")]
    return any(p < len(head[row]) and not is_empty(head[row][p]) for p in places)


def _has_marks(heading: Heading) -> bool:
    marked = heading.has("mark") or (heading.has("reason") and heading.has("date"))
    return marked and heading.has("name") and not heading.has("expected")


def _has_lists(heading: Heading) -> bool:
    lists = {p for p, c in heading.columns.items() if c.field in dict(LISTS)}
    named = any(heading_key(heading.texts[p]) not in NAME.headings for p in lists)
    return named or heading.has("expected")


def _refuse(sheet: Sheet, reading: Reading) -> None:
    note = idle_note(sheet)
    reading.reports.append(
        SheetReport(name=sheet.name, read=False, note=note or "认不出是哪种考勤表")
    )
    if not note:
        problem = Refusal(
            "layout_unknown", "认不出是哪种考勤表，没有读", f"能读的有三种：{LAYOUTS}"
        )
        reading.fault(describe_sheet(sheet.name, problem))


def _by_child(table: Table, head: Sequence[list[Cell]]) -> Iterator[ChildDay]:
    facts = facts_above(head, table.heading.row)
    where = placing(table, facts)
    table.reading.dates.school_year = lambda: school_year(table.reading, facts)
    legend = sheet_legend(table.sheet, table.heading)
    for raw in table.rows():
        row = _child_day(table, where, raw, legend, facts)
        if row:
            yield row
    table.reading.reports.append(table.report("child_day"))


def _child_day(
    table: Table, where: Placing, raw: RawRow, legend: Legend, facts: dict[str, str]
) -> ChildDay | None:
    name = raw.text("name")
    if not name and not raw.bad:
        table.fault(raw, Refusal("name_missing", "没有姓名", "补上姓名", "（空）"), "name")
    day = _day(table, raw, facts)
    school = where.school(raw)
    class_ = where.place_if_said(raw, school)
    mark = _mark(table, raw, legend)
    if raw.bad or not school or not day or not mark:
        return None
    return ChildDay(
        sheet=raw.sheet,
        row=raw.row,
        cell=table.address(raw.row, "mark"),
        day=day,
        name=name,
        name_key=name_key(name),
        school_code=school.code,
        school_name=school.name,
        class_=class_,
        id_number=raw.text("id_number") or None,
        student_number=raw.text("student_number") or None,
        mark=mark,
        reason=raw.text("reason") or None,
    )


def _day(table: Table, raw: RawRow, facts: dict[str, str]) -> date | None:
    day = cast(date | None, raw.get("date"))
    if day is None and "date" not in table.place and "date" in facts:
        try:
            day = table.reading.dates(facts["date"])
        except Refusal as refusal:
            table.fault_of_sheet(raw, refusal)
            return None
    if day is None:
        problem = Refusal("date_missing", "没有写哪一天", "补上日期", "（空）")
        if "date" not in table.place:
            table.fault_of_sheet(raw, problem)
        elif not raw.bad:
            table.fault(raw, problem, "date")
    return day


def _mark(table: Table, raw: RawRow, legend: Legend) -> Mark | None:
    """The mark of the row, made exact by its reason: 缺勤 with 病假 is sick."""
    text, reason = raw.text("mark"), raw.text("reason")
    if not text and not (reason and "mark" not in table.place):
        if not raw.bad:
            problem = Refusal("mark_missing", "没有写到没到", "补上√、×、病、事或旷", "（空）")
            table.fault(raw, problem, "mark")
        return None
    said = _said_by_heading(table, text) or legend.plain_word(text, table.reading)
    mark = said or legend.meaning(text or reason, table.reading)
    if mark is None:
        table.fault(raw, asked(sign_of(text or reason)), "mark", value=text or reason)
    elif mark in (Mark.UNEXCUSED, Mark.LEAVE) and reason:
        closer = word_meaning(reason)
        if closer in (Mark.SICK, Mark.PERSONAL) and not sign_of(text).startswith("旷"):
            return closer
    return mark


def _said_by_heading(table: Table, text: str) -> Mark | None:
    """是 and 否 mean what the heading asks: 是否到校 or 是否缺勤."""
    heading = table.heading.texts.get(table.place.get("mark", -1), "")
    if text not in ("是", "否") or "是否" not in heading:
        return None
    asks_absence = word_meaning(heading.replace("是否", "")) is Mark.UNEXCUSED
    return Mark.UNEXCUSED if (text == "是") is asks_absence else Mark.PRESENT


def _by_class(table: Table, head: Sequence[list[Cell]]) -> Iterator[ClassDay]:
    facts = facts_above(head, table.heading.row)
    where = placing(table, facts)
    table.reading.dates.school_year = lambda: school_year(table.reading, facts)
    for raw in table.rows():
        row = _class_day(table, where, raw, facts)
        if row:
            yield row
    table.reading.reports.append(table.report("class_day"))


def _class_day(table: Table, where: Placing, raw: RawRow, facts: dict[str, str]) -> ClassDay | None:
    day = _day(table, raw, facts)
    school = where.school(raw)
    class_ = where.place(raw, school)
    absent = _absentees(table, raw)
    counts = _counts(table, raw, absent)
    if raw.bad or not school or not day or not class_ or counts is None:
        return None
    return ClassDay(
        sheet=raw.sheet,
        row=raw.row,
        day=day,
        school_code=school.code,
        school_name=school.name,
        class_=class_,
        expected=counts[0],
        present=counts[1],
        absentees=tuple(absent),
    )


def _absentees(table: Table, raw: RawRow) -> list[Absentee]:
    found: dict[str, Absentee] = {}
    said = word_meaning(raw.text("reason")) if len(raw.text("reason")) <= MAX_KIND_WORD else None
    for field, usual in LISTS:
        mark = said or usual if field == "absent" else usual
        text = raw.text(field)
        if not text:
            continue
        try:
            for absentee in read_absentees(text, mark, table.address(raw.row, field)):
                if absentee.name_key in found and field != "absent":
                    _same_twice(table, raw, field, found[absentee.name_key], absentee)
                found[absentee.name_key] = absentee
        except Refusal as refusal:
            table.fault(raw, refusal, field, value=mask(text))
    return list(found.values())


def _same_twice(table: Table, raw: RawRow, field: str, first: Absentee, again: Absentee) -> None:
    """A name in the general list and in one by kind is one child; in two kinds it is unclear."""
    if first.mark is not again.mark and first.mark is not Mark.UNEXCUSED:
        problem = Refusal("absentee_twice", "同一学生写在两种缺勤里", "只留对的一种")
        table.fault(raw, problem, field, value=mask(again.name))


def _counts(table: Table, raw: RawRow, absent: list[Absentee]) -> tuple[int, int] | None:
    """应到 and 实到 where they agree with the names; without them nobody else is "present"."""
    expected, present = raw.get("expected"), raw.get("present")
    if not isinstance(expected, int) or not isinstance(present, int):
        missing = Refusal(
            "counts_missing", "没有应到和实到，不能当作其余都到了", "补上应到和实到人数", "（空）"
        )
        if not raw.bad:
            table.fault(raw, missing, "expected", "present")
        return None
    away = sum(a.mark not in (Mark.LATE, Mark.LEFT_EARLY) for a in absent)
    if not raw.bad and expected - present != away:
        problem = Refusal(
            "counts_disagree",
            f"应到 {expected}、实到 {present}，差 {expected - present} 人，名单里有 {away} 人",
            "核对人数和名单",
        )
        table.fault(raw, problem, "expected", "present", value=f"{expected}/{present}")
        return None
    return expected, present


def _refuse_repeats(rows: list[ChildDay | ClassDay], reading: Reading) -> None:
    """One class or child twice on a day: said again is one, said otherwise refuses both."""
    seen: dict[tuple[object, ...], ChildDay | ClassDay] = {}
    repeated: set[int] = set()
    grids = {report.name for report in reading.reports if report.layout == "grid"}
    for place, row in enumerate(rows):
        first = seen.setdefault(row.key(), row)
        if first is row:
            continue
        if first.says() == row.says():
            repeated.add(place)
            continue
        for one, other in ((first, row), (row, first)):
            problem = Refusal(
                "day_twice",
                f"与“{other.sheet}”第 {other.row} 行是同一天，写得不一样（都不收）",
                "只留对的一行",
            )
            if isinstance(one, ClassDay):
                reading.fault_in(one.sheet, one.row, "date", "日期", problem)
            else:
                column = "日期" if one.sheet in grids else "考勤"
                reading.fault_at(one.sheet, one.row, one.cell, problem, column)
    rows[:] = [r for place, r in enumerate(rows) if place not in repeated]
