"""A roster: children with their school and class, as rows that agree with each other."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import cast

from services.enrollment.domain.identity import Sex, citizen_number
from services.enrollment.sheets.cells import is_empty
from services.enrollment.sheets.columns import roster_columns
from services.enrollment.sheets.dates import Month
from services.enrollment.sheets.heading import LOOK_AT_ROWS, facts_above, find_heading
from services.enrollment.sheets.parsed import Parsed, Refusal, SheetReport
from services.enrollment.sheets.placing import Placing, placing, read_term
from services.enrollment.sheets.reading import Reading, describe_sheet
from services.enrollment.sheets.roster_checks import check_together
from services.enrollment.sheets.roster_rows import RosterRow
from services.enrollment.sheets.table import RawRow, Table
from services.enrollment.sheets.values import (
    mask,
    name_doubt,
    name_key,
    read_citizen_number,
    read_document_number,
    student_number_doubt,
)
from services.enrollment.sheets.workbook import Sheet

RESIDENT = "1"


OLDEST_YEARS = 25


TAKEN_OVER = (
    "ethnic", "hukou", "address", "guardian", "guardian_relation", "phone", "left_behind",
    "migrant", "orphan", "disability", "boarding", "from_date", "term", "student_number",
    "township", "groups", "village",
)  # fmt: skip


def read_roster(sheets: Sequence[Sheet], reading: Reading) -> Parsed[RosterRow]:
    """Every visible sheet with a heading; sheets without one are refused unless they are blank."""
    rows: list[RosterRow] = []
    tables: dict[str, Table] = {}
    for sheet in visible(sheets, reading):
        table = _table(sheet, reading)
        if table:
            tables[sheet.name] = table
            rows.extend(_rows(table, facts_above(sheet.head(LOOK_AT_ROWS), table.heading.row)))
            reading.reports.append(table.report("roster"))
    check_together(rows, tables)
    return reading.parsed(cast(list[object], rows))


def visible(sheets: Sequence[Sheet], reading: Reading) -> Iterator[Sheet]:
    """Sheets that are seen; hidden ones are reported as not read."""
    for sheet in sheets:
        if sheet.visible:
            yield sheet
        else:
            note = "是隐藏表，没有读"
            reading.reports.append(SheetReport(name=sheet.name, read=False, note=note))


def _table(sheet: Sheet, reading: Reading) -> Table | None:
    head = sheet.head(LOOK_AT_ROWS)
    heading = find_heading(head, sheet.merged(), roster_columns())
    if heading and heading.has("name"):
        return Table(reading, sheet, heading)
    refuse_headless(sheet, reading, "姓名、年级、班级")
    return None


def refuse_headless(sheet: Sheet, reading: Reading, wanted: str) -> None:
    """Blank sheets are passed over; any other without a heading is a fault of the whole sheet."""
    note = idle_note(sheet)
    reading.reports.append(SheetReport(name=sheet.name, read=False, note=note or "没有找到标题行"))
    if not note:
        problem = Refusal(
            "heading_not_found",
            f"前十行里没有找到标题行（要有{wanted}）",
            "补上标题行；不是名册的表请隐藏或删掉",
        )
        reading.fault(describe_sheet(sheet.name, problem))


def idle_note(sheet: Sheet) -> str:
    """Why a sheet without a heading may be passed over: blank, or prose; empty where it may not."""
    widths = [sum(not is_empty(c) for c in row) for _, row in sheet.plain_rows()]
    if not any(widths):
        return "是空表"
    prose = max(widths) <= 1 or re.search("说明|须知|代码|字典|填表要求", sheet.name)
    return "是说明，没有读" if prose and len(widths) > 1 else ""


def _rows(table: Table, facts: dict[str, str]) -> Iterator[RosterRow]:
    reading = table.reading
    reading.term = reading.term or read_term(facts.get("term") or facts.get("title", ""))
    where = placing(table, facts)
    for raw in table.rows():
        row = _row(table, where, raw)
        if row:
            yield row


def _row(table: Table, where: Placing, raw: RawRow) -> RosterRow | None:
    name = raw.text("name")
    if not name and not raw.bad:
        table.fault(raw, Refusal("name_missing", "没有姓名", "补上姓名", "（空）"), "name")
    school = where.school(raw)
    class_ = where.place(raw, school)
    sex, born, number = _identity(table, raw)
    _doubts(table, raw, born)
    if raw.bad or school is None or class_ is None:
        return None
    taken = {f: raw.get(f) for f in TAKEN_OVER if f in raw.values}
    return RosterRow(
        sheet=raw.sheet,
        row=raw.row,
        name=name,
        name_key=name_key(name),
        school_code=school.code,
        school_name=school.name,
        class_=class_,
        sex=sex,
        birth_date=born,
        id_type=(raw.text("id_type") or RESIDENT) if number else None,
        id_number=number,
        **taken,  # type: ignore[arg-type]
    )


def _identity(table: Table, raw: RawRow) -> tuple[Sex | None, date | None, str | None]:
    """Sex, birth date and number of a row; contradictions refuse it, silence is filled in."""
    sex = cast(Sex | None, raw.get("sex"))
    stated = raw.get("birth_date")
    born = stated if isinstance(stated, date) else None
    number = raw.text("id_number")
    kind_unknown = not raw.text("id_type") and raw.bad and _filled(table, raw, "id_type")
    if not number or kind_unknown:
        return sex, born, None
    resident = raw.text("id_type") in ("", RESIDENT)
    read: Callable[[str], str | None] = read_citizen_number if resident else read_document_number
    try:
        number = read(number) or ""
    except Refusal as refusal:
        table.fault(raw, refusal, "id_number", value=mask(number))
        return sex, born, None
    if not resident:
        return sex, born, number
    said = citizen_number(number)
    if said is None or said.birth_date is None:
        return sex, born, number
    if isinstance(stated, Month) and stated != Month(said.birth_date.year, said.birth_date.month):
        _contradiction(table, raw, "birth_date", "出生年月", f"{stated.year}-{stated.month:02}")
    if born and born != said.birth_date:
        _contradiction(table, raw, "birth_date", "出生日期", f"{born}；号码里不是这一天")
    if sex in (Sex.MALE, Sex.FEMALE) and sex is not said.sex:
        digit = "单数" if said.sex is Sex.MALE else "双数"
        shown = f"{'男' if sex is Sex.MALE else '女'}；第 17 位是{digit}"
        _contradiction(table, raw, "sex", "性别", shown)
    return (sex if sex in (Sex.MALE, Sex.FEMALE) else said.sex), said.birth_date, number


def _filled(table: Table, raw: RawRow, field: str) -> bool:
    place = table.place.get(field, len(raw.cells))
    return place < len(raw.cells) and not is_empty(raw.cells[place])


def _contradiction(table: Table, raw: RawRow, field: str, label: str, shown: str) -> None:
    problem = Refusal(
        f"{field}_contradicts_id",
        f"{label}和号码对不上，这一行不收",
        "核对户口簿，改其中一个",
        shown,
    )
    table.fault(raw, problem, field, "id_number")


def _doubts(table: Table, raw: RawRow, born: date | None) -> None:
    number = raw.text("student_number")
    doubt = student_number_doubt(number) if number else None
    if doubt:
        problem = Refusal(doubt[0], doubt[1], "可以收；请照学籍系统核对")
        table.warn(raw, problem, "student_number", value=mask(number))
    noted = name_doubt(raw.text("name"))
    if noted:
        problem = Refusal(noted[0], noted[1], "可以收；若是备注，请移到别的列")
        table.warn(raw, problem, "name", value=mask(raw.text("name")))
    today = table.reading.options.today
    if today and born and born > today:
        table.fault(
            raw,
            Refusal("birth_date_in_future", "出生日期在今天以后", "改成证件上的日期"),
            "birth_date" if raw.get("birth_date") else "id_number",
            value=born.isoformat(),
        )
    elif today and born and today.year - born.year > OLDEST_YEARS:
        problem = Refusal("birth_date_unlikely", "年龄太大，不像在校学生", "核对出生日期")
        table.warn(raw, problem, "birth_date", value=born.isoformat())
