"""A child's story: what a person sees of child, attendance, alerts and cases after some entries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from shared.contracts import notify as n
from shared.contracts.alert_view import AlertView, alert_after
from shared.contracts.attendance_view import NO_ATTENDANCE, AttendanceView, attendance_after
from shared.contracts.case_view import CaseView, case_after, open_steps
from shared.contracts.child_view import NO_CHILD, ChildView, child_after
from shared.contracts.entry import Entry, Ref, recorded_order
from shared.contracts.facts import Fact, alert_facts, attendance_facts, case_facts, child_facts

V = TypeVar("V", AlertView, CaseView)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """A notice about the child in somebody's inbox."""

    notice: UUID
    staff: UUID
    kind: str
    queued_at: datetime
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """`because` names, for each fact (label, stream), the entry that last changed it."""

    child: ChildView
    attendance: AttendanceView
    alerts: tuple[AlertView, ...] = ()
    cases: tuple[CaseView, ...] = ()
    notified: tuple[Notified, ...] = ()
    facts: dict[Fact, object]
    because: dict[Fact, Ref]


NO_STORY = StoryView(child=NO_CHILD, attendance=NO_ATTENDANCE, facts={}, because={})


def story(entries: Iterable[Entry]) -> StoryView:
    """The story that the entries of one child tell, folded in recorded order."""
    view = NO_STORY
    for entry in sorted(entries, key=recorded_order):
        view = story_after(view, entry)
    return view


def story_after(view: StoryView, entry: Entry) -> StoryView:
    """The story after one more entry; an entry that says nothing of a child changes nothing."""
    if entry.service == "notify":
        return replace(view, notified=_notified(view.notified, entry))
    if entry.stream.startswith("alert-"):
        alerts, alert = _in_stream(view.alerts, AlertView(stream=entry.stream), alert_after, entry)
        return _learned(replace(view, alerts=alerts), alert_facts(alert), entry)
    if entry.stream.startswith("case-"):
        cases, case = _in_stream(view.cases, CaseView(stream=entry.stream), case_after, entry)
        return _learned(replace(view, cases=cases), case_facts(case), entry)
    child = child_after(view.child, entry)
    if child is not view.child:
        return _learned(replace(view, child=child), child_facts(child), entry)
    attendance = attendance_after(view.attendance, entry)
    if attendance is view.attendance:
        return view
    facts = attendance_facts(view.attendance, attendance)
    return _learned(replace(view, attendance=attendance), facts, entry)


def _in_stream(
    views: tuple[V, ...], fresh: V, after: Callable[[V, Entry], V], entry: Entry
) -> tuple[tuple[V, ...], V]:
    """The views with the entry's own one folded on, and that one."""
    known = next((view for view in views if view.stream == entry.stream), None)
    if known is None:
        new = after(fresh, entry)
        return (*views, new), new
    new = after(known, entry)
    return tuple(new if view is known else view for view in views), new


def _learned(view: StoryView, facts: dict[Fact, object], entry: Entry) -> StoryView:
    changed = {fact for fact, value in facts.items() if view.facts.get(fact) != value}
    if not changed:
        return view
    because = view.because | dict.fromkeys(changed, entry.ref)
    return replace(view, facts=view.facts | facts, because=because)


def _notified(known: tuple[Notified, ...], entry: Entry) -> tuple[Notified, ...]:
    match entry.data:
        case n.NotificationQueued(notice=notice, staff=staff, kind=kind):
            at = entry.recorded_at
            return (*known, Notified(notice=notice, staff=staff, kind=kind, queued_at=at))
        case n.NotificationRead(notice=notice):
            return tuple(
                replace(one, read_at=entry.recorded_at) if one.notice == notice else one
                for one in known
            )
        case _:
            return known


def as_json(view: StoryView, today: date | None = None) -> dict[str, Any]:
    """The stable shape of a replayed state, only JSON types; sealed values stay sealed.

    `{"child", "attendance", "alerts", "cases": [{"stream", "state", "owner", "opened_at",
    "closed_at", "open_steps"}]}`; with `today` an observation that is over is no open step.
    """
    shape = {
        "child": _child_json(view.child),
        "attendance": _attendance_json(view.attendance),
        "alerts": [_alert_json(alert) for alert in view.alerts if alert.state != "unflagged"],
        "cases": [_case_json(case, today) for case in view.cases if case.state != "unopened"],
    }
    return msgspec.to_builtins(shape, str_keys=True)


def _child_json(child: ChildView) -> dict[str, Any]:
    return {
        "id": child.child,
        "klass": child.klass,
        "school": child.school,
        "seat": child.seat,
        "enrollments": child.enrollments,
        "fields": child.fields,
    }


def _attendance_json(attendance: AttendanceView) -> dict[str, Any]:
    return {
        "marks": dict(sorted(attendance.marks.items())),
        "run": attendance.run,
        "streaks": attendance.streaks,
        "leaves": attendance.leaves,
    }


def _alert_json(alert: AlertView) -> dict[str, Any]:
    named = ("stream", "state", "kind", "sign", "first_on", "last_on", "days", "overdue", "case")
    more = ("flagged_at", "report_due_at", "verify_due_at", "reason", "rule", "calendar")
    return {name: getattr(alert, name) for name in (*named, *more)}


def _case_json(case: CaseView, today: date | None) -> dict[str, Any]:
    named = ("stream", "state", "owner", "opened_at", "closed_at")
    return {name: getattr(case, name) for name in named} | {"open_steps": open_steps(case, today)}
