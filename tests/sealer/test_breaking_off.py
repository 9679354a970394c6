"""The sealer breaks off at every call to its state and to the books: it goes on, never back."""

import errno
import itertools
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.audit.sealer import sealing
from services.audit.sealer.books import Books
from services.audit.sealer.sealing import Sealer
from tests.sealer.staging import County

HOW = ("EIO", "ENOSPC", "killed")
SHORT_POINTS, LONG_POINTS = 30, 500


class Killed(BaseException):
    """The process is gone: nothing of it runs on."""


@dataclass
class Trap:
    """Strikes once, at the n-th call."""

    at: int
    how: str
    calls: int = 0
    struck: bool = False
    where: list[str] = field(default_factory=list)

    def strike(self, where: str) -> None:
        self.calls += 1
        if self.calls != self.at:
            return
        self.struck = True
        self.where.append(where)
        if self.how == "killed":
            raise Killed
        if where.startswith("state"):
            full = {"EIO": "disk I/O error", "ENOSPC": "database or disk is full"}
            raise sqlite3.OperationalError(full[self.how])
        raise OSError(getattr(errno, self.how), self.how)


class Faulty:
    """The state's connection with the trap before each of its statements."""

    def __init__(self, db: sqlite3.Connection, trap: Trap) -> None:
        self.db, self.trap = db, trap

    def execute(self, statement: str, *given: Any) -> Any:
        self._strike(statement)
        return self.db.execute(statement, *given)

    def executemany(self, statement: str, *given: Any) -> Any:
        self._strike(statement)
        return self.db.executemany(statement, *given)

    def _strike(self, statement: str) -> None:
        try:
            self.trap.strike(f"state: {statement[:20]}")
        except Killed:
            self.db.close()  # what was not committed is gone
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


def _set(sealer: Sealer, trap: Trap, patch: pytest.MonkeyPatch) -> None:
    """The trap under the state, before and after each call to the books, and the trust file."""
    sealer.state._db = Faulty(sealer.state._db, trap)  # type: ignore[assignment]
    run, write = Books._run, sealing.write_trust

    async def running(self: Books, *given: Any) -> Any:
        trap.strike("books before")
        done = await run(self, *given)
        trap.strike("books after")
        return done

    def writing(*given: Any) -> None:
        trap.strike("trust")
        write(*given)

    patch.setattr(Books, "_run", running)
    patch.setattr(sealing, "write_trust", writing)


async def _broken_off(here: County, trap: Trap) -> None:
    """A sealer that the trap ends, or that passes it."""
    async with here.sealer() as sealer:
        with pytest.MonkeyPatch.context() as patch:
            _set(sealer, trap, patch)
            try:
                await sealer.look()
            except (Exception, Killed):
                assert trap.struck


async def _points(here: County, wanted: int) -> None:
    """Break off at each call in each way, with new events before; then look at what was signed."""
    struck, places = 0, set[str]()
    for how in itertools.cycle(HOW):
        for at in itertools.count(1):
            await here.write("casework", 1 + at % 3)
            trap = Trap(at, how)
            await _broken_off(here, trap)
            if not trap.struck:
                break
            struck += 1
            places.update(trap.where)
        await here.look()
        await _goes_on(here)
        if struck >= wanted:
            break
    assert {place.partition(" ")[0].rstrip(":") for place in places} >= {"state", "books"}


async def _goes_on(here: County) -> None:
    """All is signed, each size once, and nothing was ever refused."""
    mine = [one for one in await here.sealed() if one.origin.endswith("/casework")]
    assert max(one.size for one in mine) == len(await here.producers["casework"].bodies())
    roots = {(one.size, one.root) for one in mine}
    assert len(roots) == len({one.size for one in mine})
    assert await here.refusals() == []


async def test_broken_off_at_any_call_it_goes_on(here: County) -> None:
    await _points(here, SHORT_POINTS)


@pytest.mark.long
async def test_broken_off_at_five_hundred_points_it_goes_on(here: County) -> None:
    await _points(here, LONG_POINTS)
