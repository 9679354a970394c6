"""A staff list: people with school, posts, the classes they teach and the one they answer for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from services.enrollment.sheets.cells import tight
from services.enrollment.sheets.heading import LOOK_AT_ROWS, facts_above, find_heading
from services.enrollment.sheets.parsed import ClassRef, Parsed, Refusal
from services.enrollment.sheets.placing import Placing, School, placing, read_term
from services.enrollment.sheets.reading import Reading
from services.enrollment.sheets.roster import refuse_headless, visible
from services.enrollment.sheets.staff_columns import COLUMNS, ROLES
from services.enrollment.sheets.table import RawRow, Table
from services.enrollment.sheets.values import mask, name_key
from services.enrollment.sheets.workbook import Sheet

SEVERAL = re.compile(r"[、,;/\n]+|\s+|和|及")


RANGE = re.compile(r"(.*?)[(\[]?(\d{1,2})[)\]]?班?\s*[-—–~至到]\s*[(\[]?(\d{1,2})[)\]]?班?")


MAX_CLASSES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A member of staff. `roles` are codes of `ROLES` from post and homeroom; `post` as written,
    of which `without_role` are the parts that give no rights.
    """

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
    without_role: tuple[str, ...] = ()
    teaches: tuple[ClassRef, ...] = ()
    homeroom: ClassRef | None = None
    from_date: date | None = None
    term: str | None = None
    township: str | None = None


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
        without_role=tuple(dict.fromkeys(part for part in _posts(post) if not _role(part))),
        teaches=teaches,
        homeroom=homeroom,
        from_date=cast(date | None, raw.get("from_date")),
        term=raw.text("term") or None,
        township=raw.text("township") or None,
    )


def _roles(post: str, homeroom: bool, teaches: bool) -> tuple[str, ...]:
    """Role codes in the order of the post's words; a homeroom or classes make a role too."""
    found = [_role(part) for part in _posts(post)]
    found += ["homeroom_teacher"] if homeroom else []
    found += ["subject_teacher"] if teaches else []
    return tuple(dict.fromkeys(role for role in found if role))


def _posts(post: str) -> list[str]:
    return [part for part in SEVERAL.split(tight(post)) if part]


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
