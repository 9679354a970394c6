"""What a field is called on the pages, and what a right value of it looks like."""

from collections.abc import Iterable, Mapping

# Of forms and of addresses; a name that is not here is told as it stands.
NAMES: Mapping[str, str] = {
    "account": "账号",
    "alert": "预警",
    "asked_at": "什么时候问的",
    "at": "时间",
    "attempted_at": "劝返时间",
    "before": "翻到哪里",
    "called_at": "通话时间",
    "case": "个案",
    "cause": "原因",
    "causes": "原因",
    "channel": "怎样联系",
    "child": "孩子",
    "command_id": "这次提交的编号",
    "contacted_at": "联系时间",
    "day": "日期",
    "disposition": "电话结果",
    "done_on": "哪天办的",
    "duty": "任务",
    "ends_on": "结束日期",
    "evidence": "依据",
    "first_on": "第一天",
    "from": "从哪天起",
    "grade": "年级",
    "happened": "发生时间",
    "holder": "由谁负责",
    "id": "编号",
    "issued_on": "发出日期",
    "kind": "种类",
    "klass": "班级",
    "known": "记录时间",
    "last": "最后一天",
    "last_on": "最后一天",
    "leave_on": "离开日期",
    "level": "报到哪一级",
    "met": "见到谁",
    "method": "怎样送达",
    "methods": "用了什么办法",
    "minutes": "分钟",
    "month": "月份",
    "next_attempt_on": "下次哪天",
    "notes": "说明",
    "number": "文号",
    "observed_at": "观察时间",
    "on": "日期",
    "opens_on": "开始日期",
    "outcome": "结果",
    "owner": "负责人",
    "page": "页码",
    "part": "哪一份",
    "purpose": "用途",
    "reason": "原因",
    "receiver": "谁签收",
    "return_by": "返校期限",
    "role": "职务",
    "scheme": "责任制",
    "seat": "座号",
    "seq": "第几条",
    "served_on": "送达日期",
    "since": "从哪天起",
    "staff": "教职工",
    "state": "状态",
    "talked_at": "谈话时间",
    "target": "对象",
    "term": "学期",
    "tier": "哪一层",
    "to": "到哪天",
    "unit": "单位",
    "until": "到哪天",
    "valid_from": "从哪天起",
    "valid_to": "到哪天",
    "visited_at": "到访时间",
    "whereabouts": "去向",
    "with_whom": "和谁谈",
    "year": "年份",
}
DAY, MOMENT = "要写成 2026-11-18 这样", "要写成 2026-11-18 08:00 这样"
YEARS, LARGE = "的年份要在 1900 到 2100 之间", "太大"
RECORD, COUNT, CHOICE = "要从页面里的链接打开", "要写一个整数", "要从列出的里面选一项"
# By the beginning of what the reader of fields or of addresses complains of; the first that fits.
RIGHT: tuple[tuple[str, str], ...] = (
    ("Object missing required field", "不能空着"),
    ("Field required", "不能空着"),
    ("Invalid RFC3339 encoded datetime", MOMENT),
    ("Invalid RFC3339 encoded date", DAY),
    ("Expected `datetime", MOMENT),
    ("Expected `date", DAY),
    ("Input should be a valid datetime", MOMENT),
    ("Input should be a valid date", DAY),
    ("Datetimes provided to dates", DAY),
    ("Input should be greater than or equal to 1900-", YEARS),
    ("Input should be less than or equal to 2100-", YEARS),
    ("Input should be greater", "太小"),
    ("Input should be less", LARGE),
    ("Invalid UUID", RECORD),
    ("Expected `uuid", RECORD),
    ("Input should be a valid UUID", RECORD),
    ("Input should be a valid integer", COUNT),
    ("Expected `int", COUNT),
    ("Input should be a valid boolean", "要写 true 或 false"),
    ("Expected `bool", CHOICE),
    ("Invalid enum value", CHOICE),
    ("Input should be '", CHOICE),
    ("String should match pattern '^(19|20)", "要写成 2026-11 这样"),
)
OTHERWISE = "要照页面上的样子填"


def name_of(field: str) -> str:
    """The last part of a path such as `rows.0.since`, as the pages call it."""
    return NAMES.get(field.rpartition(".")[2], field)


def mend(reason: str) -> str:
    """What a right value looks like, from what a reader of fields complains of or from itself."""
    if reason in (DAY, MOMENT, COUNT, YEARS, LARGE):
        return reason
    return next((say for begin, say in RIGHT if reason.startswith(begin)), OTHERWISE)


def wrong_field(field: str, reason: str) -> str:
    """One field of a form, with what to do."""
    return f"填得不对：{name_of(field)}{mend(reason)}。改好后再提交。"


def wrong_address(faults: Iterable[tuple[str, str]]) -> str:
    """What an address asks for that no page can answer, from (parameter, reason)."""
    told = "；".join(f"{name_of(field)}{mend(reason)}" for field, reason in faults)
    return f"地址里填得不对：{told}。"
