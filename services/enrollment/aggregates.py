"""How the deciders of enrollment are stored: streams, stored names, and when events happened."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.enrollment.domain import attendance, child, importing, klass, roll, staff, unit
from services.enrollment.domain.attendance import AttendanceEvent
from services.enrollment.domain.roll import DailyRollMissing, RollEvent
from shared.event_store import Aggregate

SERVICE = "enrollment"


def _phase(states: Mapping[str, type[Any]]) -> Callable[[object], str]:
    names = {cls: name for name, cls in states.items()}
    return lambda state: names[type(state)]


def _attended(event: AttendanceEvent) -> date | None:
    """Absences belong to their day; leave is granted and ended when somebody says so."""
    match event:
        case attendance.StudentAbsent() | attendance.AbsenceEnded():
            return event.on
        case attendance.AttendanceCorrected():
            return event.on
        case attendance.AbsenceStreakExceeded():
            return event.last_on
        case _:
            return None


def _called(event: RollEvent) -> datetime | None:
    """A missing roll happened at the cut-off, however late a stopped machine noticed."""
    return event.cut_off_at if isinstance(event, DailyRollMissing) else None


UNIT: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="unit-",
    decider=unit.UNIT,
    events=unit.EVENTS,
    states=unit.STATES,
    phase=_phase(unit.STATES),
)
CLASS: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="class-",
    decider=klass.CLASS,
    events=klass.EVENTS,
    states=klass.STATES,
    phase=_phase(klass.STATES),
)
STAFF: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="staff-",
    decider=staff.STAFF,
    events=staff.EVENTS,
    states=staff.STATES,
    phase=_phase(staff.STATES),
)
CHILD: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="child-",
    decider=child.CHILD,
    events=child.EVENTS,
    states=child.STATES,
    phase=_phase(child.STATES),
)
ROLL: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="roll-",
    decider=roll.ROLL,
    events=roll.EVENTS,
    states=roll.STATES,
    happened=_called,
    phase=_phase(roll.STATES),
)
ATTENDANCE: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="attendance-",
    decider=attendance.ATTENDANCE,
    events=attendance.EVENTS,
    states=attendance.STATES,
    happened=_attended,
    phase=_phase(attendance.STATES),
)
IMPORT: Aggregate[Any, Any, Any] = Aggregate(
    service=SERVICE,
    prefix="import-",
    decider=importing.IMPORT,
    events=importing.EVENTS,
    states=importing.STATES,
    phase=_phase(importing.STATES),
)
AGGREGATES = (UNIT, CLASS, STAFF, CHILD, ROLL, ATTENDANCE, IMPORT)


def roll_stream(class_id: UUID, on: date) -> str:
    return f"{ROLL.prefix}{class_id}-{on}"


def attendance_stream(child_id: UUID) -> str:
    return f"{ATTENDANCE.prefix}{child_id}"
