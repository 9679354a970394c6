"""Codes and limits that several aggregates of enrollment share."""

import re
from collections.abc import Mapping
from typing import Literal

from shared.decider import CommandRejected
from shared.sealed import Sealed, SensitivityClass

AbsenceMark = Literal["unexcused", "sick", "personal"]
DayMark = Literal["present", "unexcused", "sick", "personal"]
LeaveKind = Literal["sick", "personal"]
# On whose word a child is one of a group: the school, the village or township, a paper, the roster.
GroupSource = Literal["school", "village", "document", "roster"]
MARK_WORDS = {"present": "到", "unexcused": "旷课", "sick": "病假", "personal": "事假"}

MAX_NAME_CHARACTERS = 100
FIRST_GRADE, LAST_GRADE = 1, 9

# Which key opens which field of a person: the same as the contract says (a test compares them).
CHILD_CLASSES: Mapping[str, SensitivityClass] = {
    "name": "identity",
    "sex": "identity",
    "born": "identity",
    "ethnic": "identity",
    "idtype": "identity",
    "idnumber": "identity",
    "studentnumber": "identity",
    "hukou": "contact",
    "address": "contact",
    "guardian": "contact",
    "guardianrelation": "contact",
    "phone": "contact",
    "guardian2": "contact",
    "phone2": "contact",
    "leftbehind": "family",
    "migrant": "family",
    "orphan": "family",
    "poor": "family",
    "boarding": "family",
    "disability": "health",
}
STAFF_CLASSES: Mapping[str, SensitivityClass] = {
    "name": "identity",
    "idnumber": "identity",
    "phone": "contact",
}

_COUNTY = re.compile(r"\d{6}")
_DIVISION = re.compile(r"\d{6}|\d{9}|\d{12}")
_SCHOOL = re.compile(r"\d{10}")


class NameMissing(CommandRejected):
    code = "name_missing"


class CodeMalformed(CommandRejected):
    code = "code_malformed"


class FieldUnknown(CommandRejected):
    code = "field_unknown"


class FieldMissealed(CommandRejected):
    """A value under another class's key could be opened by the wrong services."""

    code = "field_missealed"


def is_county(code: str) -> bool:
    return _COUNTY.fullmatch(code) is not None


def check_unit_code(kind: str, code: str) -> None:
    """Raises CodeMalformed unless `code` has the length of its kind (GB/T 2260, 学校标识码)."""
    if kind == "school" and _SCHOOL.fullmatch(code) is None:
        raise CodeMalformed(f"学校标识码 {code} 应是 10 位数字。请核对后重填。", field="unit")
    if kind == "division" and _DIVISION.fullmatch(code) is None:
        raise CodeMalformed(f"区划代码 {code} 应是 6、9 或 12 位数字。请核对后重填。", field="unit")


def check_name(name: str, of_what: str) -> None:
    """Raises NameMissing for a blank name or one over 100 characters."""
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
        raise NameMissing(
            f"{of_what}名称不能空，也不能超过 {MAX_NAME_CHARACTERS} 个字。请重填。", field="name"
        )


def check_fields(
    fields: Mapping[str, Sealed | None], classes: Mapping[str, SensitivityClass]
) -> None:
    """Raises FieldUnknown or FieldMissealed: every field known, every value under its own key."""
    for name, value in fields.items():
        if name not in classes:
            raise FieldUnknown(f"没有“{name}”这一项。请去掉后重新提交。", field=name)
        if value is not None and value.cls != classes[name]:
            raise FieldMissealed(f"“{name}”封存的类别不对。请重新填写这一项。", field=name)


def changed_fields(
    wanted: Mapping[str, Sealed | None], held: Mapping[str, Sealed]
) -> dict[str, Sealed | None]:
    """What of `wanted` differs from what is held; None takes a value away."""
    return {name: value for name, value in wanted.items() if held.get(name) != value}


def with_fields(
    held: Mapping[str, Sealed], changes: Mapping[str, Sealed | None]
) -> dict[str, Sealed]:
    """`held` after `changes`."""
    merged = {**held, **changes}
    return {name: value for name, value in merged.items() if value is not None}
