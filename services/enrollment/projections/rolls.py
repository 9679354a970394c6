"""The board of rolls and absences, filled from the own store many events at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import ROLL, roll_stream
from services.enrollment.domain.roll import Submission, Taken
from services.enrollment.projections.unnested import run, unnested
from shared.contracts import enrollment as c
from shared.event import Envelope, read

BoardKey = tuple[UUID, date]

ROLL_COLUMNS = {
    "klass": "uuid",
    "day": "date",
    "ledger": "text",
    "school": "text",
    "path": "text",
    "version": "int",
    "submission": "int",
    "expected": "int",
    "present": "int",
    "author": "text",
    "submitted_at": "timestamptz",
    "settles_at": "timestamptz",
    "corrected": "bool",
    "recalled_at": "timestamptz",
}
PUT_ROLL = unnested(
    ROLL_COLUMNS,
    f"insert into roll_day ({', '.join(ROLL_COLUMNS)}) select *",
    "on conflict (klass, day) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in list(ROLL_COLUMNS)[4:]),
)
PUT_MISSING = unnested(
    {
        "klass": "uuid",
        "day": "date",
        "ledger": "text",
        "school": "text",
        "path": "text",
        "version": "int",
        "missing_at": "timestamptz",
    },
    "insert into roll_day (klass, day, ledger, school, path, version, missing_at) select *",
    "on conflict (klass, day) do update set missing_at = excluded.missing_at,"
    " version = greatest(roll_day.version, excluded.version)",
)
UNMARK = unnested(
    {"klass": "uuid", "day": "date"},
    "update absence set roll_mark = null, reason = null",
    "where absence.klass = u.klass and absence.day = u.day",
)
ABSENCE = {
    "child": "uuid",
    "day": "date",
    "klass": "uuid",
    "ledger": "text",
    "school": "text",
    "path": "text",
}
MARK = unnested(
    ABSENCE | {"roll_mark": "text", "reason": "text"},
    f"insert into absence ({', '.join(ABSENCE)}, roll_mark, reason) select *",
    "on conflict (child, day) do update set klass = excluded.klass, path = excluded.path,"
    " school = excluded.school, roll_mark = excluded.roll_mark, reason = excluded.reason",
)
SETTLE = unnested(
    ABSENCE | {"settled_mark": "text"},
    f"insert into absence ({', '.join(ABSENCE)}, settled_mark) select *",
    "on conflict (child, day) do update set settled_mark = excluded.settled_mark",
)
STORY = text(
    "select body from events where ledger = :ledger and stream = :stream and version <= :version"
    " order by version"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of a roll after its stream's `version`; `standing` None: recalled."""

    ledger: str
    path: str
    version: int
    standing: Submission | None
    corrected: bool = False
    recalled_at: datetime | None = None

    @property
    def school(self) -> str:
        return self.path.split("/")[-2]


@dataclass(slots=True)
class Rolls:
    """What a batch says of rolls and absences: the last word for each class and day."""

    rolls: dict[BoardKey, Standing] = field(default_factory=dict)
    recalled: dict[BoardKey, Envelope] = field(default_factory=dict)
    missing: dict[BoardKey, Standing] = field(default_factory=dict)
    settled: dict[tuple[UUID, date], tuple[UUID, str, str, str]] = field(default_factory=dict)
    missing_at: dict[BoardKey, datetime] = field(default_factory=dict)

    def take(self, event: object, envelope: Envelope) -> None:
        ledger, path = envelope.ledger, envelope.unitpath
        match event:
            case c.DailyRollSubmitted():
                self.recalled.pop((event.klass, event.on), None)
                self.rolls[event.klass, event.on] = _submitted(event, envelope)
            case c.DailyRollRecalled():
                self.rolls.pop((event.klass, event.on), None)
                self.recalled[event.klass, event.on] = envelope
            case c.DailyRollMissing():
                place = Standing(ledger, path, envelope.streamversion, None)
                self.missing[event.klass, event.on] = place
                self.missing_at[event.klass, event.on] = event.cut_off_at
            case c.StudentAbsent():
                self.settled[event.child, event.on] = (event.klass, ledger, path, event.mark)
            case c.AttendanceCorrected():
                self.settled[event.child, event.on] = (event.klass, ledger, path, event.now)
            case c.AbsenceEnded():
                self.settled[event.child, event.on] = (event.klass, ledger, path, "present")
            case _:
                pass

    async def flush(self, conn: AsyncConnection) -> None:
        for key, envelope in self.recalled.items():
            self.rolls[key] = await _after_recall(conn, key, envelope)
        await run(conn, PUT_ROLL, (_roll_row(key, one) for key, one in self.rolls.items()))
        await run(conn, PUT_MISSING, self._missing_rows())
        await run(conn, UNMARK, self.rolls)
        await run(conn, MARK, _marks(self.rolls))
        await run(conn, SETTLE, self._settled_rows())

    def _missing_rows(self) -> Iterator[tuple[Any, ...]]:
        for key, one in self.missing.items():
            place = (one.ledger, one.school, one.path, one.version)
            yield (*key, *place, self.missing_at[key])

    def _settled_rows(self) -> Iterator[tuple[Any, ...]]:
        for (child, day), (klass, ledger, path, mark) in self.settled.items():
            yield (child, day, klass, ledger, path.split("/")[-2], path, mark)


def _submitted(event: c.DailyRollSubmitted, envelope: Envelope) -> Standing:
    submission = Submission(
        envelope.streamversion,
        event.author,
        event.submitted_at,
        event.settles_at,
        tuple(event.present),
        tuple(event.absent),  # type: ignore[arg-type]  # the contract's have the same fields
    )
    corrected = event.corrects is not None
    return Standing(
        envelope.ledger, envelope.unitpath, envelope.streamversion, submission, corrected
    )


async def _after_recall(conn: AsyncConnection, key: BoardKey, envelope: Envelope) -> Standing:
    """A recalled correction leaves what it corrected: only the stream knows it."""
    params = {
        "ledger": envelope.ledger,
        "stream": roll_stream(*key),
        "version": envelope.streamversion,
    }
    bodies = [read(row.body) for row in await conn.execute(STORY, params)]
    state = ROLL.decider.fold(ROLL.decode(body) for body in bodies)
    standing = state.latest if isinstance(state, Taken) else None
    return Standing(
        envelope.ledger,
        envelope.unitpath,
        envelope.streamversion,
        standing,
        isinstance(state, Taken) and len(state.standing) > 1,
        None if standing else envelope.recorded_at,
    )


def _roll_row(key: BoardKey, one: Standing) -> tuple[Any, ...]:
    place = (*key, one.ledger, one.school, one.path, one.version)
    sent = one.standing
    if sent is None:
        return (*place, None, None, None, None, None, None, False, one.recalled_at)
    expected = len(sent.present) + len(sent.absent)
    said = (sent.version, expected, len(sent.present), sent.author)
    return (*place, *said, sent.submitted_at, sent.settles_at, one.corrected, None)


def _marks(rolls: dict[BoardKey, Standing]) -> Sequence[tuple[Any, ...]]:
    return [
        (one.child, day, klass, roll.ledger, roll.school, roll.path, one.mark, one.reason)
        for (klass, day), roll in rolls.items()
        if roll.standing
        for one in roll.standing.absent
    ]
