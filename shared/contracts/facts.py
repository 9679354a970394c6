"""The facts of a story that two moments can be compared by."""

from typing import NamedTuple

from shared.contracts.alert_view import AlertView
from shared.contracts.attendance_view import AttendanceView
from shared.contracts.case_view import CaseView, Logged, ReturnNotice
from shared.contracts.child_view import ChildView
from shared.contracts.enrollment import CHILD_FIELDS


class Fact(NamedTuple):
    """What the fact is (a key of FACT_NAMES), and of which alert, case, day or field."""

    label: str
    of: str = ""


def child_facts(child: ChildView) -> dict[Fact, object]:
    """Sealed fields, and where the child sits."""
    seat: dict[Fact, object] = {
        Fact("klass"): child.klass,
        Fact("school"): child.school,
        Fact("seat"): child.seat,
    }
    names = CHILD_FIELDS.keys() | child.fields.keys()
    return seat | {Fact("field", name): child.fields.get(name) for name in sorted(names)}


def attendance_facts(before: AttendanceView, attendance: AttendanceView) -> dict[Fact, object]:
    """The current run, whether it is over the line, and the marks that were not so before."""
    line = attendance.over_the_line
    now: dict[Fact, object] = {
        Fact("run"): attendance.run,
        Fact("line"): line.last_on if line else None,
    }
    new = attendance.marks.items() - before.marks.items()
    return now | {Fact("mark", day.isoformat()): mark for day, mark in new}


def alert_facts(alert: AlertView) -> dict[Fact, object]:
    of = alert.stream
    return {
        Fact("alert", of): alert.state if alert.flagged_at else None,
        Fact("alert_days", of): alert.days or None,
        Fact("alert_overdue", of): alert.overdue or None,
        Fact("alert_review", of): alert.review or None,
    }


def case_facts(case: CaseView) -> dict[Fact, object]:
    of = case.stream
    levels = tuple(report.level for report in case.reports if report.round == case.round)
    return {
        Fact("case", of): case.state if case.opened_at else None,
        Fact("owner", of): case.owner,
        Fact("reported", of): levels or None,
        Fact("causes", of): case.causes or None,
        Fact("confirmed", of): case.confirmed_on,
        Fact("whereabouts", of): "whereabouts_unknown" if case.lost else case.whereabouts,
        Fact("home_visit", of): _latest(case, "home_visit"),
        Fact("heart_talk", of): _latest(case, "heart_talk"),
        Fact("phone", of): _latest(case, "phone"),
        Fact("guardian_contact", of): _latest(case, "guardian_contact"),
        Fact("persuade", of): _latest(case, "persuade"),
        Fact("notice", of): _notice(case),
        Fact("returned", of): case.returned_on,
        Fact("observation_until", of): case.observation_until,
        Fact("observations", of): case.observations or None,
        Fact("case_review", of): case.review or None,
        Fact("close_reason", of): case.close_reason,
    }


def _latest(case: CaseView, kind: str) -> Logged | None:
    """The latest by when it happened: a visit recorded late does not hide a newer one."""
    same = [logged for logged in case.logged if logged.kind == kind]
    return max(same, key=lambda logged: logged.at, default=None)


def _notice(case: CaseView) -> ReturnNotice | None:
    return case.notices[-1] if case.notices else None
