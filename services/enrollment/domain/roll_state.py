"""What is remembered of a class's roll on one day: its events, and the submissions that stand."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from services.enrollment.domain.codes import AbsenceMark, DayMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A child that is not there. `reason` is a code of the policy's list, never free text."""

    child: UUID
    mark: AbsenceMark
    reason: str | None = None


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class DailyRollSubmitted:
    klass: UUID
    on: date
    present: tuple[UUID, ...]
    absent: tuple[Absent, ...]
    author: str
    submitted_at: datetime
    settles_at: datetime
    corrects: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyRollRecalled:
    klass: UUID
    on: date
    recalls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyRollMissing:
    klass: UUID
    on: date
    cut_off_at: datetime


RollEvent: TypeAlias = DailyRollSubmitted | DailyRollRecalled | DailyRollMissing
EVENTS: dict[str, type] = {
    cls.__name__: cls for cls in (DailyRollSubmitted, DailyRollRecalled, DailyRollMissing)
}


# State. Versions count the events of the stream, from 1.
@dataclass(frozen=True, slots=True)
class Submission:
    """One roll as it was sent in; `version` is its place in the stream."""

    version: int
    author: str
    submitted_at: datetime
    settles_at: datetime
    present: tuple[UUID, ...]
    absent: tuple[Absent, ...]


@dataclass(frozen=True, slots=True)
class Untaken:
    """No roll stands: none was sent in, or the only one was recalled."""

    version: int = 0
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """`standing` holds the roll that counts last; before it those that it corrected.

    Those before the last settled one are forgotten: nothing asks about them any more.
    """

    version: int
    standing: tuple[Submission, ...]
    missing: bool = False

    @property
    def latest(self) -> Submission:
        return self.standing[-1]


Roll: TypeAlias = Untaken | Taken
STATES: dict[str, type] = {"untaken": Untaken, "taken": Taken}


def evolve(roll: Roll, event: RollEvent) -> Roll:
    version = roll.version + 1
    standing = roll.standing if isinstance(roll, Taken) else ()
    match event:
        case DailyRollSubmitted():
            kept = _without_the_outdated(standing, event.submitted_at)
            return Taken(version, (*kept, _submission(version, event)), roll.missing)
        case DailyRollRecalled(recalls=recalls):
            left = tuple(entry for entry in standing if entry.version != recalls)
            return Taken(version, left, roll.missing) if left else Untaken(version, roll.missing)
        case DailyRollMissing():
            return replace(roll, version=version, missing=True)
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True)
class SettledMark:
    """What the roll says of a child. `was`: what an earlier, already settled roll had said."""

    child: UUID
    mark: DayMark
    reason: str | None
    was: DayMark | None


def marks_to_settle(roll: Roll, version: int) -> tuple[SettledMark, ...]:
    """Marks of the submission `version`, if it still stands last; else none: another one counts."""
    if not isinstance(roll, Taken) or roll.latest.version != version:
        return ()
    latest = roll.latest
    before = [entry for entry in roll.standing[:-1] if entry.settles_at <= latest.submitted_at]
    was = _marks(before[-1]) if before else {}
    reasons = {entry.child: entry.reason for entry in latest.absent}
    return tuple(
        SettledMark(child, mark, reasons.get(child), was.get(child))
        for child, mark in _marks(latest).items()
    )


def _marks(submission: Submission) -> dict[UUID, DayMark]:
    marks: dict[UUID, DayMark] = dict.fromkeys(submission.present, "present")
    marks.update((entry.child, entry.mark) for entry in submission.absent)
    return marks


def _submission(version: int, event: DailyRollSubmitted) -> Submission:
    return Submission(
        version, event.author, event.submitted_at, event.settles_at, event.present, event.absent
    )


def _without_the_outdated(standing: tuple[Submission, ...], at: datetime) -> tuple[Submission, ...]:
    settled = [n for n, entry in enumerate(standing) if entry.settles_at <= at]
    return standing[settled[-1] :] if settled else standing
