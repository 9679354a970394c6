"""Whether `current` is what the streams' events fold to."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.upcast import NewerVersion
from shared.event import UNREADABLE, Envelope, read
from shared.event_store import Aggregate

# A fold holds a page of one query's bodies, however long the streams are.
FOLD_PAGE_ROWS = 2000

CURRENT = text(
    "select stream, version, seq, unitpath, state, doc from current"
    " where ledger = :ledger and stream = any(:streams)"
)
BODIES = text(
    "select stream, seq, body from events where ledger = :ledger and stream = any(:streams)"
    " order by stream, version"
)
# A state whose last event is not where it says was written by nobody who appended.
GHOSTS = text(
    "select c.stream, c.seq from current c left join events e on e.ledger = c.ledger"
    " and e.seq = c.seq and e.stream = c.stream and e.version = c.version"
    " where c.ledger = :ledger and e.seq is null order by c.seq limit :limit"
)
GHOSTS_LIMIT = 200


class Book(Protocol):
    """Where findings go."""

    @property
    def ledger(self) -> str: ...

    def add(
        self, seq: int | None, where: str, field: str, expected: object, found: object
    ) -> None: ...


async def current_of(
    conn: AsyncConnection,
    book: Book,
    aggregates: Sequence[Aggregate[Any, Any, Any]],
    last: Mapping[str, Envelope],
    upto: int,
    longest: int | None,
) -> None:
    """Check the states whose newest event is on this page; later ones belong to a later page."""
    params = {"ledger": book.ledger, "streams": list(last)}
    rows = {row.stream: row for row in await conn.execute(CURRENT, params)}
    here: dict[str, Row[Any]] = {}
    for stream, envelope in last.items():
        row = rows.get(stream)
        if row is None:
            book.add(envelope.ledgerseq, "current", "stream", stream, "missing")
        elif row.seq <= upto and _place_fits(row, envelope, book):
            here[stream] = row
    short = {n: row for n, row in here.items() if longest is None or row.version <= longest}
    await _fold(conn, book, aggregates, short)


def _place_fits(row: Row[Any], envelope: Envelope, book: Book) -> bool:
    before = (envelope.ledgerseq, envelope.streamversion, envelope.unitpath)
    found = (row.seq, row.version, row.unitpath)
    for column, a, b in zip(("seq", "version", "unitpath"), before, found, strict=True):
        if a != b:
            book.add(envelope.ledgerseq, "current", column, a, b)
    return before == found


async def _fold(
    conn: AsyncConnection,
    book: Book,
    aggregates: Sequence[Aggregate[Any, Any, Any]],
    rows: Mapping[str, Row[Any]],
) -> None:
    kinds = {name: found for name in rows if (found := aggregate_of(aggregates, name))}
    if not kinds:
        return
    states: dict[str, Any] = {name: kind.decider.initial for name, kind in kinds.items()}
    params = {"ledger": book.ledger, "streams": list(kinds)}
    found = await conn.stream(BODIES.execution_options(yield_per=FOLD_PAGE_ROWS), params)
    async for row in found:
        if row.stream in states and not _step(row, kinds[row.stream], states, book):
            del states[row.stream]
    for name, state in states.items():
        _compare(rows[name], kinds[name], state, book)


def _step(
    row: Row[Any], kind: Aggregate[Any, Any, Any], states: dict[str, Any], book: Book
) -> bool:
    """Whether the stream could take its next event."""
    try:
        event = kind.decode(read(row.body))
        states[row.stream] = kind.decider.evolve(states[row.stream], event)
    except NewerVersion:
        return False  # a newer release wrote it; that one can tell
    except Exception as error:
        # Whoever changed a body may have put anything there; folding says so and goes on.
        book.add(row.seq, "events", "body", "an event that can be read", type(error).__name__)
        return False
    return True


def aggregate_of(
    aggregates: Sequence[Aggregate[Any, Any, Any]], stream: str
) -> Aggregate[Any, Any, Any] | None:
    """The kind a stream is of, by its name."""
    return next((one for one in aggregates if stream.startswith(one.prefix)), None)


def _compare(row: Row[Any], kind: Aggregate[Any, Any, Any], state: Any, book: Book) -> None:
    if row.state != kind.phase(state):
        book.add(row.seq, "current", "state", kind.phase(state), row.state)
        return
    try:
        held = msgspec.json.decode(row.doc, type=kind.states[row.state])
    except msgspec.ValidationError:
        return  # an older release's shape: it is folded anew whenever it is read
    except UNREADABLE:
        held = None
    if held != state:
        book.add(row.seq, "current", "doc", "the fold of its events", "another state")


async def ghosts(conn: AsyncConnection, book: Book) -> None:
    """States of streams that end elsewhere, or that nobody ever wrote."""
    params = {"ledger": book.ledger, "limit": GHOSTS_LIMIT}
    for row in await conn.execute(GHOSTS, params):
        book.add(row.seq, "current", "seq", "the stream's last event", "none there")
