"""One command over several streams: decided together, appended in one transaction or not at all."""

from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.commands.records import Acting
from shared.edge import Edge
from shared.event import Circumstances
from shared.event_store import (
    RETRY_LIMIT,
    Batch,
    Conflict,
    Outcome,
    accepted,
    is_race,
)

QUEUE = text("select pg_advisory_xact_lock(hashtextextended(:stream, 0))")

# Loads and decides; what it writes beside the append shares its transaction.
Work = Callable[[AsyncConnection, Batch], Awaitable[str]]


async def submit(acting: Acting, work: Work) -> Outcome:
    """As `submit_batch`, for a command about a child's record."""
    return await submit_batch(acting.edge, acting.circumstances(), acting.record.stream, work)


async def submit_batch(edge: Edge, told: Circumstances, queue: str, work: Work) -> Outcome:
    """As `Edge.submit` for work over several streams; `work` answers the stream of the outcome.

    Raises StoreClosed, CommandRejected, Conflict, UnknownLedger, EventRefused.
    """
    edge.service.opening.require()
    with edge.service.metrics.append_seconds.time():
        outcome = await _execute(edge, told, queue, work)
    edge.service.waking.wake()
    if outcome.envelopes and not outcome.repeated:
        await edge.wait_for_boards(told.ledger, outcome.envelopes[-1].ledgerseq)
    return outcome


async def _execute(edge: Edge, told: Circumstances, queue: str, work: Work) -> Outcome:
    for attempt in range(RETRY_LIMIT):
        try:
            async with edge.service.engine.begin() as conn:
                if attempt:
                    # Losers of a race queue here, so that each is beaten a few times at the most.
                    await conn.execute(QUEUE, {"stream": queue})
                return await _once(conn, told, work)
        except IntegrityError as error:
            if not is_race(error) or attempt == RETRY_LIMIT - 1:
                raise
    raise AssertionError("the loop above returns or raises")


async def _once(conn: AsyncConnection, told: Circumstances, work: Work) -> Outcome:
    if earlier := await accepted(conn, told):
        last = earlier[-1]
        return Outcome(earlier, last.streamversion, None, repeated=True)
    batch = Batch(told)
    stream = await work(conn, batch)
    held = batch.held(stream)
    await batch.append(conn)
    return Outcome(await accepted(conn, told), held.version, held.state)


def expect(batch: Batch, stream: str, version: int | None) -> None:
    """Refuse a form that was drawn from an older version. Raises Conflict."""
    found = batch.held(stream).version
    if version is not None and version != found:
        raise Conflict(stream, version, found)
