"""Who was in which class from when to when, leave, long runs, and names to be found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.projections.unnested import run, unnested
from shared.contracts import enrollment as c
from shared.event import Envelope

MEMBER = {
    "child": "uuid",
    "klass": "uuid",
    "ledger": "text",
    "seat": "int",
    "since": "date",
    "until": "date",
    "path": "text",
}
LEFT = unnested(
    {"child": "uuid", "klass": "uuid", "day": "date"},
    "update membership m set until = u.day",
    "where m.child = u.child and m.klass = u.klass and m.until is null",
)
# Enrolled again in the same class means another seat; only a new class is a new row.
STAYED = unnested(
    MEMBER,
    "with given as (select *",
    "), changed as (update membership m set seat = g.seat, until = g.until from given g"
    " where m.child = g.child and m.klass = g.klass and m.until is null returning m.child, m.klass)"
    f" insert into membership ({', '.join(MEMBER)}) select g.* from given g where not exists"
    " (select 1 from changed c where c.child = g.child and c.klass = g.klass)"
    " on conflict (child, klass, since) do update set seat = excluded.seat,"
    " until = excluded.until",
)
GRANT_LEAVE = text(
    "insert into leave_given (child, ledger, seq, kind, first_on, last_on, path)"
    " values (:child, :ledger, :seq, :kind, :first_on, :last_on, :path) on conflict do nothing"
)
END_LEAVE = text(
    "update leave_given set last_on = cast(:on as date) - 1"
    " where child = :child and first_on <= :on and last_on >= :on"
)
LONG_RUN = text(
    "insert into long_run (child, first_on, last_on, days, ended, ledger, seq, path)"
    " values (:child, :first_on, :last_on, :days, :ended, :ledger, :seq, :path)"
    " on conflict do nothing"
)
MOVE = (
    "update {table} set path = :path || substr(path, length(cast(:old as text)) + 1)"
    " where path = :old or path like :old || '/%'"
)
MOVED = ("membership", "roll_day", "absence", "leave_given", "long_run")


@dataclass(slots=True)
class Place:
    """A child's place in a class as the batch leaves it."""

    ledger: str
    seat: int | None
    since: date
    path: str
    until: date | None = None


@dataclass(slots=True)
class People:
    """What a batch says of places in classes; leave and runs are few and written as they come."""

    left: dict[tuple[UUID, UUID], date] = field(default_factory=dict)
    places: dict[tuple[UUID, UUID], Place] = field(default_factory=dict)
    rest: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    def take(self, event: object, envelope: Envelope) -> None:
        match event:
            case c.StudentEnrolled():
                place = Place(envelope.ledger, event.seat, event.on, envelope.unitpath)
                held = self.places.get((event.child, event.klass))
                if held and held.until is None:
                    place.since = held.since
                self.places[event.child, event.klass] = place
            case c.StudentLeftClass():
                held = self.places.get((event.child, event.klass))
                if held:
                    held.until = event.on
                else:
                    self.left[event.child, event.klass] = event.on
            case c.LeaveGranted():
                self.rest.append((GRANT_LEAVE, _values(event, envelope)))
            case c.LeaveEnded():
                self.rest.append((END_LEAVE, {"child": event.child, "on": event.on}))
            case c.AbsenceStreakExceeded():
                self.rest.append((LONG_RUN, _values(event, envelope)))
            case _:
                pass

    async def flush(self, conn: AsyncConnection) -> None:
        await run(conn, LEFT, [(*key, on) for key, on in self.left.items()])
        await run(conn, STAYED, self._placed())
        for statement, values in self.rest:
            await conn.execute(statement, values)

    def _placed(self) -> Iterator[Sequence[Any]]:
        for (child, klass), one in self.places.items():
            yield (child, klass, one.ledger, one.seat, one.since, one.until, one.path)


def _values(event: c.LeaveGranted | c.AbsenceStreakExceeded, envelope: Envelope) -> dict[str, Any]:
    names = ("child", "kind", "first_on", "last_on", "days", "ended")
    values = {name: getattr(event, name) for name in names if hasattr(event, name)}
    place = {"ledger": envelope.ledger, "seq": envelope.ledgerseq, "path": envelope.unitpath}
    return values | place


async def move(conn: AsyncConnection, event: c.UnitMoved, envelope: Envelope) -> None:
    """What lay below a unit lies below its new place; the envelope names the old one."""
    for table in MOVED:
        params = {"old": envelope.unitpath, "path": event.path}
        await conn.execute(text(MOVE.format(table=table)), params)
