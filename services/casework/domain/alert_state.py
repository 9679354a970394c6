"""What an alert knows: one class a phase, and the fold of its events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, assert_never
from uuid import UUID

from services.casework.domain.alert_events import (
    AlertEvent,
    AttendanceChanged,
    Cause,
    ObservationLogged,
    ReportOverdue,
    RiskCleared,
    RiskExtended,
    RiskFlagged,
    RiskKind,
    RiskVerified,
)

# Keys kept in the state to tell a repeated entry; older repeats are caught by the command's id.
SEEN_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Unflagged:
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    alert: UUID
    child: UUID
    kind: RiskKind
    last_on: date | None
    days: int
    report_due_at: datetime
    overdue: bool = False
    review: bool = False
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Open):
    case: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared(Open):
    reason: str


Alert: TypeAlias = Unflagged | Open | Verified | Cleared
STATES: dict[str, type] = {
    "unflagged": Unflagged,
    "open": Open,
    "verified": Verified,
    "cleared": Cleared,
}
_CODES = {cls: code for code, cls in STATES.items()}


def phase(alert: Alert) -> str:
    """The stable code of the state, a key of STATES and ALLOWED."""
    return _CODES[type(alert)]


def evolve(alert: Alert, event: AlertEvent) -> Alert:
    """Never refuses: whatever was recorded has happened, whatever the phase."""
    match event:
        case RiskFlagged():
            return _flagged(alert, event) if isinstance(alert, Unflagged) else alert
        case ObservationLogged():
            key = observation_key(event.kind, event.observed_at)
            return replace(alert, seen=_seen(alert, key))
        case RiskExtended(last_on=last_on, days=days):
            return _known(alert, last_on=last_on, days=days)
        case RiskVerified(case=case):
            return _decided(alert, Verified, case=case)
        case RiskCleared(reason=reason):
            return _decided(alert, Cleared, reason=reason)
        case AttendanceChanged():
            key = change_key(event.on, event.was, event.now, event.cause)
            undecided = type(alert) is Open
            return _known(alert, seen=_seen(alert, key), review=undecided)
        case ReportOverdue():
            return _known(alert, overdue=True)
        case _:
            assert_never(event)


def _flagged(alert: Unflagged, event: RiskFlagged) -> Open:
    return Open(
        alert=event.alert,
        child=event.child,
        kind=event.kind,
        last_on=event.last_on,
        days=event.days,
        report_due_at=event.report_due_at,
        seen=alert.seen,
    )


def _known(alert: Alert, **changes: Any) -> Alert:
    return alert if isinstance(alert, Unflagged) else replace(alert, **changes)


def _decided(alert: Alert, into: Callable[..., Alert], **facts: Any) -> Alert:
    """The first decision holds; only an open alert can be decided."""
    if type(alert) is not Open:
        return alert
    return into(
        alert=alert.alert,
        child=alert.child,
        kind=alert.kind,
        last_on=alert.last_on,
        days=alert.days,
        report_due_at=alert.report_due_at,
        overdue=alert.overdue,
        seen=alert.seen,
        **facts,
    )


def _seen(alert: Alert, key: str) -> tuple[str, ...]:
    return (*alert.seen, key)[-SEEN_KEPT:]


def observation_key(kind: str, at: datetime) -> str:
    """What tells one observation from another."""
    return f"observation {kind} {at.astimezone(UTC).isoformat()}"


def change_key(on: date, was: str, now: str, cause: Cause | None) -> str:
    """What tells one correction from another: its cause, else its content."""
    if cause is None:
        return f"attendance {on} {was} {now}"
    return f"attendance {cause.service} {cause.ledger} {cause.seq}"
