"""What people read for books, event types, roles and facets."""

import re
from collections.abc import Mapping
from uuid import UUID

from services.audit.queries.names import Names
from shared.contracts.sentences import SENTENCES
from shared.roles import ROLES
from shared.web.words import Language

BOOKS: Mapping[str, str] = {
    "enrollment": "学籍",
    "casework": "个案",
    "notify": "消息",
    "audit": "审计",
    "access": "查阅",
}
# Types whose sentences begin alike.
TYPES: Mapping[str, str] = {
    "DailyRollSubmitted": "点名表",
    "StudentAbsent": "未到",
    "AbsenceEnded": "到校",
    "AttendanceCorrected": "更正出勤",
    "DropoutReported": "上报",
    "RecordViewed": "查看",
    "RestrictedFieldViewed": "打开",
}
FACETS: Mapping[str, str] = {
    "book": "账",
    "type": "事件",
    "actorrole": "谁（职务）",
    "actor": "谁",
    "township": "乡镇",
    "school": "学校",
    "klass": "班级",
    "child": "学生",
    "stream": "个案",
    "late": "记录得晚",
    "policyversion": "规则版本",
}
STREAMS: Mapping[str, str] = {
    "activity": "工作记录",
    "alert": "预警",
    "attendance": "考勤",
    "body": "小组",
    "calls": "电话",
    "case": "个案",
    "child": "学生",
    "class": "班级",
    "digest": "清单",
    "duty": "任务",
    "inbox": "消息",
    "roll": "点名",
    "staff": "教职工",
    "unit": "单位",
}
_END_OF_NAME = re.compile(r"[：，（{]")


def type_words(type: str) -> str:
    """`casework.HomeVisitLogged` → 家访."""
    name = type.partition(".")[2]
    said = SENTENCES.get(name, (type, type))[0]
    return TYPES.get(name) or _END_OF_NAME.split(said)[0] or type


def role_words(role: str, lang: Language = "zh") -> str:
    """The name of a role; what no person does is the system's."""
    if role not in ROLES:
        return "系统" if lang == "zh" else "system"
    return ROLES[role].zh if lang == "zh" else ROLES[role].en


def actor_words(
    actor: str, role: str, people: Mapping[str, str], lang: Language
) -> tuple[str, str]:
    """Name and role of whoever did it; what no person did is said once."""
    if role not in ROLES:
        return role_words(role, lang), ""
    return people.get(actor, ""), role_words(role, lang)


def facet_words(facet: str, value: str, names: Names, people: Mapping[str, str]) -> str:
    """What stands beside the count of one value."""
    match facet:
        case "book":
            return BOOKS.get(value, value)
        case "type":
            return type_words(value)
        case "actorrole":
            return role_words(value)
        case "late":
            return "补录"
        case "actor" | "child":
            return people.get(value) or ("系统" if value == "system" else value)
        case "stream":
            return short(value)
        case _:
            return names.code(value)


def short(stream: str) -> str:
    """A stream as people read it out: its kind and the end of its id."""
    kind, _, rest = stream.partition("-")
    return f"{STREAMS.get(kind, kind)} {_tail(rest)}"


def _tail(id: str) -> str:
    try:
        return UUID(id).hex[-6:]
    except ValueError:
        return id
