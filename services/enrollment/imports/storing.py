"""Storing an accepted file: its deeds in chunks, each a transaction that takes its rows away.

While one chunk is committed the next is read and sealed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import IMPORT
from services.enrollment.bulk.rolls import RollEntry, submit_rolls
from services.enrollment.bulk.writing import Step, boards_caught_up, circumstances
from services.enrollment.domain.importing import FinishImport, StartImport
from services.enrollment.domain.roll import Absent
from services.enrollment.imports import jobs, keeping
from services.enrollment.imports.charging import ROWS_A_REQUEST, send_charges
from services.enrollment.imports.deeds import (
    AnyDeed,
    PublishDays,
    PutCharge,
    PutRoll,
    decode,
)
from services.enrollment.imports.findings import Kept, Reported
from services.enrollment.imports.jobs import Job
from services.enrollment.imports.publishing import publish
from services.enrollment.imports.scope import RIGHTS
from services.enrollment.imports.steps import Sealing, steps_of
from shared.decider import CommandRejected
from shared.edge import Edge, Moment
from shared.event import Circumstances
from shared.event_store import Batch, Conflict, is_race, unanswered
from shared.rights import NotAllowed

log = structlog.get_logger()

# A fresh child is two events: this many deeds stay below 500 events a transaction.
DEEDS_A_CHUNK = 240
ROLLS_A_CHUNK = 100
LIMITS: dict[type, int] = {PutRoll: ROLLS_A_CHUNK, PublishDays: 1, PutCharge: ROWS_A_REQUEST}
RETRY_LIMIT = 20
NEXT = text(
    "select n, payload from import_row where import = :id and n > :after order by n limit :limit"
)
DONE = text("delete from import_row where import = :id and n = any(:numbers)")
COUNT = text(
    "update import_job set done = done + :n, touched_at = clock_timestamp() where import = :id"
)
HEAD = text("select last_seq from ledger where ledger = :ledger")

BEFORE_THE_FIRST = -1

Numbered = tuple[int, AnyDeed]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Deeds that are done in one way; none where nothing is left."""

    deeds: Sequence[Numbered]
    sealing: Sealing


async def store(edge: Edge, job: Job) -> None:
    """Everything that is left of an accepted file; called again after a crash it goes on."""
    assert job.ledger, "an accepted file has a county"
    key = await keeping.key_of(edge, job.id)
    await _start(edge, job)
    coming = asyncio.create_task(_next(edge, job, key, BEFORE_THE_FIRST))
    try:
        while (chunk := await coming).deeds:
            last, _ = chunk.deeds[-1]
            coming = asyncio.create_task(_next(edge, job, key, last))
            await _store_chunk(edge, job, chunk)
    finally:
        coming.cancel()
    await _finish(edge, job)


async def _next(edge: Edge, job: Job, key: bytes, after: int) -> Chunk:
    deeds = await _read(edge, job, key, after)
    return Chunk(deeds, await Sealing.of(edge, job.ledger or "", [deed for _, deed in deeds]))


async def _read(edge: Edge, job: Job, key: bytes, after: int) -> list[Numbered]:
    """The next deeds that are done in one way: rolls and calendars have ways of their own."""
    params = {"id": job.id, "after": after, "limit": DEEDS_A_CHUNK}
    async with edge.service.engine.connect() as conn:
        rows = (await conn.execute(NEXT, params)).all()
    deeds = [
        (row.n, decode(keeping.unbox(key, job.id, f"row {row.n}", bytes(row.payload))))
        for row in rows
    ]
    if not deeds:
        return []
    kind = _way(deeds[0][1])
    limit = LIMITS.get(kind, DEEDS_A_CHUNK)
    same = 0
    while same < min(len(deeds), limit) and _way(deeds[same][1]) is kind:
        same += 1
    return deeds[:same]


def _way(deed: AnyDeed) -> type:
    return type(deed) if type(deed) in LIMITS else object


async def _store_chunk(edge: Edge, job: Job, chunk: Chunk) -> None:
    deeds = chunk.deeds
    number, first = deeds[0]
    match first:
        case PutRoll():
            refused = await _rolls(edge, job, deeds)
        case PublishDays() as days:
            refused = await publish(edge, job, uuid5(job.id, str(number)), days)
        case PutCharge():
            charges = [deed for _, deed in deeds if isinstance(deed, PutCharge)]
            refused = await send_charges(edge, job, uuid5(job.id, str(number)), charges)
        case _:
            await _commands(edge, job, chunk)
            return
    async with edge.service.engine.begin() as conn:
        await _away(conn, job, [n for n, _ in deeds], refused)


async def _commands(edge: Edge, job: Job, chunk: Chunk) -> None:
    """One transaction: the events, and the rows they came from away. Repeated after a lost race."""
    for attempt in range(RETRY_LIMIT):
        try:
            async with edge.service.engine.begin() as conn:
                moment = await edge.moment(conn)
                told = _told(job, moment, job.id)
                refused = await _decide(conn, told, chunk, moment, job.id)
                await _away(conn, job, [n for n, _ in chunk.deeds], refused)
        except IntegrityError as error:
            if not is_race(error) or attempt == RETRY_LIMIT - 1:
                raise
        else:
            break
    edge.service.waking.wake()


async def _decide(
    conn: AsyncConnection,
    told: Circumstances,
    chunk: Chunk,
    moment: Moment,
    job: UUID,
) -> list[str]:
    """Append what the deeds decide; sentences of those refused since the report was made."""
    work = [
        (uuid5(job, str(n)), steps_of(deed, chunk.sealing, moment.now)) for n, deed in chunk.deeds
    ]
    batch = Batch(told)
    await _load(conn, batch, [step for _, steps in work for step in steps])
    open_ids = await unanswered(conn, told.ledger, [command for command, _ in work])
    refused: list[str] = []
    for command_id, steps in work:
        if command_id not in open_ids:
            continue
        try:
            for step in steps:
                batch.decide(
                    step.stream,
                    step.command,
                    unitpath=step.path,
                    subject=step.subject,
                    command_id=command_id,
                )
        except CommandRejected as refusal:
            refused.append(refusal.say)
    await batch.append(conn)
    return refused


async def _load(conn: AsyncConnection, batch: Batch, steps: Sequence[Step]) -> None:
    for aggregate in {id(step.aggregate): step.aggregate for step in steps}.values():
        streams = [step.stream for step in steps if step.aggregate is aggregate]
        await batch.load(conn, aggregate, streams)


async def _rolls(edge: Edge, job: Job, chunk: Sequence[Numbered]) -> list[str]:
    entries = [
        RollEntry(
            viewer=job.viewer,
            klass=deed.klass,
            on=deed.on,
            absent=tuple(Absent(child=one.child, mark=one.mark) for one in deed.away),
            command_id=uuid5(job.id, str(n)),
        )
        for n, deed in chunk
        if isinstance(deed, PutRoll)
    ]
    answers = await submit_rolls(edge, entries, via="import")
    return [_sentence(one.refused) for one in answers if one.refused]


def _sentence(refusal: CommandRejected | Conflict | NotAllowed) -> str:
    return str(getattr(refusal, "say", refusal))


def _told(job: Job, moment: Moment, command_id: UUID) -> Circumstances:
    assert job.ledger
    return circumstances(
        moment,
        job.viewer,
        RIGHTS[job.kind],
        job.ledger,
        job.path,
        command_id=command_id,
        via="import",
    )


async def _away(
    conn: AsyncConnection, job: Job, numbers: Sequence[int], refused: Sequence[str]
) -> None:
    await conn.execute(DONE, {"id": job.id, "numbers": list(numbers)})
    await conn.execute(COUNT, {"id": job.id, "n": len(numbers)})
    if refused:
        held = await jobs.get(conn, job.id)
        assert held and held.kept
        await jobs.change(conn, job.id, ("storing",), report=_with(held.kept, refused))


def _with(report: Kept, refused: Sequence[str]) -> str:
    """What was refused while storing, because the store changed since, joins the report."""
    late = [
        Reported(sheet="", cell="", column="", code="refused_while_storing", reason=say)
        for say in refused
    ]
    inner = msgspec.structs.replace(report.report, rejected=[*report.report.rejected, *late])
    return msgspec.json.encode(msgspec.structs.replace(report, report=inner)).decode()


async def _start(edge: Edge, job: Job) -> None:
    held = job.kept
    assert held
    moment = await edge.moment()
    command = StartImport(
        kind=job.kind,
        digest=job.digest,
        rows=max(held.report.accepted, 1),
        now=moment.now,
    )
    await _own_event(edge, job, moment, command, "start")


async def _finish(edge: Edge, job: Job) -> None:
    """ImportFinished, the report marked as stored, the boards caught up, the file forgotten."""
    assert job.ledger
    async with edge.service.engine.connect() as conn:
        current = await jobs.get(conn, job.id)
    assert current and current.kept
    report = current.kept.report
    new = report.accepted - report.changed - report.unchanged
    moment = await edge.moment()
    command: Any = FinishImport(
        new=new, changed=report.changed, unchanged=report.unchanged, now=moment.now
    )
    await _own_event(edge, job, moment, command, "finish")
    async with edge.service.engine.connect() as conn:
        seq = (await conn.execute(HEAD, {"ledger": job.ledger})).scalar_one()
    await boards_caught_up(edge, job.ledger, seq)
    stored = msgspec.structs.replace(report, stored=True)
    whole = msgspec.structs.replace(current.kept, report=stored)
    async with edge.service.engine.begin() as conn:
        await jobs.change(
            conn,
            job.id,
            ("storing",),
            state="done",
            report=msgspec.json.encode(whole).decode(),
        )
    log.info("import_done", kind=job.kind, rows=report.accepted)


async def _own_event(edge: Edge, job: Job, moment: Moment, command: Any, name: str) -> None:
    stream = f"{IMPORT.prefix}{job.id}"
    told = _told(job, moment, uuid5(job.id, name))
    async with edge.service.engine.begin() as conn:
        batch = Batch(told)
        await batch.load(conn, IMPORT, [stream])
        if await unanswered(conn, told.ledger, [told.command_id]):
            batch.decide(stream, command, unitpath=job.path, subject=None)
            await batch.append(conn)
    edge.service.waking.wake()
