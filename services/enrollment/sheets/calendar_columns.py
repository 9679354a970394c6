"""The columns that calendars have, and the words for layers and for school days."""

import re

from services.enrollment.sheets import codes, values
from services.enrollment.sheets.cells import Cell, tight
from services.enrollment.sheets.columns import SCHOOL_CODE, SCHOOL_NAME, in_words, named
from services.enrollment.sheets.heading import Column
from services.enrollment.sheets.parsed import Refusal

LAYERS: tuple[tuple[str, str], ...] = (
    ("学校", "school"),
    ("校级", "school"),
    ("本校", "school"),
    ("县", "county"),
    ("区", "county"),
    ("市", "county"),
    ("国家", "national"),
    ("全国", "national"),
    ("法定", "national"),
    ("校", "school"),
)


SCHOOL_DAY = re.compile("^(上课|上学|补课|补班|补上|调课|教学日|工作日|上班|行课|正常)")


NO_SCHOOL = re.compile("不上课|不上学|放假|休息|停课|假期|休假|节假|非教学|不行课|放|休")


def read_school_day(text: str) -> bool | None:
    """是 and 上课 are school days, 否 and 放假 are not. Raises `Refusal`."""
    plain = tight(text)
    if not plain:
        return None
    if NO_SCHOOL.search(plain):
        return False
    return True if SCHOOL_DAY.match(plain) else codes.read_flag(text)


def read_layer(text: str) -> str | None:
    """national, county or school. Raises `Refusal`."""
    plain = tight(text)
    if not plain:
        return None
    found = next((code for word, code in LAYERS if word in plain), None)
    if not found:
        raise Refusal("layer_unknown", "看不出是国家、县还是学校的安排", "写“国家”“县”或“学校”")
    return found


def read_span_text(cell: Cell) -> Cell:
    """Left as it is: the file's date reader takes it apart."""
    return cell


DATE = Column(
    field="date",
    label="日期",
    headings=named(
        "日期 时间 年月日 放假日期 放假时间 日期范围 起止日期 起止时间 调休日期 rq date"
    ),
    read=read_span_text,
)


FROM = Column(
    field="from",
    label="开始日期",
    headings=named("开始日期 起始日期 开始时间 起始时间 从 放假开始日期 起"),
    read=values.read_text,
    dated=True,
)


TO = Column(
    field="to",
    label="结束日期",
    headings=named("结束日期 截止日期 终止日期 结束时间 截止时间 到 放假结束日期 止"),
    read=values.read_text,
    dated=True,
)


LAYER = Column(
    field="layer",
    label="层级",
    headings=named("层级 级别 层次 范围 适用范围 类别 安排层级"),
    read=in_words(read_layer),
    repeats=True,
)


OPEN = Column(
    field="open",
    label="是否上课",
    headings=named(
        "是否上课 上课 是否上学 是否教学日 是否行课 是否放假 放假 安排 状态 类型 是否休息 是否停课"
        " 上课情况"
    ),
    read=values.read_text,
    repeats=True,
)


REASON = Column(
    field="reason",
    label="原因",
    headings=named("原因 说明 备注 事由 节日 节假日 名称 节日名称 放假原因 假期名称"),
    read=values.read_text,
    repeats=True,
)


TERM = Column(
    field="term",
    label="学期",
    headings=named("学期 学年学期 学期名称 学期名 xq"),
    read=values.read_text,
    repeats=True,
)


OPENS = Column(
    field="opens",
    label="开学日期",
    headings=named(
        "开学日期 开学时间 学期开始日期 学期开始 开学 上课日期 正式上课日期 学期起始日期"
    ),
    read=values.read_text,
    dated=True,
)


CLOSES = Column(
    field="closes",
    label="结束日期",
    headings=named(
        "结束日期 学期结束日期 放假日期 学期结束 散学日期 放假时间 结束时间 截止日期 学期终止日期"
        " 期末日期"
    ),
    read=values.read_text,
    dated=True,
)


DAYS = (DATE, FROM, TO, LAYER, OPEN, REASON, SCHOOL_CODE, SCHOOL_NAME)


TERMS = (TERM, OPENS, CLOSES, LAYER, SCHOOL_CODE, SCHOOL_NAME)
