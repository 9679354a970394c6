"""What each activity asks: fields as data, so that a duty is one tap from its form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.casework.pages.questions import choice, day, moment, words
from services.casework.queries.activities import school_year
from shared.policy.pack import Pack
from shared.web.models.form import Field, Option

People = Sequence[Option]


@dataclass(frozen=True, slots=True)
class Asking:
    """What the fields are made of: the rules, the present, the people or pupils of the unit."""

    pack: Pack
    now: datetime
    people: People
    pupils: People


Ask = Callable[[Asking], tuple[Field, ...]]


@dataclass(frozen=True, slots=True)
class Activity:
    """A command's form. `people`, `pupils`: whether it asks for them."""

    label: str
    noun: str
    ask: Ask
    people: bool = False
    pupils: bool = False


def _attended(of: Asking) -> Field:
    return Field(name="attended", label="谁到会", kind="choices", options=tuple(of.people))


def _meeting(of: Asking) -> tuple[Field, ...]:
    return (
        choice("kind", "什么会", of.pack.codes.meetings),
        moment("held_at", "什么时候开的", of.now),
        _attended(of),
        Field(name="absent", label="谁缺席", kind="choices", options=tuple(of.people)),
        Field(name="agenda", label="议题", required=True),
        words("minutes", "会议记录", "商量了什么，定了什么"),
    )


def _training(of: Asking) -> tuple[Field, ...]:
    return (
        choice("kind", "什么培训", of.pack.codes.trainings),
        moment("held_at", "什么时候办的", of.now),
        _attended(of),
        Field(name="topic", label="内容", required=True),
    )


def _self_check(of: Asking) -> tuple[Field, ...]:
    return (
        Field(name="problems", label="发现几个问题", kind="number", value=("0",), required=True),
        words("findings", "查了什么，发现什么", "没有问题也写明查了什么"),
    )


def _plan(of: Asking) -> tuple[Field, ...]:
    year = str(of.now.year)
    return (
        Field(name="title", label="方案名称", required=True),
        Field(name="year", label="哪一年", kind="number", value=(year,), required=True),
    )


def _publicity(of: Asking) -> tuple[Field, ...]:
    return (
        choice("kind", "怎样宣传", of.pack.codes.publicity),
        day("on", "哪天", of.now),
        Field(name="place", label="在哪里", required=True),
        Field(name="reached", label="多少人", kind="number", value=("0",), required=True),
    )


def _review(of: Asking) -> tuple[Field, ...]:
    return (
        Field(name="sample", label="抽查了谁的帮扶记录", kind="choices", options=tuple(of.pupils)),
        words("comments", "意见", "记录齐不齐，帮扶有没有用"),
    )


def _village(of: Asking) -> tuple[Field, ...]:
    children = Field(
        name="children", label="查看了哪些孩子", kind="choices", options=tuple(of.pupils)
    )
    return (
        day("on", "哪天", of.now),
        *((children,) if of.pupils else ()),
        words("notes", "情况", "在不在家，有没有外出，要不要帮忙"),
    )


def _target(of: Asking) -> tuple[Field, ...]:
    return (
        choice("metric", "什么目标", of.pack.codes.targets),
        Field(name="value", label="目标值", required=True, hint="百分数写成 98%"),
        Field(name="year", label="学年", required=True, value=(school_year(of.now.date()),)),
    )


ACTIVITIES: dict[str, Activity] = {
    "hold_meeting": Activity("登记会议", "会议", _meeting, people=True),
    "submit_self_check": Activity("提交自查", "自查", _self_check),
    "review_support": Activity("检查帮扶记录", "帮扶记录检查", _review, pupils=True),
    "log_village_check": Activity("登记村委走访", "村委走访", _village, pupils=True),
    "hold_training": Activity("登记培训", "培训", _training, people=True),
    "submit_work_plan": Activity("提交工作方案", "工作方案", _plan),
    "submit_publicity_plan": Activity("提交宣传方案", "宣传方案", _plan),
    "log_publicity": Activity("登记宣传", "宣传", _publicity),
    "set_target": Activity("下达目标", "目标", _target),
}
# The form of a duty in the rules, and by evidence where several duties share a form.
FOR_EVIDENCE = {
    "casework.MeetingHeld": "hold_meeting",
    "casework.SelfCheckSubmitted": "submit_self_check",
    "casework.SupportRecordReviewed": "review_support",
    "casework.VillageCheckLogged": "log_village_check",
    "casework.TrainingHeld": "hold_training",
    "casework.WorkPlanSubmitted": "submit_work_plan",
    "casework.PublicityPlanSubmitted": "submit_publicity_plan",
    "casework.PublicityLogged": "log_publicity",
    "casework.TargetSet": "set_target",
}
EVENTS = {command: event.partition(".")[2] for event, command in FOR_EVIDENCE.items()}
NOUNS = {EVENTS[command]: one.noun for command, one in ACTIVITIES.items()}
