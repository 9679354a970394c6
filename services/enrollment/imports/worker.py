"""The loop that reads and stores: one import at a time, taken up again wherever it broke off."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from services.enrollment.imports import jobs, keeping
from services.enrollment.imports.checking import check
from services.enrollment.imports.storing import store
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.rights import NotAllowed

log = structlog.get_logger()

Work = Callable[[], Coroutine[Any, Any, None]]

POLL_SECONDS = 2.0
RETRY_SECONDS = 5.0
MAX_TRIES = 20
LOCK = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
UNLOCK = text("select pg_advisory_unlock(hashtextextended(:name, 0))")


class Bell:
    """Rung by an upload, so that nobody waits for the next look at the table."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()


def worker(edge: Edge, bell: Bell) -> Work:
    """A coroutine function that works for ever; every copy of the service may run one."""

    async def work() -> None:
        while True:
            try:
                await step(edge)
                await bell.wait(POLL_SECONDS)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # the world failed: what was begun is taken up again
                log.warning("import_waits", reason=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(RETRY_SECONDS)

    return work


async def step(edge: Edge) -> int:
    """Every import that is waiting, once; the number worked at. Forgets files nobody settled."""
    edge.service.opening.require()
    async with edge.service.engine.begin() as conn:
        waiting = await jobs.waiting(conn)
        stale = await jobs.give_up_stale(conn)
    for id in stale:
        keeping.forget_file(edge, id)
    for id in waiting:
        await work_at(edge, id)
    return len(waiting)


async def work_at(edge: Edge, id: UUID) -> None:
    """One import under its lock: another copy of the service leaves it alone meanwhile."""
    name = {"name": f"import-{id}"}
    async with edge.service.engine.connect() as conn:
        if not (await conn.execute(LOCK, name)).scalar_one():
            return
        await conn.commit()
        try:
            await _go_on(edge, id)
        finally:
            await conn.execute(UNLOCK, name)
            await conn.commit()


async def _go_on(edge: Edge, id: UUID) -> None:
    for wanted, act in (("reading", check), ("storing", store)):
        async with edge.service.engine.connect() as conn:
            job = await jobs.get(conn, id)
        if job is None or job.state != wanted:
            continue
        try:
            await act(edge, job)
        except (FileNotFoundError, CommandRejected, NotAllowed) as error:
            # It will never work: the file is gone, or its uploader lost the right meanwhile.
            log.warning("import_given_up", reason=type(error).__name__)
            async with edge.service.engine.begin() as conn:
                await jobs.change(conn, id, jobs.OPEN, state="given_up")
                await conn.execute(jobs.CLEAR_ROWS, {"id": id})
    async with edge.service.engine.connect() as conn:
        job = await jobs.get(conn, id)
    if job and job.state == "given_up":
        keeping.forget_file(edge, id)
