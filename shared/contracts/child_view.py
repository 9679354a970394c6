"""What is known of a child: sealed fields, the class it sits in, and how it came there."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from shared.contracts import enrollment as e
from shared.contracts.entry import Entry
from shared.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    klass: UUID
    school: str
    grade: int
    seat: int | None
    on: date
    left_on: date | None = None
    left_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildView:
    """`fields` stay sealed; `enrollments` in recorded order, the current one not left.

    `village`: code of the unit that the household belongs to, as recorded last.
    """

    child: UUID | None = None
    fields: dict[str, Sealed]
    enrollments: tuple[Enrollment, ...] = ()
    village: str | None = None

    @property
    def current(self) -> Enrollment | None:
        """Where the child sits now: where it was enrolled last, unless it has left there."""
        last = self.enrollments[-1] if self.enrollments else None
        return last if last and last.left_on is None else None

    @property
    def klass(self) -> UUID | None:
        return self.current.klass if self.current else None

    @property
    def school(self) -> str | None:
        return self.current.school if self.current else None

    @property
    def seat(self) -> int | None:
        return self.current.seat if self.current else None


NO_CHILD = ChildView(fields={})


def child_after(view: ChildView, entry: Entry) -> ChildView:
    """The view after one more entry; the same object where it says nothing new."""
    match entry.data:
        case e.ChildRegistered(child=child, fields=fields):
            return replace(view, child=child, fields=view.fields | fields)
        case e.ChildChanged(child=child, fields=fields):
            return replace(view, child=child, fields=_changed(view.fields, fields))
        case e.StudentEnrolled() as enrolled:
            return replace(view, enrollments=(*_others(view, enrolled), _enrollment(enrolled)))
        case e.StudentLeftClass() as left:
            return replace(view, enrollments=tuple(_left(one, left) for one in view.enrollments))
        case e.ChildVillageRecorded(village=village):
            return replace(view, village=village)
        case _:
            return view


def _changed(known: dict[str, Sealed], changes: dict[str, Sealed | None]) -> dict[str, Sealed]:
    merged = known | changes
    return {name: value for name, value in merged.items() if value is not None}


def _others(view: ChildView, enrolled: e.StudentEnrolled) -> tuple[Enrollment, ...]:
    """A second enrollment in the class it already sits in is a new seat, not a second child."""
    return tuple(
        one for one in view.enrollments if one.left_on is not None or one.klass != enrolled.klass
    )


def _enrollment(enrolled: e.StudentEnrolled) -> Enrollment:
    return Enrollment(
        klass=enrolled.klass,
        school=enrolled.school,
        grade=enrolled.grade,
        seat=enrolled.seat,
        on=enrolled.on,
    )


def _left(one: Enrollment, left: e.StudentLeftClass) -> Enrollment:
    if one.klass != left.klass or one.left_on is not None:
        return one
    return replace(one, left_on=left.on, left_reason=left.reason)
