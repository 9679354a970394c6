"""What a case knows: one class a phase, the fold of its events, and what remains to be done."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, assert_never
from uuid import UUID

from services.casework.domain.alert_events import AttendanceChanged, ObservationLogged
from services.casework.domain.alert_state import change_key, observation_key
from services.casework.domain.case_events import (
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
    CauseRecorded,
    DropoutConfirmed,
    DropoutReported,
    GuardianContactLogged,
    HeartTalkLogged,
    HomeVisitLogged,
    Logged,
    PersuasionAttempted,
    PhoneFollowUpLogged,
    Reinstated,
    RelapseDetected,
    ReturnNoticeRecorded,
    WhereaboutsReported,
    WhereaboutsUnknown,
)
from shared.sealed import Sealed

# Keys kept in the state to tell a repeated entry; older repeats are caught by the command's id.
SEEN_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A return notice; `round` counts relapses and reopenings, each needs a notice of its own."""

    number: str
    issued_on: date
    return_by: date
    served_on: date | None
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """What every phase of an opened case knows. `done`: kinds of entries of this round."""

    case: UUID
    child: UUID
    owner: UUID | None = None
    owner_role: str | None = None
    causes: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    whereabouts: str | None = None
    lost: bool = False
    confirmed_on: date | None = None
    confirmed_cause: str | None = None
    review: bool = False
    round: int = 1
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspected(Working):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Working):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing(Working):
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Observing(Working):
    until: date
    needed: int
    observed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Working):
    reason: str


Case: TypeAlias = Unopened | Working
STATES: dict[str, type] = {
    "unopened": Unopened,
    "suspected": Suspected,
    "confirmed": Confirmed,
    "tracing": Tracing,
    "observing": Observing,
    "closed": Closed,
}
_CODES = {cls: code for code, cls in STATES.items()}
# A child that is found at school leaves nothing to trace or to look through again.
_BACK: dict[str, Any] = {"lost": False, "review": False}
_KEPT = tuple(field.name for field in fields(Working))


def phase(case: Case) -> str:
    """The stable code of the state, a key of STATES and ALLOWED."""
    return _CODES[type(case)]


def evolve(case: Case, event: CaseEvent) -> Case:
    """Never refuses: whatever was recorded has happened, whatever the phase."""
    if isinstance(case, Unopened):
        if isinstance(event, CaseOpened):
            return Suspected(case=event.case, child=event.child)
        return case
    match event:
        case CaseOpened():
            return case
        case CaseAssigned(owner=owner, role=role):
            return replace(case, owner=owner, owner_role=role)
        case DropoutReported(level=level, to_unit=to_unit):
            return replace(case, reported=(*case.reported, f"{level} {to_unit}"))
        case CauseRecorded(causes=causes):
            return replace(case, causes=tuple(causes))
        case ReturnNoticeRecorded():
            return replace(case, notices=_with_notice(case, event))
        case AttendanceChanged() | ObservationLogged():
            return _noted(case, event)
        case (
            HomeVisitLogged()
            | PhoneFollowUpLogged()
            | HeartTalkLogged()
            | GuardianContactLogged()
            | PersuasionAttempted()
        ):
            return _logged(case, event)
        case _:
            return _moved(case, event)


Moving: TypeAlias = (
    DropoutConfirmed
    | WhereaboutsUnknown
    | WhereaboutsReported
    | Reinstated
    | RelapseDetected
    | CaseClosed
    | CaseReopened
)


def _moved(case: Working, event: Moving) -> Working:
    """Events that change the phase; a closed case is only moved by being reopened."""
    if isinstance(event, CaseReopened):
        return _new_round(case) if isinstance(case, Closed) else case
    if isinstance(case, Closed):
        return case
    match event:
        case DropoutConfirmed(on=on, cause=cause):
            return _into(Confirmed, case, confirmed_on=on, confirmed_cause=cause, review=False)
        case WhereaboutsUnknown(since=since):
            again = _new_round(case) if isinstance(case, Observing) else case
            return _into(Tracing, again, since=since, whereabouts=None, lost=True)
        case WhereaboutsReported():
            return _found(case, event)
        case Reinstated(observe_until=until, observations_needed=needed):
            return _into(Observing, case, until=until, needed=needed, **_BACK)
        case RelapseDetected():
            return _new_round(case)
        case CaseClosed(reason=reason):
            return _into(Closed, case, reason=reason, review=False)
        case _:
            assert_never(event)


def _into(phase: type[Working], case: Working, **facts: Any) -> Working:
    kept = {name: getattr(case, name) for name in _KEPT}
    return phase(**(kept | facts))


def _new_round(case: Working) -> Working:
    """The child is away again: what was done before does not count for this time."""
    return _into(
        Suspected,
        case,
        reported=(),
        done=(),
        whereabouts=None,
        confirmed_on=None,
        confirmed_cause=None,
        **_BACK,
        round=case.round + 1,
    )


def _found(case: Working, event: WhereaboutsReported) -> Working:
    known = seen(case, whereabouts_key(event.whereabouts, event.note))
    here = replace(case, whereabouts=event.whereabouts, lost=False, seen=known)
    if not isinstance(case, Tracing):
        return here
    return _into(Confirmed if case.confirmed_on else Suspected, here)


def whereabouts_key(whereabouts: str, note: Sealed | None) -> str:
    """What tells one report from another: a note is sealed with a salt of its own."""
    return f"whereabouts {whereabouts} {note.commit if note else ''}"


def _noted(case: Working, event: AttendanceChanged | ObservationLogged) -> Working:
    if isinstance(event, AttendanceChanged):
        away = isinstance(case, Suspected | Confirmed | Tracing)
        key = change_key(event.on, event.was, event.now, event.cause)
        return replace(case, seen=seen(case, key), review=away or case.review)
    key = observation_key(event.kind, event.observed_at)
    if isinstance(case, Observing):
        return replace(case, seen=seen(case, key), observed=case.observed + 1)
    return replace(case, seen=seen(case, key))


def _logged(case: Working, event: Logged) -> Working:
    kind, at = logged_at(event)
    done = case.done if kind in case.done else (*case.done, kind)
    return replace(case, done=done, seen=seen(case, log_key(kind, at)))


def logged_at(event: Logged) -> tuple[str, datetime]:
    """What kind of entry it is, and when it happened."""
    match event:
        case HomeVisitLogged(visited_at=at):
            return "home_visit", at
        case PhoneFollowUpLogged(called_at=at):
            return "phone", at
        case HeartTalkLogged(talked_at=at):
            return "heart_talk", at
        case GuardianContactLogged(contacted_at=at):
            return "guardian_contact", at
        case PersuasionAttempted(attempted_at=at):
            return "persuade", at
        case _:
            assert_never(event)


def log_key(kind: str, at: datetime) -> str:
    """What tells one entry from another: its kind and its time."""
    return f"{kind} {at.astimezone(UTC).isoformat()}"


def seen(case: Working, key: str) -> tuple[str, ...]:
    return (*case.seen, key)[-SEEN_KEPT:]


def _with_notice(case: Working, event: ReturnNoticeRecorded) -> tuple[Notice, ...]:
    """A notice recorded again under its number replaces what was known of it (served later)."""
    notice = Notice(
        number=event.number,
        issued_on=event.issued_on,
        return_by=event.return_by,
        served_on=event.served_on,
        round=case.round,
    )
    if event.number not in {known.number for known in case.notices}:
        return (*case.notices, notice)
    return tuple(
        replace(notice, round=known.round) if known.number == event.number else known
        for known in case.notices
    )
