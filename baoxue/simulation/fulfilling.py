"""What somebody sends to fulfil a duty: the form that its page would show, filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any
from uuid import UUID

from shared.event import SHANGHAI

# Of a thousand evening calls, those by which the child does not come the next day either.
NOT_TOMORROW = 120
MEETINGS = {"weekly_meeting": "huddle", "township_meeting": "special"}
PLANS = {"publicity_plan": "submit_publicity_plan", "work_plan": "submit_work_plan"}
STATIONS = "stations_publicity"
WORDS = {
    "stations_publicity": "在车站和劳务公司发了材料",
    "inspection_rounds": "看了两所学校的点名和家访记录",
    "bulletin": "本月简报已印发",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An open duty, as the page of its holder shows it."""

    duty: UUID
    kind: str
    target: str
    child: UUID | None
    period: str
    window_at: datetime
    starts_at: datetime
    due_at: datetime
    needed: int
    got: int
    holders: tuple[UUID, ...]
    state: str
    form: str


Sent = tuple[str, Mapping[str, Any]]


def answer(owed: Owed, holder: UUID, pupils: list[UUID], now: datetime) -> Sent | None:
    """The command of its form with its values; None for forms that stories and rolls send."""
    match owed.form:
        case "leave_call":
            return "log_evening_call", _call(owed)
        case "visit" | "child":
            met = {"visited_at": now, "outcome": "will_return", "met": ["mother", "child"]}
            return "visit_child", {"child": owed.child, **met}
        case "survey":
            return "log_follow_up_survey", {"child": owed.child, "asked_at": now}
        case "evidence":
            note = WORDS.get(owed.kind, "已经完成，材料留存")
            return "file_evidence", {"duty": owed.duty, "done_on": _today(now), "note": note}
        case _:
            return _of_unit(owed, holder, pupils, now)


def _of_unit(owed: Owed, holder: UUID, pupils: list[UUID], now: datetime) -> Sent | None:
    unit = {"unit": owed.target}
    match owed.form:
        case "meeting":
            held = {"kind": MEETINGS[owed.kind], "held_at": now, "attended": [holder]}
            return "hold_meeting", unit | held | {"agenda": "逐个商量未到校学生"}
        case "self_check":
            return "submit_self_check", unit | {"problems": 0, "month": owed.period}
        case "review":
            return "review_support", unit | {"sample": pupils[:2], "month": owed.period}
        case "publicity":
            kind, place = ("stations", "车站") if owed.kind == STATIONS else ("school", "校门口")
            done = {"kind": kind, "on": _today(now), "place": place, "reached": 120}
            return "log_publicity", unit | done
        case "plan":
            titled = {"title": "本年度方案", "year": int(owed.period)}
            return PLANS[owed.kind], unit | titled
        case _:
            return None


def _call(owed: Owed) -> Mapping[str, Any]:
    tomorrow = Random(f"{owed.duty}").randrange(1000) >= NOT_TOMORROW
    answers = {"better": tomorrow, "tomorrow": tomorrow, "help": False}
    return {"child": owed.child, "disposition": "confirmed_sick", **answers}


def _today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
