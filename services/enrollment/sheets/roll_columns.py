"""The columns that rolls have."""

import re

from services.enrollment.sheets import values
from services.enrollment.sheets.cells import Cell
from services.enrollment.sheets.columns import (
    CLASS,
    GRADE,
    ID_NUMBER,
    NAME,
    SCHOOL_CODE,
    SCHOOL_NAME,
    STUDENT_NUMBER,
    named,
)
from services.enrollment.sheets.heading import (
    Column,
)
from services.enrollment.sheets.marks import Mark
from services.enrollment.sheets.parsed import Refusal

MAX_CLASS_SIZE = 300


def read_count(cell: Cell) -> int | None:
    """A number of children; 45人 too. Raises `Refusal`."""
    text = values.plain(cell).removesuffix("人").removesuffix("名")
    if not text:
        return None
    if not text.isdecimal() or int(text) > MAX_CLASS_SIZE:
        raise Refusal("count_unreadable", "看不出是几人", "只写人数")
    return int(text)


def _count(field: str, label: str, names: str) -> Column:
    return Column(field=field, label=label, headings=named(names), read=read_count, repeats=True)


def _absent(field: str, label: str, names: str, pattern: str) -> Column:
    return Column(
        field=field,
        label=label,
        headings=named(names),
        pattern=re.compile(pattern),
        read=values.read_text,
        personal=True,
    )


DATE = Column(
    field="date",
    label="日期",
    headings=named("日期 考勤日期 点名日期 缺勤日期 时间 年月日 上课日期 rq date"),
    read=values.read_text,
    dated=True,
    repeats=True,
)


MARK = Column(
    field="mark",
    label="考勤",
    headings=named(
        "考勤 考勤情况 出勤 出勤情况 考勤状态 出勤状态 状态 到校情况 是否到校 是否出勤 标记"
        " 考勤结果"
        " 点名 点名结果 到课情况 考勤标记 情况 类型 考勤类型 是否缺勤 是否到课 是否未到"
    ),
    read=values.read_text,
    repeats=True,
)


REASON = Column(
    field="reason",
    label="原因",
    headings=named("原因 缺勤原因 请假原因 未到原因 缺课原因 请假类型 缺勤类型 事由 备注 说明"),
    read=values.read_text,
    repeats=True,
)


EXPECTED = _count(
    "expected", "应到", "应到 应到人数 应到数 应出勤 应出勤人数 应到学生数 全班人数 总人数 班级人数"
)


PRESENT = _count(
    "present", "实到", "实到 实到人数 实到数 实出勤 实际到校 出勤人数 到校人数 实到学生数 实际人数"
)


ABSENT = _absent(
    "absent",
    "缺勤学生",
    "缺勤学生 缺勤名单 缺勤学生姓名 未到学生 未到学生姓名 缺勤 未到 未到名单 缺课学生 缺席学生"
    " 缺席名单"
    " 请假学生 未到校学生 未到校名单 缺勤学生名单 缺勤人员 缺勤人员名单 未到人员 请假名单 缺课名单"
    " 未到校学生姓名 缺席 姓名 学生姓名",
    "(缺勤|未到|缺席|缺课|未到校).{0,4}(名单|姓名|学生|人员)",
)


SICK = _absent("sick", "病假", "病假 病假学生 病假名单 病假学生姓名 因病", "^病假")


PERSONAL = _absent("personal", "事假", "事假 事假学生 事假名单 事假学生姓名 因事", "^事假")


UNEXCUSED = _absent(
    "unexcused", "旷课", "旷课 旷课学生 旷课名单 旷课学生姓名 无故缺勤 无故未到 旷", "^(旷课|无故)"
)


PLACE = (GRADE, CLASS, SCHOOL_CODE, SCHOOL_NAME)


BY_CHILD = (NAME, DATE, MARK, REASON, ID_NUMBER, STUDENT_NUMBER, EXPECTED, *PLACE)


BY_CLASS = (DATE, EXPECTED, PRESENT, ABSENT, REASON, SICK, PERSONAL, UNEXCUSED, *PLACE)


IN_GRID = (NAME, ID_NUMBER, STUDENT_NUMBER, *PLACE)


LISTS = (
    ("absent", Mark.UNEXCUSED),
    ("sick", Mark.SICK),
    ("personal", Mark.PERSONAL),
    ("unexcused", Mark.UNEXCUSED),
)
