"""The roles as data: what each may do, which classes it may open, for what, and its pages."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.access_words import Page, Purpose, Right
from shared.sealed import CLASSES, SensitivityClass

# The unit that a role is granted on. A grade has no unit of its own: its leader holds the school.
Scope: TypeAlias = Literal["class", "school", "division", "deployment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`classes`: what it may open at all; `navigation`: its pages in the console, in order."""

    zh: str
    en: str
    scope: Scope
    rights: frozenset[Right]
    classes: frozenset[SensitivityClass]
    purposes: tuple[Purpose, ...]
    navigation: tuple[Page, ...]


def _with(rights: frozenset[Right], *more: Right) -> frozenset[Right]:
    return rights | frozenset(more)


_READ: frozenset[Right] = frozenset(
    (
        "roll.view",
        "board.view",
        "child.view",
        "alert.view",
        "case.view",
        "calendar.view",
        "duty.view",
        "responsibility.view",
        "policy.view",
    )
)
_TEACH: frozenset[Right] = frozenset(
    ("roll.view", "roll.submit", "child.view", "inbox.view", "duty.view")
)
_WORKING: tuple[Right, ...] = (
    "alert.decide",
    "case.work",
    "inbox.view",
    "remind",
    "activity.record",
    "document.publish",
    "responsibility.assign",
)
_COUNTY_PAGES: tuple[Page, ...] = (
    "today",
    "children",
    "cases",
    "duties",
    "documents",
    "search",
    "import",
    "integrity",
)


def _helper(zh: str, en: str, scope: Scope, *more: Right) -> Role:
    """One who answers for a part of the work: told by name, without the files."""
    return Role(
        zh=zh,
        en=en,
        scope=scope,
        rights=_with(frozenset(("board.view", "inbox.view", "calendar.view", "duty.view")), *more),
        classes=frozenset(("identity",)),
        purposes=("oversight",),
        navigation=("today", "duties", "messages"),
    )


ROLES: dict[str, Role] = {
    "homeroom_teacher": Role(
        zh="班主任",
        en="Homeroom teacher",
        scope="class",
        rights=_with(
            _TEACH,
            "leave.record",
            "alert.view",
            "alert.decide",
            "case.view",
            "case.work",
            "activity.record",
            "calendar.view",
        ),
        classes=frozenset(CLASSES),
        purposes=("attendance", "contact", "verification", "casework"),
        navigation=("today", "class", "messages"),
    ),
    "subject_teacher": Role(
        zh="任课教师",
        en="Subject teacher",
        scope="class",
        rights=_with(_TEACH, "calendar.view"),
        classes=frozenset(("identity",)),
        purposes=("attendance",),
        navigation=("today", "class", "messages"),
    ),
    "grade_leader": Role(
        zh="年级组长",
        en="Grade leader",
        scope="school",
        rights=_with(_READ, "inbox.view", "alert.decide", "activity.record", "remind"),
        classes=frozenset(("identity", "contact", "narrative")),
        purposes=("verification", "casework", "contact"),
        navigation=("today", "class", "children", "cases", "messages"),
    ),
    "principal": Role(
        zh="校长",
        en="Principal",
        scope="school",
        rights=_with(
            _READ,
            "roll.submit",
            "leave.record",
            "child.change",
            "alert.decide",
            "responsibility.assign",
            "case.work",
            "activity.record",
            "document.publish",
            "staff.view",
            "account.manage",
            "calendar.publish",
            "import.run",
            "import.staff",
            "inbox.view",
            "remind",
            "export.create",
        ),
        classes=frozenset(CLASSES),
        purposes=("oversight", "verification", "casework", "contact", "registry"),
        navigation=(
            "today",
            "class",
            "children",
            "cases",
            "documents",
            "import",
            "accounts",
            "calendar",
            "messages",
        ),
    ),
    "registrar": Role(
        zh="学籍管理员",
        en="Registrar",
        scope="school",
        rights=_with(
            frozenset(),
            "roll.view",
            "roll.submit",
            "leave.record",
            "board.view",
            "child.view",
            "child.change",
            "staff.view",
            "account.manage",
            "calendar.view",
            "import.run",
            "import.staff",
            "inbox.view",
            "duty.view",
            "activity.record",
            "remind",
        ),
        # The registry's form holds all of these; visits and talks are none of its business.
        classes=frozenset(("identity", "contact", "health", "family")),
        purposes=("registry", "attendance"),
        navigation=("today", "class", "children", "import", "accounts", "calendar", "messages"),
    ),
    "township_officer": Role(
        zh="乡镇工作人员",
        en="Township officer",
        scope="division",
        rights=_with(_READ, *_WORKING),
        classes=frozenset(("identity", "contact", "narrative", "family")),
        purposes=("casework", "verification", "contact", "oversight"),
        navigation=("today", "villages", "cases", "unsent", "messages"),
    ),
    "county_officer": Role(
        zh="县教育局工作人员",
        en="County officer",
        scope="division",
        rights=_with(
            _READ,
            "child.change",
            "leave.record",
            "roll.submit",
            "alert.decide",
            "responsibility.assign",
            "case.work",
            "activity.record",
            "document.publish",
            "case.close",
            "staff.view",
            "account.manage",
            "unit.manage",
            "calendar.publish",
            "import.run",
            "import.staff",
            "inbox.view",
            "remind",
            "search",
            "replay",
            "integrity.view",
            "export.create",
        ),
        classes=frozenset(CLASSES),
        purposes=("oversight", "registry", "verification", "casework", "contact"),
        navigation=(*_COUNTY_PAGES, "policy", "accounts", "calendar", "messages"),
    ),
    # 副组长：主任。Sees all classes of the school.
    "vice_principal": Role(
        zh="副校长（主任）",
        en="Vice principal",
        scope="school",
        rights=_with(_READ, "leave.record", *_WORKING),
        classes=frozenset(("identity", "contact", "narrative", "family")),
        purposes=("oversight", "verification", "casework", "contact"),
        navigation=("today", "class", "children", "cases", "messages"),
    ),
    "school_leader": _helper("班子成员", "School leadership member", "school"),
    "central_school": Role(
        zh="中心学校人员",
        en="Central school officer",
        scope="division",
        rights=_with(_READ, "inbox.view", "activity.record", "document.publish"),
        classes=frozenset(("identity", "contact", "narrative")),
        purposes=("oversight", "contact"),
        navigation=("today", "children", "cases", "messages"),
    ),
    "township_leader": _helper(
        "乡镇（街道）领导", "Township leader", "division", "activity.record"
    ),
    "first_secretary": _helper("乡镇第一书记", "First secretary", "division", "activity.record"),
    "village_officer": _helper("村两委", "Village committee", "division", "activity.record"),
    "village_education": _helper(
        "村委教育组织", "Village education group", "division", "activity.record"
    ),
    "village_team": _helper("驻村工作队", "Village work team", "division", "activity.record"),
    "department": _helper("相关部门", "Department", "division"),
    "county_leader": _helper("县领导", "County leader", "division"),
    # Outside the chain: reads, searches, replays, never acts. The secrecy of disability
    # assessments holds against inspectors too.
    "inspector": Role(
        zh="督导",
        en="Inspector",
        scope="division",
        rights=_with(_READ, "search", "replay", "integrity.view", "export.create"),
        classes=frozenset(("identity", "contact", "narrative", "family")),
        purposes=("inspection",),
        navigation=(*_COUNTY_PAGES, "policy"),
    ),
    "policy_officer": Role(
        zh="政策管理员",
        en="Policy officer",
        scope="division",
        rights=_with(
            frozenset(),
            "calendar.view",
            "calendar.publish",
            "policy.view",
            "policy.activate",
            "document.publish",
            "duty.view",
        ),
        classes=frozenset(),
        purposes=("operation",),
        navigation=("today", "policy", "duties", "calendar"),
    ),
    # Runs the machine and brings files in, and opens nothing: what it finds stays masked.
    "operator": Role(
        zh="系统管理员",
        en="Operator",
        scope="deployment",
        rights=_with(
            frozenset(),
            "county.found",
            "unit.manage",
            "account.manage",
            "import.run",
            "import.staff",
            "calendar.publish",
            "calendar.view",
            "search",
            "replay",
            "integrity.view",
            "clock.move",
            "system.operate",
            "session.obtain",
            "duty.view",
            "responsibility.view",
            "policy.view",
        ),
        classes=frozenset(),
        purposes=("operation",),
        navigation=(
            "today",
            "import",
            "search",
            "integrity",
            "accounts",
            "calendar",
            "policy",
            "system",
        ),
    ),
}

# Commands that only the chain of duty gives: an inspector or an operator never holds one of them.
CASEWORK_COMMANDS: frozenset[Right] = frozenset(
    ("alert.decide", "case.work", "case.close", "leave.record", "roll.submit", "child.change")
)
