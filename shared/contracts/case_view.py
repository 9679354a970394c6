"""What a person sees of a case."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.contracts import casework as c
from shared.contracts.entry import Entry, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A visit, call, talk, contact or persuasion; its words stay in the entry `ref`."""

    kind: str
    at: datetime
    outcome: str
    with_whom: tuple[str, ...]
    ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNotice:
    number: str
    issued_on: date
    return_by: date
    served_on: date | None
    receiver: str | None
    method: str | None
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    level: str
    to_unit: str
    at: datetime
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """`state` is a code of STATE_NAMES; `done` the kinds logged since the last relapse."""

    stream: str
    state: str = "unopened"
    case: UUID | None = None
    alert: UUID | None = None
    child: UUID | None = None
    klass: UUID | None = None
    school: str | None = None
    owner: UUID | None = None
    owner_role: str | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    evidence: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    logged: tuple[Logged, ...] = ()
    done: tuple[str, ...] = ()
    notices: tuple[ReturnNotice, ...] = ()
    whereabouts: str | None = None
    lost: bool = False
    lost_since: date | None = None
    confirmed_on: date | None = None
    confirmed_cause: str | None = None
    returned_on: date | None = None
    observation_until: date | None = None
    observations_needed: int = 0
    observations: int = 0
    relapses: tuple[date, ...] = ()
    review: bool = False
    round: int = 1

    @property
    def open_steps(self) -> list[str]:
        """What remains to be done, as codes; an observation is taken to be still running."""
        return open_steps(self)


def open_steps(view: CaseView, today: date | None = None) -> list[str]:
    """What remains to be done on that day, as codes of STEP_NAMES in the order of the work."""
    if view.state in ("unopened", "closed"):
        return []
    reported = any(report.round == view.round for report in view.reports)
    steps = [] if view.owner else ["assign"]
    steps += [] if reported else ["report"]
    steps += [] if view.causes else ["record_cause"]
    steps += [kind for kind in ("heart_talk", "home_visit") if kind not in view.done]
    if view.state == "observing":
        return [*steps, *_observation(view, today), "close"]
    steps += ["find"] if view.lost else []
    steps += _persuasion(view) if view.state == "confirmed" else []
    steps += ["review_attendance"] if view.review else []
    return [*steps, "reinstate", "close"]


def _observation(view: CaseView, today: date | None) -> list[str]:
    until = view.observation_until
    steps = ["log_observations"] if view.observations < view.observations_needed else []
    over = today is not None and until is not None and today >= until
    return steps if over else [*steps, "finish_observation"]


def _persuasion(view: CaseView) -> list[str]:
    steps = [] if "persuade" in view.done else ["persuade"]
    notices = [notice for notice in view.notices if notice.round == view.round]
    if not notices:
        return [*steps, "return_notice"]
    unserved = all(notice.served_on is None for notice in notices)
    return [*steps, "serve_notice"] if unserved else steps


def case_after(view: CaseView, entry: Entry) -> CaseView:
    """The view after one more entry of the case's stream."""
    data = entry.data
    if view.state == "unopened":
        return _opened(view, entry, data) if isinstance(data, c.CaseOpened) else view
    match data:
        case c.CaseAssigned(owner=owner, role=role):
            return replace(view, owner=owner, owner_role=role)
        case c.DropoutReported(level=level, to_unit=unit):
            report = Report(level=level, to_unit=unit, at=entry.occurred_at, round=view.round)
            return replace(view, reports=(*view.reports, report))
        case c.CauseRecorded(causes=causes):
            return replace(view, causes=tuple(causes))
        case c.ReturnNoticeRecorded():
            return replace(view, notices=_with_notice(view, data))
        case c.AttendanceChanged():
            away = view.state in ("suspected", "confirmed", "tracing")
            return replace(view, review=away or view.review)
        case c.ObservationLogged():
            seen = 1 if view.state == "observing" else 0
            return replace(view, observations=view.observations + seen)
        case _:
            logged = _logged(entry)
            return _moved(view, entry) if logged is None else _with_log(view, logged)


def _opened(view: CaseView, entry: Entry, opened: c.CaseOpened) -> CaseView:
    return replace(
        view,
        state="suspected",
        case=opened.case,
        alert=opened.alert,
        child=opened.child,
        klass=opened.klass,
        school=opened.school,
        opened_at=entry.occurred_at,
    )


def _moved(view: CaseView, entry: Entry) -> CaseView:
    """Events that change the state; a closed case is only moved by being reopened."""
    data = entry.data
    if isinstance(data, c.CaseReopened):
        reopened = {"closed_at": None, "close_reason": None, "evidence": ()}
        return _new_round(view, **reopened) if view.state == "closed" else view
    if view.state == "closed":
        return view
    match data:
        case c.DropoutConfirmed(on=on, cause=cause):
            confirmed = {"confirmed_on": on, "confirmed_cause": cause}
            return replace(view, state="confirmed", review=False, **confirmed)
        case c.WhereaboutsUnknown(since=since):
            again = _new_round(view) if view.state == "observing" else view
            gone = {"lost": True, "lost_since": since, "whereabouts": None}
            return replace(again, state="tracing", **gone)
        case c.WhereaboutsReported(whereabouts=whereabouts):
            return replace(view, state=_found(view), lost=False, whereabouts=whereabouts)
        case c.Reinstated():
            return _returned(view, data)
        case c.RelapseDetected(on=on):
            return _new_round(view, relapses=(*view.relapses, on))
        case c.CaseClosed():
            return _closed(view, entry, data)
        case _:
            return view


def _found(view: CaseView) -> str:
    if view.state != "tracing":
        return view.state
    return "confirmed" if view.confirmed_on else "suspected"


def _returned(view: CaseView, data: c.Reinstated) -> CaseView:
    return replace(
        view,
        state="observing",
        returned_on=data.on,
        observation_until=data.observe_until,
        observations_needed=data.observations_needed,
        observations=0,
        lost=False,
        review=False,
    )


def _closed(view: CaseView, entry: Entry, data: c.CaseClosed) -> CaseView:
    return replace(
        view,
        state="closed",
        closed_at=entry.occurred_at,
        close_reason=data.reason,
        evidence=tuple(data.evidence),
        review=False,
    )


def _new_round(view: CaseView, **facts: Any) -> CaseView:
    """The child is away again: what was done before does not count for this time."""
    return replace(
        view,
        state="suspected",
        done=(),
        whereabouts=None,
        lost=False,
        confirmed_on=None,
        confirmed_cause=None,
        observation_until=None,
        review=False,
        round=view.round + 1,
        **facts,
    )


def _logged(entry: Entry) -> Logged | None:
    match entry.data:
        case c.HomeVisitLogged(visited_at=at, outcome=outcome, met=met):
            kind, whom = "home_visit", met
        case c.PhoneFollowUpLogged(called_at=at, disposition=outcome):
            kind, whom = "phone", []
        case c.HeartTalkLogged(talked_at=at, with_whom=whom):
            kind, outcome = "heart_talk", ""
        case c.GuardianContactLogged(contacted_at=at, outcome=outcome):
            kind, whom = "guardian_contact", []
        case c.PersuasionAttempted(attempted_at=at, outcome=outcome, by=whom):
            kind = "persuade"
        case _:
            return None
    return Logged(kind=kind, at=at, outcome=outcome, with_whom=tuple(whom), ref=entry.ref)


def _with_log(view: CaseView, logged: Logged) -> CaseView:
    done = view.done if logged.kind in view.done else (*view.done, logged.kind)
    return replace(view, logged=(*view.logged, logged), done=done)


def _with_notice(view: CaseView, data: c.ReturnNoticeRecorded) -> tuple[ReturnNotice, ...]:
    """A notice recorded again under its number replaces what was known of it (served later)."""
    known = next((one for one in view.notices if one.number == data.number), None)
    notice = ReturnNotice(
        number=data.number,
        issued_on=data.issued_on,
        return_by=data.return_by,
        served_on=data.served_on,
        receiver=data.receiver,
        method=data.method,
        round=known.round if known else view.round,
    )
    if known is None:
        return (*view.notices, notice)
    return tuple(notice if one is known else one for one in view.notices)
