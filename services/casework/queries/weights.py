"""How urgently a child is watched: grade and group weights of the rules in force.

Group tags are sealed; the service opens them for ordering alone and shows none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.casework.queries.boards import Found
from shared.keyring import Keyring
from shared.policy.pack import Pack
from shared.sealed import SealError, SensitivityClass, open_sealed

# The child's field → the group's code in the rules, and the class that opens the field.
GROUPS: dict[str, tuple[str, SensitivityClass]] = {
    "poor": ("poor", "family"),
    "leftbehind": ("left_behind", "family"),
    "orphan": ("orphan", "family"),
    "migrant": ("migrant", "family"),
    "disability": ("disabled", "health"),
}
NONE_OF_IT = frozenset(("", "0", "00", "否", "无", "不是", "非留守", "非留守儿童", "普通"))
PURPOSE = "monitoring"


@dataclass(frozen=True, slots=True)
class Watch:
    """`weight` orders lists, `every_days` is how often the child is looked at."""

    weight: int
    every_days: int


async def watches(keyring: Keyring, pack: Pack, rows: Sequence[Found[Any]]) -> dict[str, Watch]:
    """Of each child by subject, with one call for keys of each class."""
    groups = await _groups(keyring, rows)
    return {row.subject: watch(pack, row.grade or 0, groups[row.subject]) for row in rows}


def watch(pack: Pack, grade: int, groups: frozenset[str]) -> Watch:
    risk = pack.values.risk
    weight = risk.grade_weights.get(grade, 0)
    weight += sum(risk.group_weights.get(group, 0) for group in groups)
    return Watch(weight, pack.values.monitoring.days_for(grade, bool(groups)))


async def _groups(keyring: Keyring, rows: Sequence[Found[Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {row.subject: set() for row in rows}
    for cls in ("family", "health"):
        tagged = [(row, name) for row in rows for name in GROUPS if _is(row, name, cls)]
        if not tagged:
            continue
        keys = await keyring.keys_for({row.subject for row, _ in tagged}, PURPOSE, [cls])
        for row, name in tagged:
            key, value = keys.get((row.subject, cls)), row.sealed(name)
            if isinstance(key, bytes) and value and _holds(value, row.subject, name, key):
                found[row.subject].add(GROUPS[name][0])
    return {subject: frozenset(groups) for subject, groups in found.items()}


def _is(row: Found[Any], name: str, cls: str) -> bool:
    return GROUPS[name][1] == cls and bool(row.fields.get(name))


def _holds(value: Any, subject: str, name: str, key: bytes) -> bool:
    try:
        return open_sealed(value, subject, name, key).strip() not in NONE_OF_IT
    except SealError:
        return False
