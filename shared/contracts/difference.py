"""What differs between two stories, such as what was known then and what is known now."""

from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from shared.contracts.attendance_view import Run
from shared.contracts.case_view import Logged, ReturnNotice
from shared.contracts.entry import Ref
from shared.contracts.facts import Fact
from shared.contracts.views import StoryView
from shared.contracts.words import day_words, listed, word
from shared.policy.day import business_day
from shared.sealed import Sealed

FACT_NAMES: dict[str, tuple[str, str]] = {
    "klass": ("班级", "Class"),
    "school": ("学校", "School"),
    "seat": ("座号", "Seat"),
    "run": ("连续无故", "Unexcused in a row"),
    "line": ("到预警线", "Over the line"),
    "mark": ("出勤", "Attendance"),
    "field": ("", ""),
    "alert": ("预警", "Alert"),
    "alert_days": ("预警天数", "Days of the alert"),
    "alert_overdue": ("上报超期", "Report overdue"),
    "alert_review": ("预警所据出勤有更正", "Attendance behind the alert corrected"),
    "case": ("个案状态", "Case"),
    "owner": ("负责人", "Owner"),
    "reported": ("上报", "Reported to"),
    "causes": ("原因", "Causes"),
    "confirmed": ("确认辍学", "Dropout confirmed"),
    "whereabouts": ("去向", "Whereabouts"),
    "home_visit": ("家访", "Home visit"),
    "heart_talk": ("谈心", "Heart talk"),
    "phone": ("电话", "Phone call"),
    "guardian_contact": ("联系家长", "Contact with guardians"),
    "persuade": ("劝返", "Persuasion"),
    "notice": ("返校通知书", "Return notice"),
    "returned": ("复学", "Returned"),
    "observation_until": ("观察到", "Observed until"),
    "observations": ("观察次数", "Observations"),
    "case_review": ("个案所据出勤有更正", "Attendance behind the case corrected"),
    "close_reason": ("销号原因", "Reason of closing"),
}

Value = str | Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row: `a` then, `b` now, and the event that made the difference.

    `label` is a key of FACT_NAMES, `of` the stream, day or field it belongs to; values are words,
    but uuids of people and classes and codes of schools stay for the page to name, and sealed
    values stay sealed.
    """

    label: str
    of: str
    name: str
    a: Value
    b: Value
    because: Ref | None


def difference(a: StoryView, b: StoryView, lang: str = "zh") -> list[Difference]:
    """The rows that differ, in the order in which the facts became known."""
    facts = list(dict.fromkeys([*a.facts, *b.facts]))
    return [
        Difference(
            label=fact.label,
            of=fact.of,
            name=_name(fact, lang),
            a=_value(a.facts.get(fact), lang),
            b=_value(b.facts.get(fact), lang),
            because=_because(fact, a, b),
        )
        for fact in facts
        if a.facts.get(fact) != b.facts.get(fact)
    ]


def alike(a: StoryView, b: StoryView) -> int:
    """How many facts are the same in both."""
    return sum(1 for fact, value in a.facts.items() if fact in b.facts and b.facts[fact] == value)


def _because(fact: Fact, a: StoryView, b: StoryView) -> Ref | None:
    """The event in one story and not in the other: of the two, the one that changed it last."""
    return b.because.get(fact) or a.because.get(fact)


def _name(fact: Fact, lang: str) -> str:
    if fact.label == "field":
        return word(fact.of, lang)
    name = FACT_NAMES[fact.label][lang != "zh"]
    if fact.label == "mark":
        return f"{day_words(date.fromisoformat(fact.of), lang)} {name}"
    return name


def _value(value: object, lang: str) -> Value:
    match value:
        case None:
            return "没有" if lang == "zh" else "none"
        case True:
            return "是" if lang == "zh" else "yes"
        case Sealed():
            return value
        case Run():
            return _run(value, lang)
        case Logged(at=at, outcome=outcome):
            day = day_words(business_day(at), lang)
            return f"{day} {word(outcome, lang)}".strip()
        case ReturnNotice(number=number, served_on=served):
            return f"{number} {_served(served, lang)}"
        case date():
            return day_words(value, lang)
        case tuple():
            codes = cast(tuple[str, ...], value)
            return listed([word(code, lang) for code in codes], lang)
        case UUID() | int():
            return str(value)
        case _:
            return word(str(value), lang)


def _run(run: Run, lang: str) -> str:
    first, last = day_words(run.first, lang), day_words(run.last, lang)
    if lang == "zh":
        return f"{run.days} 天，{first}" if run.days == 1 else f"{run.days} 天，{first}至{last}"
    return f"{run.days} days, {first} to {last}"


def _served(on: date | None, lang: str) -> str:
    if on is None:
        return "未送达" if lang == "zh" else "not served"
    day = day_words(on, lang)
    return f"{day}送达" if lang == "zh" else f"served {day}"
