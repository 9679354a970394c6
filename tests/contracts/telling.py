"""Entries of a story, told in order: short to write, with the places and times that they need."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts import casework, enrollment
from shared.contracts.entry import Entry

SHANGHAI = timezone(timedelta(hours=8))
CHILD, KLASS, ALERT, CASE, TEACHER = (UUID(int=n) for n in range(1, 6))
SCHOOL = "2199010001"


def at(day: int, clock: str = "12:00") -> datetime:
    """A time in November 2026, in Shanghai."""
    return datetime.combine(date(2026, 11, day), time.fromisoformat(clock), SHANGHAI)


def nov(day: int) -> date:
    return date(2026, 11, day)


def told(
    data: msgspec.Struct,
    *,
    happened: datetime,
    recorded: datetime | None = None,
    seq: int,
    stream: str | None = None,
) -> Entry:
    """An entry; recorded when it happened unless said otherwise."""
    service = type(data).__module__.rpartition(".")[2]
    return Entry(
        type=f"{service}.{type(data).__name__}",
        stream=stream or _stream(data),
        seq=seq,
        ledger="990101",
        service=service,
        occurred_at=happened.astimezone(UTC),
        recorded_at=(recorded or happened).astimezone(UTC),
        actor=str(TEACHER),
        via="web",
        data=data,
    )


def _stream(data: msgspec.Struct) -> str:
    if isinstance(data, enrollment.Event):
        known = isinstance(data, enrollment.ChildRegistered | enrollment.StudentEnrolled)
        return f"child-{CHILD}" if known else f"attendance-{CHILD}"
    alert = "alert" in data.__struct_fields__ and not isinstance(data, casework.CaseOpened)
    return f"alert-{ALERT}" if alert else f"case-{CASE}"


def absent(day: int, seq: int) -> Entry:
    mark: dict[str, Any] = {"mark": "unexcused", "reason": None, "roll": "r"}
    data = enrollment.StudentAbsent(child=CHILD, klass=KLASS, on=nov(day), **mark)
    return told(data, happened=at(day), recorded=at(day, "08:06"), seq=seq)


def present(day: int, seq: int) -> Entry:
    data = enrollment.AbsenceEnded(child=CHILD, klass=KLASS, on=nov(day), roll="r")
    return told(data, happened=at(day), recorded=at(day, "08:06"), seq=seq)


def corrected(day: int, now: enrollment.DayMark, seq: int, recorded: datetime) -> Entry:
    data = enrollment.AttendanceCorrected(
        child=CHILD,
        klass=KLASS,
        on=nov(day),
        was="unexcused",
        now=now,
        reason="illness",
        basis="certificate",
    )
    return told(data, happened=at(day), recorded=recorded, seq=seq)


def exceeded(seq: int) -> Entry:
    data = enrollment.AbsenceStreakExceeded(
        child=CHILD,
        klass=KLASS,
        first_on=nov(3),
        last_on=nov(6),
        days=4,
        ended=False,
        rule="v3",
        calendar="v2",
    )
    return told(data, happened=at(6), recorded=at(6, "08:07"), seq=seq)


def flagged(seq: int) -> Entry:
    data = casework.RiskFlagged(
        alert=ALERT,
        child=CHILD,
        klass=KLASS,
        school=SCHOOL,
        kind="streak",
        first_on=nov(3),
        last_on=nov(6),
        days=4,
        rule="v3",
        calendar="v2",
        cause=casework.Cause(service="enrollment", ledger="990101", seq=20548),
        note=None,
        report_due_at=at(7, "00:00"),
        verify_due_at=at(9, "18:00"),
    )
    return told(data, happened=at(6), recorded=at(6, "08:14"), seq=seq)


def opened(seq: int) -> list[Entry]:
    verified = casework.RiskVerified(alert=ALERT, case=CASE, reason="called", note=None)
    case = casework.CaseOpened(
        case=CASE, alert=ALERT, child=CHILD, klass=KLASS, school=SCHOOL, reason="called"
    )
    assigned = casework.CaseAssigned(case=CASE, owner=TEACHER, role="homeroom_teacher")
    reported = casework.DropoutReported(case=CASE, level="county", to_unit="990101")
    steps = [verified, case, assigned, reported]
    return [
        told(data, happened=at(6, f"10:{12 + number}"), seq=seq + number)
        for number, data in enumerate(steps)
    ]


def visited(seq: int) -> list[Entry]:
    """A visit of the 7th that was written down on the 10th, and what it found out."""
    visit = casework.HomeVisitLogged(
        case=CASE,
        visited_at=at(7, "15:20"),
        purpose="first",
        met=["grandparent"],
        outcome="away",
        notes=None,
    )
    found = casework.WhereaboutsReported(case=CASE, whereabouts="with_parent_elsewhere", note=None)
    return [
        told(visit, happened=at(7, "15:20"), recorded=at(10, "09:05"), seq=seq),
        told(found, happened=at(7, "15:20"), recorded=at(10, "09:06"), seq=seq + 1),
    ]


def whole_story() -> list[Entry]:
    """The case of the pictures: four absences, an alert, a case, a late correction and visit."""
    rolls = [absent(3, 20411), absent(4, 20459), absent(5, 20502), absent(6, 20547)]
    lost = casework.WhereaboutsUnknown(case=CASE, since=nov(6), note=None)
    return [
        *rolls,
        exceeded(20548),
        flagged(911),
        *opened(912),
        told(lost, happened=at(6, "10:30"), seq=916),
        corrected(4, "sick", 20604, recorded=at(9, "10:22")),
        *visited(918),
    ]
