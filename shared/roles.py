"""The roles as data: what each may do, which classes it may open, for what, and where it finds it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from shared.sealed import CLASSES, SensitivityClass

Right: TypeAlias = Literal[
    "roll.view",  # a class's roll of a day
    "roll.submit",  # take, recall and correct it
    "leave.record",
    "board.view",  # missing rolls, absent, flagged, overdue; names behind each number
    "child.view",
    "child.change",
    "alert.view",
    "alert.decide",  # verify or clear
    "case.view",
    "case.work",  # visits, notices, returns, observation
    "case.close",
    "staff.view",
    "account.manage",  # open, close, new one-time codes
    "unit.manage",
    "calendar.view",
    "calendar.publish",
    "policy.activate",
    "import.run",  # roster, roll, calendar
    "import.staff",
    "inbox.view",
    "search",
    "replay",
    "integrity.view",
    "export.create",
    "county.found",
    "clock.move",
    "system.operate",  # status, parked messages, redrive
    "session.obtain",  # act as an account from the command line; recorded
]
RIGHTS: tuple[Right, ...] = get_args(Right)

Purpose: TypeAlias = Literal[
    "attendance",
    "registry",
    "verification",
    "casework",
    "contact",
    "oversight",
    "inspection",
    "operation",
]
# Purpose: what a person reads in the console when a value is opened, in both languages.
PURPOSES: dict[Purpose, tuple[str, str]] = {
    "attendance": ("点名与考勤", "Attendance"),
    "registry": ("学籍管理", "Enrollment records"),
    "verification": ("核实预警", "Verifying an alert"),
    "casework": ("办理个案", "Working on a case"),
    "contact": ("联系监护人", "Contacting guardians"),
    "oversight": ("督促与统筹", "Oversight"),
    "inspection": ("督导检查", "Inspection"),
    "operation": ("系统运行", "Running the system"),
}

Page: TypeAlias = Literal[
    "today",
    "class",
    "messages",
    "children",
    "cases",
    "documents",
    "import",
    "villages",
    "unsent",
    "duties",
    "search",
    "integrity",
    "accounts",
    "calendar",
    "system",
]
PAGES: dict[Page, tuple[str, str]] = {
    "today": ("今天", "Today"),
    "class": ("班级", "Class"),
    "messages": ("消息", "Messages"),
    "children": ("学生", "Students"),
    "cases": ("个案", "Cases"),
    "documents": ("文书", "Documents"),
    "import": ("导入", "Import"),
    "villages": ("村", "Villages"),
    "unsent": ("待提交", "Not sent"),
    "duties": ("责任", "Duties"),
    "search": ("检索", "Search"),
    "integrity": ("完整性", "Integrity"),
    "accounts": ("账号", "Accounts"),
    "calendar": ("校历", "Calendar"),
    "system": ("系统", "System"),
}

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
    ("roll.view", "board.view", "child.view", "alert.view", "case.view", "calendar.view")
)
_TEACH: frozenset[Right] = frozenset(("roll.view", "roll.submit", "child.view", "inbox.view"))
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
        rights=_with(_READ, "inbox.view", "alert.decide"),
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
            "case.work",
            "staff.view",
            "account.manage",
            "calendar.publish",
            "import.run",
            "import.staff",
            "inbox.view",
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
        rights=_with(_READ, "alert.decide", "case.work", "inbox.view"),
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
            "case.work",
            "case.close",
            "staff.view",
            "account.manage",
            "unit.manage",
            "calendar.publish",
            "import.run",
            "import.staff",
            "inbox.view",
            "search",
            "replay",
            "integrity.view",
            "export.create",
        ),
        classes=frozenset(CLASSES),
        purposes=("oversight", "registry", "verification", "casework", "contact"),
        navigation=(*_COUNTY_PAGES, "accounts", "calendar", "messages"),
    ),
    # Outside the chain: reads, searches, replays, never acts. The secrecy of disability
    # assessments holds against inspectors too.
    "inspector": Role(
        zh="督导",
        en="Inspector",
        scope="division",
        rights=_with(_READ, "search", "replay", "integrity.view", "export.create"),
        classes=frozenset(("identity", "contact", "narrative", "family")),
        purposes=("inspection",),
        navigation=_COUNTY_PAGES,
    ),
    "policy_officer": Role(
        zh="政策管理员",
        en="Policy officer",
        scope="division",
        rights=_with(frozenset(), "calendar.view", "calendar.publish", "policy.activate"),
        classes=frozenset(),
        purposes=("operation",),
        navigation=("today", "calendar"),
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
        ),
        classes=frozenset(),
        purposes=("operation",),
        navigation=("today", "import", "search", "integrity", "accounts", "calendar", "system"),
    ),
}

# Commands that only the chain of duty gives: an inspector or an operator never holds one of them.
CASEWORK_COMMANDS: frozenset[Right] = frozenset(
    ("alert.decide", "case.work", "case.close", "leave.record", "roll.submit", "child.change")
)
