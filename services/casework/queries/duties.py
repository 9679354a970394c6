"""What is due about alerts and cases, computed from their views under the rules of today."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.casework.queries.boards import Found
from services.casework.queries.weights import Watch
from shared.contracts.alert_view import AlertView
from shared.contracts.case_view import CaseView, open_steps
from shared.event import business_day, end_of_day
from shared.policy.calendar import SchoolCalendar
from shared.policy.pack import Pack

AWAY = frozenset(("suspected", "confirmed", "tracing"))
# Code of a duty → its words, and the form that settles it (empty: the record itself).
DUTIES: dict[str, tuple[str, str]] = {
    "verify": ("核实预警", ""),
    "report": ("上报辍学", "report_dropout"),
    "assign": ("指定负责人", "assign_case"),
    "first_visit": ("首次家访", "log_home_visit"),
    "heart_talk": ("谈心", "log_heart_talk"),
    "next_attempt": ("再次劝返", "attempt_persuasion"),
    "notice_expired": ("返校期限已过，登记结果", "attempt_persuasion"),
    "observe": ("记复学观察", "log_observation"),
    "observation_end": ("观察期满，销号", "close_case"),
    "guardian_contact": ("联系家长", "log_guardian_contact"),
    "watch": ("定期了解近况", "log_phone_follow_up"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One duty about one record; `weight` orders those of one day, the heavier first."""

    kind: str
    due_at: datetime
    stream: str
    weight: int = 0

    @property
    def title(self) -> str:
        return DUTIES[self.kind][0]

    @property
    def action(self) -> str:
        return DUTIES[self.kind][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What duties are computed by."""

    pack: Pack
    calendar: SchoolCalendar
    today: date


def of_alert(row: Found[AlertView], rule: Rule, watch: Watch) -> list[Due]:
    """An unverified alert is to be verified, and its dropout reported before the night."""
    view = row.view
    if view.state != "open" or view.verify_due_at is None or view.report_due_at is None:
        return []
    due = min(view.verify_due_at, view.report_due_at)
    return [Due(kind="verify", due_at=due, stream=row.stream, weight=watch.weight)]


def of_case(row: Found[CaseView], rule: Rule, watch: Watch) -> list[Due]:
    """Everything that is open, each once, the earliest first."""
    if row.view.state == "closed" or row.view.opened_at is None:
        return []
    found = [
        Due(kind=kind, due_at=at, stream=row.stream, weight=watch.weight)
        for kind, at in (*_missing(row, rule), *_of_phase(row, rule), *_contact(row, rule, watch))
    ]
    return sorted(found, key=lambda due: due.due_at)


def round_started(view: CaseView) -> date:
    """The day from which the present round's duties count."""
    assert view.opened_at is not None, "a case without its opening has no duties"
    return view.relapses[-1] if view.relapses else business_day(view.opened_at)


def _missing(row: Found[CaseView], rule: Rule) -> Iterator[tuple[str, datetime]]:
    view, start = row.view, round_started(row.view)
    steps = open_steps(view, rule.today)
    values = rule.pack.values
    if "assign" in steps:
        yield "assign", _after(start, values.case.no_owner_days)
    if "report" in steps:
        yield "report", end_of_day(start)
    if "home_visit" in steps:
        yield "first_visit", end_of_day(school_day(rule, row, values.intervention.first_visit_days))
    if "heart_talk" in steps:
        yield "heart_talk", _after(start, values.intervention.heart_talk_days)


def school_day(rule: Rule, row: Found[CaseView], days: int) -> date:
    """尽快: so many school days after the round began; calendar days where none are known."""
    start = round_started(row.view)
    day = start
    for _ in range(days):
        following = rule.calendar.next_school_day(day, row.path)
        if following is None:
            return start + timedelta(days=days)
        day = following
    return day


def _of_phase(row: Found[CaseView], rule: Rule) -> Iterator[tuple[str, datetime]]:
    view = row.view
    if view.state == "observing" and view.observation_until is not None:
        if view.observations < view.observations_needed:
            yield "observe", end_of_day(view.observation_until)
        else:
            yield "observation_end", end_of_day(view.observation_until)
    if view.state not in AWAY:
        return
    if (day := next_attempt(row, rule)) is not None:
        yield "next_attempt", end_of_day(day)
    terms = [notice.return_by for notice in view.notices if notice.round == view.round]
    if terms and max(terms) < rule.today:
        yield "notice_expired", end_of_day(max(terms))


def next_attempt(row: Found[CaseView], rule: Rule) -> date | None:
    """The date that was agreed, else the policy's interval after the last attempt."""
    attempts = [one.at for one in row.view.logged if one.kind == "persuade"]
    if not attempts:
        return None
    if row.next_attempt_on is not None:
        return row.next_attempt_on
    return business_day(max(attempts)) + timedelta(days=rule.pack.values.case.next_attempt_days)


def _contact(row: Found[CaseView], rule: Rule, watch: Watch) -> Iterator[tuple[str, datetime]]:
    start = round_started(row.view)
    spoken = business_day(row.last_contact_at) if row.last_contact_at else start
    yield "guardian_contact", _after(spoken, rule.pack.values.guardian.contact_days)
    looked = max((business_day(one.at) for one in row.view.logged), default=start)
    yield "watch", _after(looked, watch.every_days)


def _after(day: date, days: int) -> datetime:
    return end_of_day(day + timedelta(days=days))
