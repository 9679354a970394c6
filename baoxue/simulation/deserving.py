"""What behaviour deserves of a duty, reckoned from what was done and by no rule of the software.

Written in terms of what people send: which commands answer for a kind of duty, and which end it.
A duty's own times (from when, until when, how often) are taken as they were recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from shared.event import SHANGHAI

VISITS = frozenset(("log_home_visit", "visit_child"))
CALLS = frozenset(("log_evening_call", "log_phone_follow_up"))
TALKS = frozenset(("log_heart_talk", "log_guardian_contact", "attempt_persuasion"))
BACK = frozenset(("reinstate",))
OPENED = frozenset(("verify_risk",))
# A child that is seen again, or whose absence turns out to be excused.
SEEN, EXCUSED = "seen", "excused"
ROLL = "submit_roll"
PLAIN = "file_evidence"
ANSWERS: Mapping[str, frozenset[str]] = {
    "daily_roll": frozenset((ROLL,)),
    "leave_call": CALLS,
    "call_again": CALLS,
    "first_visit": VISITS,
    "weekly_visit": VISITS,
    "risk_intervention": VISITS | CALLS | TALKS,
    "absence_streak": OPENED | {SEEN, EXCUSED, "grant_leave"},
    "dropout_report": OPENED | {"report_dropout"},
    "dropout_follow_ups": frozenset(("log_follow_up_survey",)),
    "return_notice_term": BACK,
    "search": BACK | {"report_whereabouts"},
    "weekly_meeting": frozenset(("hold_meeting huddle",)),
    "township_meeting": frozenset(("hold_meeting special",)),
    "self_check": frozenset(("submit_self_check",)),
    "grade_review": frozenset(("review_support",)),
    "campaign_march": frozenset(("log_publicity school", "log_publicity stations")),
    "campaign_september": frozenset(("log_publicity school", "log_publicity stations")),
    "stations_publicity": frozenset(("log_publicity stations",)),
    "publicity_plan": frozenset(("submit_publicity_plan",)),
    "work_plan": frozenset(("submit_work_plan",)),
}
ENDS: Mapping[str, frozenset[str]] = {
    "dropout_report": frozenset(("clear_risk",)),
    "first_visit": frozenset(("clear_risk",)),
    "risk_intervention": frozenset(("clear_risk",)),
    "call_again": frozenset((SEEN,)),
    "return_notice_term": frozenset(("close_case",)),
}
# Nobody does these: the software itself sends what they ask for.
BY_ITSELF = frozenset(("daily_digest",))
# Done by the one who owes it, or in its own week or month, or not at all.
OWN = frozenset(("weekly_visit", "grade_review"))
A_WEEK = frozenset(("weekly_visit", "weekly_meeting"))
A_MONTH = frozenset(("township_meeting", "grade_review", "self_check"))
NOON = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """A duty as it was recorded; `state` is how it ended, `reason` why it was withdrawn."""

    duty: UUID
    kind: str
    target: str
    period: str
    starts_at: datetime
    due_at: datetime
    needed: int
    holders: tuple[UUID, ...]
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What somebody did: `at` when it happened, `told` when it was recorded; `about` a target."""

    name: str
    about: str
    at: datetime
    told: datetime
    by: UUID | None = None


@dataclass(slots=True)
class Behaviour:
    """Everything that was done, by what it is about."""

    by_target: dict[str, list[Done]] = field(default_factory=dict[str, list[Done]])

    def add(self, done: Iterable[Done]) -> None:
        for one in done:
            self.by_target.setdefault(one.about, []).append(one)

    def deserved(self, owing: Owing, until: datetime) -> str:
        """How the duty ought to stand at `until`."""
        if owing.kind in BY_ITSELF:
            return "satisfied"
        # The call that asks for another does not answer for it.
        got = -1 if owing.kind == "call_again" else 0
        about = str(owing.duty) if owing.kind not in ANSWERS else owing.target
        for one in sorted(self.by_target.get(about, ()), key=lambda one: (one.told, one.at)):
            if one.at < owing.starts_at:
                continue
            if one.name in ENDS.get(owing.kind, ()):
                return "cancelled"
            if _answers(owing, one):
                got += 1
            if got == owing.needed:
                return "late" if max(one.told, one.at) > owing.due_at else "satisfied"
        return "breached" if owing.due_at <= until else "armed"


def _answers(owing: Owing, one: Done) -> bool:
    if one.name not in ANSWERS.get(owing.kind, frozenset((PLAIN,))):
        return False
    if owing.kind in OWN and one.by not in owing.holders:
        return False
    if owing.kind == "daily_roll":
        return one.at.astimezone(SHANGHAI).date().isoformat() == owing.period
    if owing.kind in A_WEEK:
        return _week(one.at) == _week(owing.starts_at)
    if owing.kind in A_MONTH:
        return f"{one.at.astimezone(SHANGHAI):%Y-%m}" == owing.period
    return True


def _week(at: datetime) -> tuple[int, int]:
    return at.astimezone(SHANGHAI).date().isocalendar()[:2]


@dataclass(frozen=True, slots=True)
class Marked:
    """A child's mark of a day, as a roll that was sent says it: None is present."""

    on: date
    mark: str | None
    settled: datetime


def attended(child: str, marks: Sequence[Marked]) -> list[Done]:
    """When a child was seen after days away, and when such a day was excused after all."""
    known: dict[date, str | None] = {}
    found: list[Done] = []
    for one in sorted(marks, key=lambda one: (one.settled, one.on)):
        before = known.get(one.on)
        missed = [on for on, mark in known.items() if mark is not None and on < one.on]
        came = [on for on, mark in known.items() if mark is None and on < one.on]
        at = datetime.combine(one.on, NOON, SHANGHAI)
        if before is not None and one.mark != before:
            name = SEEN if one.mark is None else EXCUSED
            found.append(Done(name=name, about=child, at=at, told=one.settled))
        elif one.mark is None and missed and max(missed) > max(came, default=date.min):
            found.append(Done(name=SEEN, about=child, at=at, told=one.settled))
        known[one.on] = one.mark
    return found


def month_end(month: str) -> datetime:
    """The last moment that lies in a month `YYYY-MM`."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=32)).replace(day=1)
    return datetime.combine(following, time(0), SHANGHAI) - timedelta(microseconds=1)
