"""An assignment sheet (责任分解表): scheme, tier, target, who holds it, from when."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from services.enrollment.sheets import values
from services.enrollment.sheets.classes import read_grade
from services.enrollment.sheets.columns import (
    CLASS,
    FROM_DATE,
    GRADE,
    SCHOOL_CODE,
    SCHOOL_NAME,
    STUDENT_NUMBER,
    named,
)
from services.enrollment.sheets.heading import LOOK_AT_ROWS, Column, facts_above, find_heading
from services.enrollment.sheets.parsed import ClassRef, Parsed, Refusal
from services.enrollment.sheets.placing import Placing, School, placing, school_named
from services.enrollment.sheets.reading import Reading
from services.enrollment.sheets.roster import refuse_headless, visible
from services.enrollment.sheets.table import RawRow, Table
from services.enrollment.sheets.values import name_key
from services.enrollment.sheets.workbook import Sheet

SCHEME = Column(
    field="scheme",
    label="责任制",
    headings=named("责任制 责任制度 方案 包保方案 制度 责任制名称 类别"),
    read=values.read_text,
    repeats=True,
)
TIER = Column(
    field="tier",
    label="层级",
    headings=named("层级 责任层级 包保层级 级别 哪一层 层次 包保类型 责任类型"),
    read=values.read_text,
    repeats=True,
)
TARGET = Column(
    field="target",
    label="对象",
    headings=named(
        "对象 责任对象 包保对象 被包对象 包保村 行政村 村 村组 学生 学生姓名 儿童姓名 被包学生"
    ),
    pattern=re.compile("(责任|包保|帮扶|挂钩).{0,2}对象"),
    read=values.read_text,
    personal=True,
)
HOLDER = Column(
    field="holder",
    label="负责人",
    headings=named(
        "负责人 责任人 包保人 包保责任人 责任领导 挂钩领导 包村领导 承包人 责任教师 包保教师 姓名"
    ),
    pattern=re.compile("(负责|责任|包保|挂钩).{0,2}(人|领导|教师|干部)"),
    read=values.read_text,
    personal=True,
)
HOLDER_NUMBER = Column(
    field="holder_number",
    label="负责人工号",
    headings=named("工号 负责人工号 责任人工号 教工号 教职工号 编号"),
    read=values.read_staff_number,
    personal=True,
)
UNTIL = Column(
    field="until",
    label="结束日期",
    headings=named("结束日期 截止日期 终止日期 结束时间 截止时间 到"),
    read=values.read_text,
    dated=True,
)
COLUMNS = (
    SCHEME, TIER, TARGET, HOLDER, HOLDER_NUMBER, STUDENT_NUMBER, FROM_DATE, UNTIL, SCHOOL_CODE,
    SCHOOL_NAME, GRADE, CLASS,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """One responsibility as written; `class_` where the row names a class, `grade` alone else."""

    sheet: str
    row: int
    scheme: str
    tier: str
    target: str
    target_key: str
    holder: str
    holder_key: str
    school_code: str = ""
    school_name: str = ""
    class_: ClassRef | None = None
    grade: int | None = None
    holder_number: str | None = None
    student_number: str | None = None
    since: date | None = None
    until: date | None = None


def read_assignments(sheets: Sequence[Sheet], reading: Reading) -> Parsed[AssignmentRow]:
    """Every visible sheet with a heading that names who is responsible for what."""
    rows: list[AssignmentRow] = []
    for sheet in visible(sheets, reading):
        head = sheet.head(LOOK_AT_ROWS)
        heading = find_heading(head, sheet.merged(), COLUMNS)
        if heading is None or not heading.has("holder") or not heading.has("tier"):
            refuse_headless(sheet, reading, "层级、对象、负责人")
            continue
        table = Table(reading, sheet, heading)
        rows.extend(_rows(table, facts_above(head, heading.row)))
        reading.reports.append(table.report("assignments"))
    return reading.parsed(cast(list[object], rows))


def _rows(table: Table, facts: dict[str, str]) -> Iterator[AssignmentRow]:
    where = placing(table, facts)
    for raw in table.rows():
        row = _row(table, where, raw)
        if row:
            yield row


def _row(table: Table, where: Placing, raw: RawRow) -> AssignmentRow | None:
    for field, label in (("tier", "层级"), ("holder", "负责人")):
        if not raw.text(field) and not raw.bad:
            problem = Refusal(f"{field}_missing", f"没有写{label}", f"补上{label}", "（空）")
            table.fault(raw, problem, field)
    school = _school(where, raw)
    class_, grade = _place(table, where, raw, school)
    since, until = cast(date | None, raw.get("from_date")), cast(date | None, raw.get("until"))
    if since and until and until < since:
        problem = Refusal("dates_turned", "结束日期早于开始日期", "改正日期")
        table.fault(raw, problem, "until", value=raw.text("until"))
    if raw.bad:
        return None
    return AssignmentRow(
        sheet=raw.sheet,
        row=raw.row,
        scheme=raw.text("scheme"),
        tier=raw.text("tier"),
        target=raw.text("target"),
        target_key=name_key(raw.text("target")),
        holder=raw.text("holder"),
        holder_key=name_key(raw.text("holder")),
        school_code=school.code,
        school_name=school.name,
        class_=class_,
        grade=grade,
        holder_number=raw.text("holder_number") or None,
        student_number=raw.text("student_number") or None,
        since=since,
        until=until,
    )


def _school(where: Placing, raw: RawRow) -> School:
    """The row's school, else the title's, else the account's; a village has none."""
    stated = school_named(raw.text("school_code"), raw.text("school_name"))
    if stated.code or stated.name:
        return stated
    own = where.reading.account_school or where.facts.get("school_code", "")
    return School(own, "" if own else where.facts.get("school_name", ""))


def _place(
    table: Table, where: Placing, raw: RawRow, school: School
) -> tuple[ClassRef | None, int | None]:
    """A class where grade and class stand there, the grade alone where only that does."""
    grade, class_ = raw.text("grade"), raw.text("class")
    if not grade and not class_:
        return None, None
    if grade and not class_:
        try:
            found = read_grade(grade)
        except (Refusal, ValueError):
            found = None
        return None, found.grade if found else None
    ref = where.of_text(class_, grade, school)
    if isinstance(ref, Refusal):
        table.fault(raw, ref, "class", value=class_)
        return None, None
    return ref, ref.grade
