"""A staff list: people with school, posts, the classes they teach and the one they answer for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from services.enrollment.sheets import values
from services.enrollment.sheets.cells import tight
from services.enrollment.sheets.columns import (
    FROM_DATE,
    NAME,
    PHONE_HEADINGS,
    SCHOOL_CODE,
    SCHOOL_NAME,
    SEX,
    TERM,
    named,
    read_class_text,
)
from services.enrollment.sheets.heading import LOOK_AT_ROWS, Column, facts_above, find_heading
from services.enrollment.sheets.parsed import ClassRef, Parsed, Refusal
from services.enrollment.sheets.placing import Placing, School, placing, read_term
from services.enrollment.sheets.reading import RawRow, Reading, Table
from services.enrollment.sheets.roster import refuse_headless, visible
from services.enrollment.sheets.values import mask, name_key, read_citizen_number
from services.enrollment.sheets.workbook import Sheet

STAFF_NAME = Column(
    field="name",
    label="姓名",
    headings=NAME.headings
    | named("教师姓名 教职工姓名 老师姓名 教师 教职工 职工姓名 人员姓名 老师 jsxm"),
    pattern=re.compile("^(教师|教职工|职工|老师|人员)?姓名"),
    read=values.read_name,
    personal=True,
)
STAFF_NUMBER = Column(
    field="staff_number",
    label="工号",
    headings=named("工号 教工号 教职工号 教师编号 职工号 人员编号 教职工编号 教师工号 编号 jgh gh"),
    read=values.read_staff_number,
    personal=True,
)
STAFF_ID = Column(
    field="id_number",
    label="身份证件号",
    headings=named(
        "身份证件号 身份证件号码 身份证号 身份证号码 身份证 公民身份号码 证件号 证件号码"
        " 居民身份证号 sfzjh sfzh"
    ),
    pattern=re.compile("(身份证|公民身份|证件)件?(号|编号)"),
    read=read_citizen_number,
    personal=True,
)
PHONE = Column(
    field="phone",
    label="手机",
    headings=named(PHONE_HEADINGS),
    pattern=re.compile("手机|电话"),
    read=values.read_phone,
    personal=True,
)
POST = Column(
    field="post",
    label="职务",
    headings=named(
        "职务 岗位 职位 担任职务 现任职务 行政职务 校内职务 角色 工作岗位 职务名称 职责 zw"
    ),
    read=values.read_text,
    repeats=True,
)
TEACHES = Column(
    field="teaches",
    label="任教班级",
    headings=named("任教班级 任课班级 所教班级 授课班级 教学班级 任教年级班级 任班 担任班级 rjbj"),
    pattern=re.compile("^(任教|任课|所教|授课)班级?"),
    read=read_class_text,
    repeats=True,
)
HOMEROOM = Column(
    field="homeroom",
    label="班主任班级",
    headings=named(
        "班主任班级 班主任 任班主任班级 担任班主任班级 所任班主任班级 班主任所在班级 所带班级"
        " 管理班级 bzrbj"
        " 是否班主任 带班"
    ),
    pattern=re.compile("班主任"),
    read=read_class_text,
    repeats=True,
    of_others=True,
)
COLUMNS = (
    STAFF_NAME, STAFF_NUMBER, STAFF_ID, PHONE, POST, TEACHES, HOMEROOM, SEX, FROM_DATE, TERM,
    SCHOOL_CODE, SCHOOL_NAME,
)  # fmt: skip
ROLES: tuple[tuple[str, str], ...] = (
    ("副校长", "vice_principal"),
    ("校长", "principal"),
    ("学籍", "registrar"),
    ("班主任", "homeroom_teacher"),
    ("德育", "dean"),
    ("教务", "dean"),
    ("教导", "dean"),
    ("政教", "dean"),
    ("主任", "dean"),
    ("任课", "subject_teacher"),
    ("科任", "subject_teacher"),
    ("专任", "subject_teacher"),
    ("教师", "subject_teacher"),
    ("老师", "subject_teacher"),
    ("后勤", "support"),
)
SEVERAL = re.compile(r"[、,;/\n]+|\s+|和|及")
RANGE = re.compile(r"(.*?)[(\[]?(\d{1,2})[)\]]?班?\s*[-—–~至到]\s*[(\[]?(\d{1,2})[)\]]?班?")
GRADE_ALONE = re.compile(r"(?:[1-9]|[一二三四五六七八九])年级|初[一二三]|小[一二三四五六]")
MAX_CLASSES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A member of staff. `roles` are codes of `ROLES` from post and homeroom; `post` as written."""

    sheet: str
    row: int
    name: str
    name_key: str
    school_code: str
    school_name: str
    staff_number: str | None = None
    id_number: str | None = None
    phone: str | None = None
    post: str | None = None
    roles: tuple[str, ...] = ()
    teaches: tuple[ClassRef, ...] = ()
    homeroom: ClassRef | None = None
    from_date: date | None = None
    term: str | None = None


def read_staff(sheets: Sequence[Sheet], reading: Reading) -> Parsed[StaffRow]:
    """Every visible sheet; a person on several rows has several posts."""
    rows: list[StaffRow] = []
    for sheet in visible(sheets, reading):
        head = sheet.head(LOOK_AT_ROWS)
        heading = find_heading(head, sheet.merged(), COLUMNS)
        if heading is None or not heading.has("name"):
            refuse_headless(sheet, reading, "姓名、学校、职务")
            continue
        table = Table(reading, sheet, heading)
        facts = facts_above(head, heading.row)
        reading.term = reading.term or read_term(facts.get("term") or facts.get("title", ""))
        rows.extend(_rows(table, placing(table, facts)))
        reading.reports.append(table.report("staff"))
    _check_numbers(rows, reading)
    _check_homerooms(rows, reading)
    return reading.parsed(cast(list[object], rows))


def _rows(table: Table, where: Placing) -> Iterator[StaffRow]:
    for raw in table.rows():
        row = _row(table, where, raw)
        if row:
            yield row


def _row(table: Table, where: Placing, raw: RawRow) -> StaffRow | None:
    name = raw.text("name")
    if not name and not raw.bad:
        table.fault(raw, Refusal("name_missing", "没有姓名", "补上姓名", "（空）"), "name")
    school = where.school(raw)
    homeroom = _homeroom(table, where, raw, school)
    teaches = _classes(table, where, raw, school)
    if raw.bad or school is None:
        return None
    post = raw.text("post")
    return StaffRow(
        sheet=raw.sheet,
        row=raw.row,
        name=name,
        name_key=name_key(name),
        school_code=school.code,
        school_name=school.name,
        staff_number=raw.text("staff_number") or None,
        id_number=raw.text("id_number") or None,
        phone=raw.text("phone") or None,
        post=post or None,
        roles=_roles(post, homeroom is not None, bool(teaches)),
        teaches=teaches,
        homeroom=homeroom,
        from_date=cast(date | None, raw.get("from_date")),
        term=raw.text("term") or None,
    )


def _roles(post: str, homeroom: bool, teaches: bool) -> tuple[str, ...]:
    """Role codes in the order of the post's words; a homeroom or classes make a role too."""
    found = [_role(part) for part in SEVERAL.split(tight(post)) if part]
    found += ["homeroom_teacher"] if homeroom else []
    found += ["subject_teacher"] if teaches else []
    return tuple(dict.fromkeys(role for role in found if role))


def _role(text: str) -> str:
    return next((code for word, code in ROLES if word in text), "")


def _homeroom(table: Table, where: Placing, raw: RawRow, school: School | None) -> ClassRef | None:
    """The homeroom; a plain 是 takes the one class taught, 否 is none."""
    text = raw.text("homeroom")
    if text in ("否", "不是", "×", "0"):
        return None
    if text in ("是", "√"):
        classes = _class_list(where, raw.text("teaches"), school)
        if len(classes) == 1 and isinstance(classes[0], ClassRef):
            return classes[0]
        problem = Refusal("homeroom_unclear", "只写了“是”，看不出是哪个班的班主任", "写上班级")
        table.fault(raw, problem, "homeroom", value=text)
        return None
    classes = _class_list(where, text, school)
    if len(classes) > 1:
        table.fault(
            raw,
            Refusal("homeroom_several", "写了几个班，班主任一次只能带一个班", "每个班写一行"),
            "homeroom",
            value=text,
        )
        return None
    return _good(table, raw, "homeroom", classes)[0] if classes else None


def _classes(
    table: Table, where: Placing, raw: RawRow, school: School | None
) -> tuple[ClassRef, ...]:
    return tuple(
        c
        for c in _good(table, raw, "teaches", _class_list(where, raw.text("teaches"), school))
        if c
    )


def _good(
    table: Table, raw: RawRow, field: str, classes: list[ClassRef | Refusal]
) -> list[ClassRef | None]:
    for problem in classes:
        if isinstance(problem, Refusal):
            table.fault(raw, problem, field, value=raw.text(field))
            return [None]
    return [c for c in classes if isinstance(c, ClassRef)]


def _class_list(where: Placing, text: str, school: School | None) -> list[ClassRef | Refusal]:
    """七（1）、七（2）班; 七（1）（2）班; 七1、2班; 七1-3班: the grade carries on."""
    found: list[ClassRef | Refusal] = []
    grade = ""
    joined = re.sub(r"(?<=[)\]])班?(?=[(\[])", "、", tight(text) if "、" in text else text)
    for part in (p for p in SEVERAL.split(joined) if p):
        for piece in _spelled_out(part):
            ref = where.of_text(piece, grade, school or School("", ""))
            if isinstance(ref, ClassRef):
                grade = "一二三四五六七八九"[ref.grade - 1]
            found.append(ref)
    return list(dict.fromkeys(found))[:MAX_CLASSES]


def _spelled_out(part: str) -> list[str]:
    found = RANGE.fullmatch(part)
    if not found or not found[1]:
        return [part]
    first, last = int(found[2]), int(found[3])
    if not first < last <= first + MAX_CLASSES:
        return [part]
    return [f"{found[1]}({n})班" for n in range(first, last + 1)]


def _check_numbers(rows: list[StaffRow], reading: Reading) -> None:
    """One number with two names refuses all rows concerned."""
    for field, label in (("id_number", "身份证件号"), ("staff_number", "工号")):
        groups: dict[tuple[str, str], list[StaffRow]] = {}
        for row in rows:
            number = getattr(row, field)
            if number:
                scope = row.school_code or row.school_name if field == "staff_number" else ""
                groups.setdefault((scope, number), []).append(row)
        for group in groups.values():
            if len({r.name_key for r in group}) > 1:
                _refuse_all(group, reading, field, label)


def _refuse_all(group: list[StaffRow], reading: Reading, field: str, label: str) -> None:
    for row in group:
        others = "、".join(f"“{r.sheet}”第 {r.row} 行" for r in group if r is not row)
        reason = f"与{others}是同一{label}，两个姓名（都不收）"
        problem = Refusal(f"{field}_two_names", reason, "查清是谁的号码", mask(getattr(row, field)))
        reading.fault_in(row.sheet, row.row, field, label, problem)


def _check_homerooms(rows: list[StaffRow], reading: Reading) -> None:
    """Two people for one class from the same day: nobody can tell who answers for it."""
    groups: dict[tuple[object, ...], list[StaffRow]] = {}
    for row in rows:
        if row.homeroom:
            key = (row.school_code, row.school_name, row.homeroom, row.from_date)
            groups.setdefault(key, []).append(row)
    for group in groups.values():
        if len({(r.name_key, r.id_number, r.staff_number) for r in group}) < 2:
            continue
        for row in group:
            label = row.homeroom.label if row.homeroom else ""
            problem = Refusal(
                "homeroom_two_teachers", f"{label}有两个班主任", "只留一个，或写清起始日期", label
            )
            reading.fault_in(row.sheet, row.row, "homeroom", "班主任班级", problem)
