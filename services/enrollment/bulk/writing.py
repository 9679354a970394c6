"""A command in a transaction of its own: its streams, what goes with them, and the boards after."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.queries.rules import version_at
from shared.access_words import Right
from shared.decider import CommandRejected
from shared.edge import Edge, Moment, actor
from shared.event import Circumstances, Via
from shared.event_store import (
    QUEUE,
    RETRY_LIMIT,
    Aggregate,
    Batch,
    Conflict,
    Outcome,
    accepted,
    is_race,
)
from shared.rights import Viewer, require

T = TypeVar("T")
# After a bulk, what it wrote is read by the next step: boards may take longer than for one form.
BULK_WAIT_SECONDS = 120.0
BULK_POLL_SECONDS = 0.05

With = Callable[[AsyncConnection], Awaitable[None]]


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The rows in order, at most `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command for one stream; `expected`: the version that the form was drawn from."""

    aggregate: Aggregate[Any, Any, Any]
    stream: str
    command: object
    path: str
    subject: str | None = None
    expected: int | None = None
    settles_at: datetime | None = None


def circumstances(
    moment: Moment,
    viewer: Viewer,
    right: Right,
    ledger: str,
    path: str,
    *,
    command_id: UUID,
    via: Via,
    on_behalf_of: str | None = None,
) -> Circumstances:
    """Who acts under which grant and rules. Raises NotAllowed."""
    grant = require(viewer, right, path, moment.today)
    return Circumstances(
        ledger=ledger,
        actor=actor(viewer, grant, on_behalf_of),
        via=via,
        policy_version=version_at(moment.rules, path, moment.today),
        command_id=command_id,
        now=moment.now,
    )


async def write(
    edge: Edge,
    told: Circumstances,
    steps: Sequence[Step],
    *,
    before: With | None = None,
    after: With | None = None,
) -> Outcome:
    """All steps as one command, or none; `before` and `after` share their transaction.

    Raises CommandRejected, Conflict, UnknownLedger, EventRefused, StoreClosed. A repeated command
    id answers what it was answered, also when the state would refuse it now.
    """

    async def act(conn: AsyncConnection) -> Outcome:
        if before:
            await before(conn)
        outcome = await _decide_in(conn, told, steps)
        if after and outcome.envelopes and not outcome.repeated:
            await after(conn)
        return outcome

    with edge.service.metrics.append_seconds.time():
        outcome = await transact(edge, steps[0].stream, act)
    if outcome.envelopes and not outcome.repeated:
        await edge.wait_for_boards(told.ledger, outcome.envelopes[-1].ledgerseq)
    return outcome


async def transact(edge: Edge, stream: str, act: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """`act` in a transaction, again when another writer was faster; then the relay is woken."""
    edge.service.opening.require()
    for attempt in range(RETRY_LIMIT):
        try:
            async with edge.service.engine.begin() as conn:
                if attempt:
                    # Losers of a race queue here, so that each is beaten a few times at the most.
                    await conn.execute(QUEUE, {"stream": stream})
                result = await act(conn)
        except IntegrityError as error:
            if not is_race(error) or attempt == RETRY_LIMIT - 1:
                raise
        else:
            edge.service.waking.wake()
            return result
    raise AssertionError("the loop above returns or raises")


async def _decide_in(conn: AsyncConnection, told: Circumstances, steps: Sequence[Step]) -> Outcome:
    batch = Batch(told)
    await load(conn, batch, steps)
    first = batch.held(steps[0].stream)
    # Looked up first: a batch of several steps cannot be taken half back.
    if earlier := await accepted(conn, told):
        return Outcome(earlier, first.version, first.state, repeated=True)
    try:
        for step in steps:
            decide(batch, step)
    except (CommandRejected, Conflict):
        if earlier := await accepted(conn, told):
            return Outcome(earlier, first.version, first.state, repeated=True)
        raise
    if not len(batch):
        return Outcome([], first.version, first.state)
    await batch.append(conn)
    return Outcome(await accepted(conn, told), first.version, first.state)


async def load(conn: AsyncConnection, batch: Batch, steps: Sequence[Step]) -> None:
    """The streams of all steps, one query an aggregate."""
    for aggregate in {id(step.aggregate): step.aggregate for step in steps}.values():
        streams = [step.stream for step in steps if step.aggregate is aggregate]
        await batch.load(conn, aggregate, streams)


def decide(batch: Batch, step: Step, told: Circumstances | None = None) -> list[Any]:
    """Let one step decide, under other circumstances than the batch's if `told`."""
    held = batch.held(step.stream)
    if step.expected is not None and step.expected != held.version:
        raise Conflict(step.stream, step.expected, held.version)
    if told is not None:
        # Each command keeps its own actor and rules: a batch may speak for many teachers.
        batch.circumstances = told
    return batch.decide(
        step.stream,
        step.command,
        unitpath=step.path,
        subject=step.subject,
        command_id=told.command_id if told else None,
        settles_at=step.settles_at,
    )


async def boards_caught_up(edge: Edge, ledger: str, seq: int) -> bool:
    """Wait until the boards have reached `seq`, for as long as a bulk may take."""
    until = monotonic() + BULK_WAIT_SECONDS
    while monotonic() < until:
        if await edge.wait_for_boards(ledger, seq):
            return True
        await asyncio.sleep(BULK_POLL_SECONDS)
    return False
