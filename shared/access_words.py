"""The words of access: rights, purposes and pages, with what people read for them."""

from typing import Literal, TypeAlias, get_args

Right: TypeAlias = Literal[
    "roll.view",  # a class's roll of a day
    "roll.submit",  # take, recall and correct it
    "leave.record",
    "board.view",  # missing rolls, absent, flagged, overdue; names behind each number
    "child.view",
    "child.change",
    "child.visit",  # log a visit to a child who has no case
    "alert.view",
    "alert.decide",  # verify or clear
    "case.view",
    "case.work",  # visits, notices, returns, observation
    "case.close",
    "remind",  # a notice to whoever owes a roll, an alert, a case
    "staff.view",
    "account.manage",  # open, close, new one-time codes
    "unit.manage",
    "calendar.view",
    "calendar.publish",
    "policy.view",  # packs, their sources, what one would change
    "policy.activate",
    "document.publish",  # policy documents, the duty matrix
    "duty.view",  # who must do what by when
    "responsibility.view",  # who answers for whom, holes and overlaps
    "responsibility.assign",
    "activity.record",  # meetings, plans, self-checks and the like of one's unit
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
    "policy",
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
    "policy": ("规则", "Rules"),
    "search": ("检索", "Search"),
    "integrity": ("完整性", "Integrity"),
    "accounts": ("账号", "Accounts"),
    "calendar": ("校历", "Calendar"),
    "system": ("系统", "System"),
}
