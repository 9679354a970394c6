"""One command over several streams: decided together, appended in one transaction or not at all."""

from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.commands.records import Acting
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
    """As `Edge.submit` for work over several streams; `work` answers the stream of the outcome.

    Raises StoreClosed, CommandRejected, Conflict, UnknownLedger, EventRefused.
    """
    edge = acting.edge
    edge.service.opening.require()
    with edge.service.metrics.append_seconds.time():
        outcome = await _execute(acting, work)
    edge.service.waking.wake()
    if outcome.envelopes and not outcome.repeated:
        await edge.wait_for_boards(acting.record.ledger, outcome.envelopes[-1].ledgerseq)
    return outcome


async def _execute(acting: Acting, work: Work) -> Outcome:
    for attempt in range(RETRY_LIMIT):
        try:
            async with acting.edge.service.engine.begin() as conn:
                if attempt:
                    # Losers of a race queue here, so that each is beaten a few times at the most.
                    await conn.execute(QUEUE, {"stream": acting.record.stream})
                return await _once(conn, acting, work)
        except IntegrityError as error:
            if not is_race(error) or attempt == RETRY_LIMIT - 1:
                raise
    raise AssertionError("the loop above returns or raises")


async def _once(conn: AsyncConnection, acting: Acting, work: Work) -> Outcome:
    circumstances = acting.circumstances()
    if earlier := await accepted(conn, circumstances):
        last = earlier[-1]
        return Outcome(earlier, last.streamversion, None, repeated=True)
    batch = Batch(circumstances)
    stream = await work(conn, batch)
    held = batch.held(stream)
    await batch.append(conn)
    return Outcome(await accepted(conn, circumstances), held.version, held.state)


def expect(batch: Batch, stream: str, version: int | None) -> None:
    """Refuse a form that was drawn from an older version. Raises Conflict."""
    found = batch.held(stream).version
    if version is not None and version != found:
        raise Conflict(stream, version, found)
