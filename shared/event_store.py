"""The event store: one command at a time, retried, deduplicated; what it appends is a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.batch import (
    APPEND,
    BATCH_LIMIT_EVENTS,
    Aggregate,
    Appended,
    Batch,
    Held,
    UnknownLedger,
    append,
    encode_state,
    load,
    restore,
)
from shared.decider import CommandRejected
from shared.event import Circumstances, Envelope, read

__all__ = [
    "APPEND",
    "BATCH_LIMIT_EVENTS",
    "Aggregate",
    "Appended",
    "Batch",
    "Conflict",
    "Held",
    "Order",
    "Outcome",
    "UnknownLedger",
    "accepted",
    "append",
    "encode_state",
    "execute",
    "execute_in",
    "is_race",
    "load",
    "restore",
    "unanswered",
]

RETRY_LIMIT = 20
UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
QUEUE = text("select pg_advisory_xact_lock(hashtextextended(:stream, 0))")
KNOWN = text("select distinct command from events where ledger = :ledger and command = any(:ids)")
BY_COMMAND = text(
    "select body from events where ledger = :ledger and command = :id order by ordinal"
)


class Conflict(Exception):
    """Somebody else wrote the stream since the form was drawn: `expected` against `found`."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        super().__init__(f"{stream}: drawn from version {expected}, now {found}")
        self.stream, self.expected, self.found = stream, expected, found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to. `repeated`: it had been accepted before, nothing was written now."""

    envelopes: list[Envelope]
    version: int
    state: Any
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command for one stream. `expected`: the stream version that the form was drawn from."""

    aggregate: Aggregate[Any, Any, Any]
    stream: str
    command: object
    circumstances: Circumstances
    unitpath: str
    subject: str | None = None
    expected: int | None = None
    settles_at: datetime | None = None


async def execute(engine: AsyncEngine, order: Order) -> Outcome:
    """One command in a transaction of its own, retried when another writer was faster.

    Raises CommandRejected, Conflict, UnknownLedger, EventRefused. A repeated command id is
    answered as it was before, also when the state would refuse it now.
    """
    for attempt in range(RETRY_LIMIT):
        try:
            async with engine.begin() as conn:
                if attempt:
                    # Losers of a race queue here, so that each is beaten a few times at the most.
                    await conn.execute(QUEUE, {"stream": order.stream})
                    if earlier := await accepted(conn, order.circumstances):
                        return await _repeated(conn, order, earlier)
                return await execute_in(conn, order)
        except IntegrityError as error:
            if not is_race(error) or attempt == RETRY_LIMIT - 1:
                raise
    raise AssertionError("the loop above returns or raises")


async def _repeated(conn: AsyncConnection, order: Order, earlier: list[Envelope]) -> Outcome:
    batch = Batch(order.circumstances)
    await batch.load(conn, order.aggregate, [order.stream])
    held = batch.held(order.stream)
    return Outcome(earlier, held.version, held.state, repeated=True)


async def execute_in(conn: AsyncConnection, order: Order) -> Outcome:
    """As `execute`, within the caller's transaction and without retrying."""
    batch = Batch(order.circumstances)
    await batch.load(conn, order.aggregate, [order.stream])
    held = batch.held(order.stream)
    try:
        if order.expected is not None and order.expected != held.version:
            raise Conflict(order.stream, order.expected, held.version)
        batch.decide(
            order.stream,
            order.command,
            unitpath=order.unitpath,
            subject=order.subject,
            settles_at=order.settles_at,
        )
    except (CommandRejected, Conflict):
        if earlier := await accepted(conn, order.circumstances):
            return Outcome(earlier, held.version, held.state, repeated=True)
        raise
    if not len(batch):
        earlier = await accepted(conn, order.circumstances)
        return Outcome(earlier, held.version, held.state, repeated=bool(earlier))
    await batch.append(conn)
    envelopes = await accepted(conn, order.circumstances)
    return Outcome(envelopes, held.version, held.state)


async def accepted(conn: AsyncConnection, circumstances: Circumstances) -> list[Envelope]:
    """The events that a command id has come to, in order; empty when it is unknown."""
    params = {"ledger": circumstances.ledger, "id": circumstances.command_id}
    return [read(row.body) for row in await conn.execute(BY_COMMAND, params)]


def is_race(error: IntegrityError) -> bool:
    """Whether a command id or a version was taken meanwhile: look again, then decide again."""
    state = getattr(error.orig, "sqlstate", None)
    return state in {UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION} and any(
        name in str(error.orig) for name in ("events_version", "events_command", "events_previous")
    )


async def unanswered(conn: AsyncConnection, ledger: str, command_ids: Sequence[UUID]) -> set[UUID]:
    """Those command ids that have come to nothing yet: what a process manager still has to do."""
    rows = await conn.execute(KNOWN, {"ledger": ledger, "ids": list(command_ids)})
    return set(command_ids) - {row.command for row in rows}
