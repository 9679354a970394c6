"""Batches: streams in memory, what their deciders decide, and the one statement that appends it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.upcast import raised
from shared.decider import Decider
from shared.event import Circumstances, Draft, Envelope, Placed, draft, read

C = TypeVar("C")
E = TypeVar("E")
S = TypeVar("S")

BATCH_LIMIT_EVENTS = 500
ONE_MICROSECOND = timedelta(microseconds=1)

APPEND = (
    "select first_seq, first_at from append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)"
)
CURRENT = text(
    "select stream, version, state, doc from current"
    " where ledger = :ledger and stream = any(:names)"
)
STREAM = text(
    "select body from events where ledger = :ledger and stream = :stream"
    " and version > :after order by version"
)


class UnknownLedger(LookupError):
    """No such ledger here: the county has not been founded, or this service has not read it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Generic[C, E, S]):
    """A decider and how it is stored.

    `events` and `states`: stored name → class; `phase` names a state's entry. `happened`: the
    business time of an event where that is not the command's `now` (a date: only the day is known).
    """

    service: str
    prefix: str
    decider: Decider[C, E, S]
    events: Mapping[str, type[Any]]
    states: Mapping[str, type[Any]]
    happened: Callable[[E], datetime | date | None] = lambda _event: None
    phase: Callable[[S], str] = lambda state: type(state).__name__

    def decode(self, envelope: Envelope) -> E:
        name = envelope.type.split(".", 1)[1]
        data = raised(envelope.type, envelope.dataversion, bytes(envelope.data))
        return msgspec.json.decode(data, type=self.events[name])

    def type_of(self, event: E) -> str:
        return f"{self.service}.{type(event).__name__}"


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a batch stands: its first sequence and time; the rest follow without gap."""

    first_seq: int
    count: int
    first_at: datetime

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.count - 1

    def at(self, index: int) -> datetime:
        return self.first_at + index * ONE_MICROSECOND


@dataclass(slots=True)
class Held(Generic[C, E, S]):
    """A stream in memory: its state at `version`; `place` of its last event in the batch, or 0."""

    aggregate: Aggregate[C, E, S]
    stream: str
    version: int
    state: S
    unitpath: str = ""
    place: int = 0


class Batch:
    """One append of one ledger: any number of commands on any number of streams."""

    def __init__(self, circumstances: Circumstances) -> None:
        self.circumstances = circumstances
        self.appended: Appended | None = None
        self._held: dict[str, Held[Any, Any, Any]] = {}
        self._drafts: list[Draft] = []
        self._ordinals: dict[UUID, int] = {}

    def __len__(self) -> int:
        return len(self._drafts)

    async def load(
        self, conn: AsyncConnection, aggregate: Aggregate[Any, Any, Any], streams: Iterable[str]
    ) -> None:
        """Bring the streams' states into memory, in one query."""
        wanted = [name for name in dict.fromkeys(streams) if name not in self._held]
        if not wanted:
            return
        ledger = self.circumstances.ledger
        rows = (await conn.execute(CURRENT, {"ledger": ledger, "names": wanted})).all()
        for row in rows:
            self._held[row.stream] = await restore(conn, ledger, aggregate, row)
        for name in wanted:
            initial = Held(aggregate, name, 0, aggregate.decider.initial)
            self._held.setdefault(name, initial)

    def held(self, stream: str) -> Held[Any, Any, Any]:
        return self._held[stream]

    def decide(
        self,
        stream: str,
        command: object,
        *,
        unitpath: str,
        subject: str | None,
        command_id: UUID | None = None,
        settles_at: datetime | None = None,
    ) -> list[Any]:
        """Let a loaded stream decide; its events join the batch. CommandRejected passes through."""
        held = self._held[stream]
        events = held.aggregate.decider.decide(command, held.state)
        circumstances = self.circumstances
        if command_id is not None:
            circumstances = replace(circumstances, command_id=command_id)
        for event in events:
            at = self._place(held, event, circumstances, unitpath, subject, settles_at)
            self._drafts.append(draft(event, at, circumstances))
            held.state = held.aggregate.decider.evolve(held.state, event)
            held.place = len(self._drafts)
        return events

    def _place(
        self,
        held: Held[Any, Any, Any],
        event: object,
        circumstances: Circumstances,
        unitpath: str,
        subject: str | None,
        settles_at: datetime | None,
    ) -> Placed:
        held.version += 1
        held.unitpath = unitpath
        ordinal = self._ordinals.get(circumstances.command_id, 0)
        self._ordinals[circumstances.command_id] = ordinal + 1
        return Placed(
            service=held.aggregate.service,
            stream=held.stream,
            version=held.version,
            ordinal=ordinal,
            type=held.aggregate.type_of(event),
            unitpath=unitpath,
            subject=subject,
            happened=held.aggregate.happened(event) or circumstances.now,
            settles_at=settles_at,
        )

    async def append(self, conn: AsyncConnection) -> Appended | None:
        """Write everything, or fail whole. Never commits. None when nothing was decided."""
        if not self._drafts:
            return None
        touched = [held for held in self._held.values() if held.place]
        self.appended = await append(conn, self.circumstances, self._drafts, touched)
        for held in touched:
            held.place = 0
        self._drafts = []
        return self.appended


async def restore(
    conn: AsyncConnection, ledger: str, aggregate: Aggregate[Any, Any, Any], row: Row[Any]
) -> Held[Any, Any, Any]:
    """A stream's state from its row in `current`, or from its events when its shape is older."""
    try:
        state = msgspec.json.decode(row.doc, type=aggregate.states[row.state])
    except (KeyError, msgspec.ValidationError):
        events = await load(conn, ledger, row.stream)
        state = aggregate.decider.fold(aggregate.decode(event) for event in events)
    return Held(aggregate, row.stream, row.version, state)


async def load(
    conn: AsyncConnection, ledger: str, stream: str, after_version: int = 0
) -> list[Envelope]:
    """The stream's envelopes in order, from the version after `after_version`."""
    params = {"ledger": ledger, "stream": stream, "after": after_version}
    return [read(row.body) for row in await conn.execute(STREAM, params)]


async def append(
    conn: AsyncConnection,
    circumstances: Circumstances,
    drafts: Sequence[Draft],
    touched: Sequence[Held[Any, Any, Any]],
) -> Appended:
    """The one statement. UnknownLedger; IntegrityError on a repeated command or a conflict."""
    columns = [list(column) for column in zip(*drafts, strict=True)]
    states = [
        (
            h.stream,
            h.version,
            h.place,
            h.unitpath,
            h.aggregate.phase(h.state),
            encode_state(h.state),
        )
        for h in touched
    ]
    current = [list(column) for column in zip(*states, strict=True)] or [[]] * 6
    params = (circumstances.ledger, circumstances.cause_at, *columns, *current)
    row = (await conn.exec_driver_sql(APPEND, params)).first()
    if row is None:
        raise UnknownLedger(circumstances.ledger)
    return Appended(row.first_seq, len(drafts), row.first_at)


def encode_state(state: object) -> str:
    return msgspec.json.encode(state).decode()
