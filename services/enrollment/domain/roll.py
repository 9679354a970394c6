"""The roll of one class on one day: submitted, corrected, recalled, missing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.roll_state import (
    EVENTS,
    STATES,
    Absent,
    DailyRollMissing,
    DailyRollRecalled,
    DailyRollSubmitted,
    Roll,
    RollEvent,
    SettledMark,
    Submission,
    Taken,
    Untaken,
    evolve,
    marks_to_settle,
)
from shared.decider import CommandRejected, Decider
from shared.policy.day import business_day

__all__ = [
    "EVENTS",
    "ROLL",
    "STATES",
    "Absent",
    "DailyRollMissing",
    "DailyRollRecalled",
    "DailyRollSubmitted",
    "MarkRollMissing",
    "RecallDailyRoll",
    "Roll",
    "SettledMark",
    "Submission",
    "SubmitDailyRoll",
    "Taken",
    "Untaken",
    "decide",
    "evolve",
    "marks_to_settle",
    "settles_at",
]

MAX_SHEET_CHILDREN = 200
# Ways of entry where a person may have mis-tapped a moment ago; all others settle at once.
RECALLABLE_VIA = frozenset({"web", "offline"})

Via = Literal["web", "cli", "import", "integration", "offline", "migration", "system"]


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitDailyRoll:
    """The whole sheet: every child of it is present or absent, and nobody else.

    `sheet`: the children of the class on that day. `school_day`, `no_school_reason`: what the
    calendar says of the day. `author`: the actor's id. `recall_minutes`: the policy's.
    """

    klass: UUID
    on: date
    sheet: tuple[UUID, ...]
    present: tuple[UUID, ...]
    absent: tuple[Absent, ...]
    author: str
    via: Via
    school_day: bool
    no_school_reason: str = ""
    recall_minutes: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallDailyRoll:
    """`version`: the submission that the author saw, its place in the stream."""

    klass: UUID
    on: date
    version: int
    author: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRollMissing:
    """The cut-off of a school day has passed; nothing happens if a roll stands."""

    klass: UUID
    on: date
    cut_off_at: datetime
    school_day: bool
    now: datetime


RollCommand: TypeAlias = SubmitDailyRoll | RecallDailyRoll | MarkRollMissing


class RollInFuture(CommandRejected):
    code = "roll_in_future"


class NoSchoolThatDay(CommandRejected):
    code = "no_school_that_day"


class SheetEmpty(CommandRejected):
    code = "sheet_empty"


class SheetTooLarge(CommandRejected):
    code = "sheet_too_large"


class ChildTwiceOnRoll(CommandRejected):
    code = "child_twice_on_roll"


class ChildNotOnSheet(CommandRejected):
    code = "child_not_on_sheet"


class RollIncomplete(CommandRejected):
    code = "roll_incomplete"


class NothingToRecall(CommandRejected):
    code = "nothing_to_recall"


class RecallByAnother(CommandRejected):
    code = "recall_by_another"


class RecallTooLate(CommandRejected):
    code = "recall_too_late"


class CutOffNotReached(CommandRejected):
    code = "cut_off_not_reached"


def decide(command: RollCommand, roll: Roll) -> list[RollEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case SubmitDailyRoll():
            return _submit(command, roll)
        case RecallDailyRoll():
            return _recall(command, roll)
        case MarkRollMissing():
            return _mark_missing(command, roll)
        case _:
            assert_never(command)


def _submit(command: SubmitDailyRoll, roll: Roll) -> list[RollEvent]:
    _check_day(command)
    _check_sheet(command)
    if isinstance(roll, Taken) and _says(roll.latest) == _says(command):
        return []
    return [
        DailyRollSubmitted(
            klass=command.klass,
            on=command.on,
            present=command.present,
            absent=command.absent,
            author=command.author,
            submitted_at=command.now,
            settles_at=settles_at(command),
            corrects=roll.latest.version if isinstance(roll, Taken) else None,
        )
    ]


def _recall(command: RecallDailyRoll, roll: Roll) -> list[RollEvent]:
    if not isinstance(roll, Taken) or roll.latest.version != command.version:
        raise NothingToRecall("这次点名已经撤回，或已有更正。请打开最新的点名。", field="version")
    if roll.latest.author != command.author:
        raise RecallByAnother("点名只能由提交的人撤回。要改，请提交更正。", field="author")
    if command.now >= roll.latest.settles_at:
        raise RecallTooLate("已过可撤回的时间，点名已生效。要改，请提交更正。", field="now")
    return [DailyRollRecalled(klass=command.klass, on=command.on, recalls=command.version)]


def _mark_missing(command: MarkRollMissing, roll: Roll) -> list[RollEvent]:
    if command.now < command.cut_off_at:
        raise CutOffNotReached("还没到点名截止时间。到时再查。", field="cut_off_at")
    if isinstance(roll, Taken) or roll.missing or not command.school_day:
        return []
    return [DailyRollMissing(klass=command.klass, on=command.on, cut_off_at=command.cut_off_at)]


def settles_at(command: SubmitDailyRoll) -> datetime:
    """When the roll takes effect: today's by hand after the recall window, all others at once."""
    if command.via in RECALLABLE_VIA and command.on == business_day(command.now):
        return command.now + timedelta(minutes=command.recall_minutes)
    return command.now


def _check_day(command: SubmitDailyRoll) -> None:
    if command.on > business_day(command.now):
        raise RollInFuture(f"{command.on} 还没有到，不能点名。请改成今天或以前的日期。", field="on")
    if not command.school_day:
        why = f"（{command.no_school_reason}）" if command.no_school_reason else ""
        raise NoSchoolThatDay(
            f"{command.on} 不上课{why}，不能点名。日期无误的话，请先改校历。", field="on"
        )


def _check_sheet(command: SubmitDailyRoll) -> None:
    sheet = set(command.sheet)
    marked = [*command.present, *(entry.child for entry in command.absent)]
    if not sheet:
        raise SheetEmpty("这个班这一天没有学生。请先导入花名册。", field="sheet")
    if len(sheet) > MAX_SHEET_CHILDREN:
        raise SheetTooLarge(f"一个班不能超过 {MAX_SHEET_CHILDREN} 人。请核对班级。", field="sheet")
    if len(marked) != len(set(marked)):
        twice = len(marked) - len(set(marked))
        raise ChildTwiceOnRoll(f"有 {twice} 名学生点了两次。每人只留一个记号。", field="absent")
    if strangers := set(marked) - sheet:
        raise ChildNotOnSheet(
            f"有 {len(strangers)} 名学生不在这个班。请重新打开点名表。",
            field="absent",
            children=sorted(map(str, strangers)),
        )
    if unmarked := sheet - set(marked):
        raise RollIncomplete(
            f"还有 {len(unmarked)} 名学生没有点到。请补点后提交。",
            field="present",
            children=sorted(map(str, unmarked)),
        )


def _says(roll: Submission | SubmitDailyRoll) -> tuple[frozenset[UUID], frozenset[Absent]]:
    return frozenset(roll.present), frozenset(roll.absent)


ROLL: Decider[RollCommand, RollEvent, Roll] = Decider(Untaken(), decide, evolve)
