"""The append of a log breaks off at every call it makes: nothing is half there, nothing is lost."""

import contextlib
import errno
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from services.audit.checks.logs import standing
from services.audit.proofs.tree import Edge, leaf_hash
from services.audit.subscriptions import ledgers
from shared import feed
from shared.subscription import Entry, deliver
from tests.integrity.conftest import LEDGER, Scene

HOW = ("EIO", "ENOSPC", "killed")
MOMENTS = ("before", "after")
SIZES = (1, 3, 7, 40, 2, 90, 5, 11, 250, 4)  # some of them cross the border of a tile
SHORT_ROUNDS, LONG_ROUNDS = 1, 12


@dataclass
class Trap:
    """Strikes once, at the n-th call to the database, before it is made or after it was."""

    at: int
    moment: str
    how: str
    calls: int = 0

    def strike(self, moment: str, connection: Any) -> None:
        if moment == MOMENTS[0]:
            self.calls += 1
        if (self.calls, moment) != (self.at, self.moment):
            return
        self.at = -1
        if self.how == "killed":
            connection.terminate()  # as the server sees a client that is gone
            raise ConnectionResetError(errno.ECONNRESET, "killed")
        raise OSError(getattr(errno, self.how), self.how)

    @property
    def struck(self) -> bool:
        return self.at == -1


@contextlib.contextmanager
def set_up(scene: Scene, trap: Trap) -> Iterator[None]:
    """The trap under each statement, each COPY and the commit."""
    engine, copy = scene.audit.engine.sync_engine, asyncpg.Connection.copy_records_to_table

    def raw(conn: Any) -> Any:
        return conn.connection.driver_connection

    def before(conn: Any, *_: Any) -> None:
        trap.strike("before", raw(conn))

    def after(conn: Any, *_: Any) -> None:
        trap.strike("after", raw(conn))

    async def copying(self: Any, *given: Any, **named: Any) -> Any:
        trap.strike("before", self)
        done = await copy(self, *given, **named)
        trap.strike("after", self)
        return done

    listening = (
        ("before_cursor_execute", before),
        ("after_cursor_execute", after),
        ("commit", before),
    )
    asyncpg.Connection.copy_records_to_table = copying
    for name, listener in listening:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listening:
            event.remove(engine, name, listener)
        asyncpg.Connection.copy_records_to_table = copy


async def _batch(scene: Scene, size: int) -> tuple[int, list[Entry]]:
    """What audit has, and the next entries, written now."""
    (log,) = await standing(scene.audit.engine)
    await scene.append(size)
    bodies = await feed.page(scene.producer.engine, LEDGER, log.size, size)
    entries = [
        Entry("casework", LEDGER, log.size + n, one.encode()) for n, one in enumerate(bodies, 1)
    ]
    return log.size, entries


async def _deliver(scene: Scene, entries: list[Entry]) -> None:
    assert await deliver(scene.audit.engine, ledgers()[0], "casework", entries) == []


async def _broken_off(scene: Scene, size: int, trap: Trap) -> bool:
    """One append that the trap breaks off, and the same again; whether it struck at all."""
    before, entries = await _batch(scene, size)
    with set_up(scene, trap), contextlib.suppress(Exception):
        await _deliver(scene, entries)
    if trap.how == "killed":
        await scene.audit.engine.dispose()  # whoever starts again has other connections
    (log,) = await standing(scene.audit.engine)
    assert log.size in (before, before + len(entries)), trap
    await _deliver(scene, entries)
    (log,) = await standing(scene.audit.engine)
    assert log.size == before + len(entries), trap
    return trap.struck


async def _everywhere(scene: Scene, rounds: int) -> int:
    """Every way at every call, until a call that an append no longer makes; how many struck."""
    sizes, struck = itertools.cycle(SIZES), 0
    for _, how, moment in itertools.product(range(rounds), HOW, MOMENTS):
        for at in itertools.count(1):
            if not await _broken_off(scene, next(sizes), Trap(at, moment, how)):
                break
            struck += 1
    assert await scene.whole() == []
    return struck


async def _is_the_producers(scene: Scene) -> bool:
    """Whether the log's root is that of as many bodies of the producer."""
    (log,) = await standing(scene.audit.engine)
    edge = Edge()
    while edge.size < log.size:
        bodies = await feed.page(
            scene.producer.engine, LEDGER, edge.size, min(400, log.size - edge.size)
        )
        edge = edge.extended(leaf_hash(one.encode()) for one in bodies)
    return edge.root() == log.root


async def test_an_append_that_breaks_off_is_whole_or_not_there(both: Scene) -> None:
    assert await _everywhere(both, SHORT_ROUNDS) >= 36
    assert await _is_the_producers(both)


@pytest.mark.long
async def test_an_append_that_breaks_off_at_five_hundred_points(both: Scene) -> None:
    assert await _everywhere(both, LONG_ROUNDS) >= 500
    assert await _is_the_producers(both)
