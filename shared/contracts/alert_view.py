"""What a person sees of an alert."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.contracts import casework as c
from shared.contracts.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """`state` is a code of STATE_NAMES; `observations` were logged in the alert's own stream."""

    stream: str
    state: str = "unflagged"
    child: UUID | None = None
    klass: UUID | None = None
    school: str | None = None
    kind: str | None = None
    sign: str | None = None
    first_on: date | None = None
    last_on: date | None = None
    days: int = 0
    rule: str = ""
    calendar: str = ""
    flagged_at: datetime | None = None
    report_due_at: datetime | None = None
    verify_due_at: datetime | None = None
    decided_at: datetime | None = None
    overdue: bool = False
    review: bool = False
    case: UUID | None = None
    reason: str | None = None
    observations: int = 0


def alert_after(view: AlertView, entry: Entry) -> AlertView:
    """The view after one more entry of the alert's stream."""
    data = entry.data
    if isinstance(data, c.ObservationLogged):
        return replace(view, observations=view.observations + 1)
    if view.state == "unflagged":
        return _flagged(view, entry, data) if isinstance(data, c.RiskFlagged) else view
    match data:
        case c.RiskExtended(last_on=last_on, days=days):
            return replace(view, last_on=last_on, days=days)
        case c.RiskVerified(case=case, reason=reason):
            return _decided(view, entry, state="verified", case=case, reason=reason)
        case c.RiskCleared(reason=reason):
            return _decided(view, entry, state="cleared", reason=reason)
        case c.AttendanceChanged():
            return replace(view, review=view.state == "open")
        case c.ReportOverdue():
            return replace(view, overdue=True)
        case _:
            return view


def _flagged(view: AlertView, entry: Entry, flag: c.RiskFlagged) -> AlertView:
    return replace(
        view,
        state="open",
        child=flag.child,
        klass=flag.klass,
        school=flag.school,
        kind=flag.kind,
        sign=flag.sign,
        first_on=flag.first_on,
        last_on=flag.last_on,
        days=flag.days,
        rule=flag.rule,
        calendar=flag.calendar,
        flagged_at=entry.occurred_at,
        report_due_at=flag.report_due_at,
        verify_due_at=flag.verify_due_at,
    )


def _decided(view: AlertView, entry: Entry, **facts: Any) -> AlertView:
    """The first decision holds."""
    if view.state != "open":
        return view
    return replace(view, review=False, decided_at=entry.occurred_at, **facts)
