"""The village of a child's household: which one, from when on, on whose word."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.enrollment.domain.child_groups import SOURCES, GroupSourceUnknown
from services.enrollment.domain.child_state import ChildEvent, ChildVillageRecorded, Home
from shared.decider import CommandRejected
from shared.policy.day import business_day


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVillage:
    """`village`: code of a unit that the caller has looked up; None takes it away."""

    child: UUID
    village: str | None
    on: date
    source: str = "school"
    now: datetime


class VillageDayInvalid(CommandRejected):
    code = "village_day_invalid"


def record(command: RecordVillage, held: Home | None) -> list[ChildEvent]:
    """Raises VillageDayInvalid, GroupSourceUnknown; none if it is the village already."""
    if command.source not in SOURCES:
        raise GroupSourceUnknown("没有这种认定来源。请从列表中选择。", field="source")
    if command.on > business_day(command.now):
        raise VillageDayInvalid("日期不能晚于今天。请改正日期。", field="on")
    if (held.village if held else None) == command.village:
        return []
    if held is not None and command.on < held.on:
        raise VillageDayInvalid(
            f"日期不能早于上一次登记的日期（{held.on}）。请改正日期。", field="on"
        )
    return [
        ChildVillageRecorded(
            child=command.child, village=command.village, on=command.on, source=command.source
        )
    ]
