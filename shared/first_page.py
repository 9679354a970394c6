"""The first page of each role: which service answers which part of it."""

from collections.abc import Mapping
from datetime import date

from shared.rights import Viewer
from shared.web.models.today import PartSlot, TodayPage

ROLL = PartSlot(key="roll", what="点名", href="/enrollment/today/roll")
CLASSES = PartSlot(key="classes", what="各班点名", href="/enrollment/today/classes")
MISSING = PartSlot(key="missing", what="还没点名的班", href="/enrollment/today/missing")
UNITS = PartSlot(key="units", what="各单位今天", href="/enrollment/today/units", column="right")
ALERTS = PartSlot(key="alerts", what="新预警", href="/casework/today/alerts")
DUTIES = PartSlot(key="duties", what="要办的事", href="/casework/today/duties")
INBOX = PartSlot(key="inbox", what="消息", href="/notify/today")
LEDGERS = PartSlot(key="ledgers", what="各账", href="/audit/today")

# Widest role first: somebody who holds two sees the wider first page.
ORDER = (
    "inspector",
    "county_officer",
    "township_officer",
    "principal",
    "vice_principal",
    "central_school",
    "registrar",
    "grade_leader",
    "homeroom_teacher",
    "subject_teacher",
    "county_leader",
    "township_leader",
    "first_secretary",
    "village_officer",
    "village_education",
    "village_team",
    "department",
    "school_leader",
    "policy_officer",
    "operator",
)


def _right(slot: PartSlot) -> PartSlot:
    return PartSlot(key=slot.key, what=slot.what, href=slot.href, column="right")


COUNTY = (ALERTS, DUTIES, MISSING, UNITS)
# Those who answer for a part of the work have their own duties, and what they were told.
HELPS = (DUTIES, INBOX)
SCHOOL = (CLASSES, _right(ALERTS), _right(DUTIES), _right(INBOX))
PARTS: Mapping[str, tuple[PartSlot, ...]] = {
    "inspector": (LEDGERS, ALERTS, MISSING, UNITS),
    "county_officer": COUNTY,
    "township_officer": (ALERTS, DUTIES, MISSING, INBOX, UNITS),
    "principal": SCHOOL,
    "vice_principal": SCHOOL,
    "central_school": (DUTIES, ALERTS, INBOX),
    "registrar": (CLASSES, _right(DUTIES), _right(INBOX)),
    "grade_leader": SCHOOL,
    "homeroom_teacher": (ROLL, ALERTS, DUTIES, INBOX),
    "subject_teacher": (ROLL, DUTIES, INBOX),
    "county_leader": HELPS,
    "township_leader": HELPS,
    "first_secretary": HELPS,
    "village_officer": HELPS,
    "village_education": HELPS,
    "village_team": HELPS,
    "department": HELPS,
    "school_leader": HELPS,
    "policy_officer": (),
    "operator": (),
}
WIDE_LEFT = frozenset(("principal", "vice_principal", "registrar", "grade_leader"))


def first_page(viewer: Viewer, today: date, unit: str) -> TodayPage:
    """The parts of the viewer's first page, by the widest role in force."""
    held = {grant.role for grant, _ in viewer.roles(today)}
    role = next((name for name in ORDER if name in held), "operator")
    return TodayPage(
        title="今天",
        unit=unit,
        parts=PARTS[role],
        wide_left=role in WIDE_LEFT,
        sentence=role not in {"operator", "policy_officer"},
    )
