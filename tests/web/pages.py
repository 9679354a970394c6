"""Every page and part of the gallery: its template and the function that makes its context."""

from collections.abc import Callable
from typing import Any

from shared.web.models.layout import Link
from tests.web import examples as ex
from tests.web import examples_case as cases
from tests.web import examples_office as office
from tests.web import examples_sheet as sheets
from tests.web import examples_system as systems
from tests.web import examples_today as today

Maker = Callable[[], dict[str, Any]]


def _with(
    make: Callable[[], object], role: str = "county", active: str = "today", **more: Any
) -> Maker:
    return lambda: {"layout": ex.layout(role, active, **more), "page": make()}


def _outside(make: Callable[[], object], **more: Any) -> Maker:
    """A page before anybody has signed in."""
    frame = {"viewer_name": "", "items": (), "search": None, "sign_out": None} | more
    return _with(make, **frame)


def _tampered() -> Link:
    return Link(text="个案账第 918 条与封存时不一样。看怎么办。", href="/page/inspector")


PAGES: dict[str, tuple[str, Maker]] = {
    "roll": ("roll.html", _with(ex.roll, "teacher", here="/page/roll")),
    "roll-sent": ("roll_sent.html", _with(ex.roll_sent, "teacher", here="/page/roll-sent")),
    "teacher": ("today.html", _with(today.teacher_today, "teacher", here="/page/teacher")),
    "principal": ("today.html", _with(today.principal_today, "principal", demo=ex.demo())),
    "township": ("today.html", _with(today.township_today, "township")),
    "county": ("today.html", _with(today.county_today, here="/page/county")),
    "county-broken": ("today.html", _with(lambda: today.county_today(broken=True))),
    "inspector": ("today.html", _with(today.inspector_today, "inspector", tampered=_tampered())),
    "inbox": ("inbox.html", _with(today.inbox_page, "teacher", "inbox")),
    "child": ("child.html", _with(cases.child, active="students", here="/page/child")),
    "case": ("case.html", _with(cases.case, active="cases", here="/page/case")),
    "case-read-only": ("case.html", _with(cases.case, "inspector", "cases")),
    "case-proof": ("case.html", _with(lambda: cases.case(detail=True), active="cases")),
    "alerts": ("alerts.html", _with(cases.alerts_page, active="cases")),
    "cases": ("cases.html", _with(cases.cases_page, active="cases")),
    "search": ("search.html", _with(cases.search, "inspector", "search")),
    "form-visit": ("form.html", _with(cases.visit_form, "township")),
    "form-fault": ("form.html", _with(lambda: cases.visit_form(error=True), "township")),
    "form-call": ("form.html", _with(cases.call_form, "teacher")),
    "form-report": ("form.html", _with(cases.report_form, "principal", here="/page/form-report")),
    "form-export": ("form.html", _with(cases.export_form, "inspector")),
    "form-evidence": ("form.html", _with(cases.evidence_form, "township")),
    "unsent": ("unsent.html", _with(lambda: None, "township", "unsent")),
    "import": ("import.html", _with(office.import_check, "principal", "import")),
    "import-clean": ("import.html", _with(lambda: office.import_check(clean=True), "principal")),
    "import-upload": ("import.html", _with(office.import_upload, "principal", "import")),
    "import-progress": ("import.html", _with(office.import_progress, "principal", "import")),
    "import-done": ("import.html", _with(office.import_done, "principal", "import")),
    "integrity": ("integrity.html", _with(office.integrity, "county", "integrity")),
    "integrity-waiting": (
        "integrity.html",
        _with(office.integrity_waiting, "county", "integrity"),
    ),
    "integrity-tampered": (
        "integrity.html",
        _with(lambda: office.integrity(tampered=True), "county", "integrity"),
    ),
    "sign-in": ("sign_in.html", _outside(office.sign_in, demo=ex.demo())),
    "sign-in-once": ("sign_in.html", _outside(
            lambda: office.sign_in("once", "登录码不对或已经用过。请学校重印一张。")
        )),
    "sign-in-set": ("sign_in.html", _outside(lambda: office.sign_in("set"))),
    "founding": ("founding.html", _outside(office.founding)),
    "accounts": ("accounts.html", _with(office.accounts, "principal")),
    "codes": ("codes.html", _with(office.codes, "principal")),
    "calendar": ("calendar.html", _with(office.calendar, "principal")),
    "names": ("names.html", _with(office.names, "principal", "students")),
    "system": ("system.html", _with(systems.system, active="system")),
    "system-trouble": ("system.html", _with(lambda: systems.system(trouble=True))),
    "assignment-sheet": ("assignment_sheet.html", _with(sheets.assignment_sheet, active="duties")),
    "refusal": ("refusal.html", _with(office.refusal, "teacher")),
}  # fmt: skip
PARTS: dict[str, tuple[str, Callable[[], object]]] = {
    "roll-duty": ("parts/roll_duty.html", today.roll_duty),
    "duties": ("parts/duties.html", today.duties),
    "duties-school": ("parts/duties.html", today.duties_school),
    "overdue": ("parts/duties.html", today.overdue),
    "overdue-many": ("parts/duties.html", today.overdue_many),
    "alert": ("parts/alerts.html", today.alert),
    "alerts": ("parts/alerts.html", today.alerts),
    "alerts-seen": ("parts/alerts.html", today.alerts_seen),
    "classes": ("parts/classes.html", today.classes),
    "missing": ("parts/missing.html", today.missing),
    "units": ("parts/units.html", today.units),
    "ledgers": ("parts/ledgers.html", today.ledgers),
    "inbox": ("parts/inbox.html", today.inbox),
}
