"""Before a store takes appends: is it the one that this service remembers?"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx2
import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import feed
from shared.feed import FeedClient, Head

log = structlog.get_logger()

REMEMBER_SECONDS = 5.0
RETRY_SECONDS = 2.0
IDENTITY = text(
    "select system_identifier::text as system, timeline_id as timeline"
    " from pg_control_system(), pg_control_checkpoint()"
)


class Memory(msgspec.Struct, frozen=True):
    """What was last seen of the store, kept outside it."""

    system: str
    timeline: int
    database: str
    heads: list[Head]


class StoreClosed(Exception):
    """The store is not the one remembered, and nobody can say what it lacks: no appends."""


@dataclass(slots=True)
class Opening:
    """Compares the store with what was remembered; `is_open` once it may take appends.

    A store whose heads reach what is remembered opens. One that stands below, or holds another body
    there, stays closed: healing from audit's bytes is an operator's step.
    """

    service: str
    engine: AsyncEngine
    home: Path
    audit: FeedClient
    is_open: bool = False
    why: str = "not yet compared with what is remembered"

    @property
    def file(self) -> Path:
        database = self.engine.url.database or self.service
        return self.home / "remembered" / f"{database}.json"

    def require(self) -> None:
        """Raises StoreClosed; every edge asks before it appends."""
        if not self.is_open:
            raise StoreClosed(self.why)

    async def wait_open(self) -> None:
        """Compare until the store may open; the world may have to come up first."""
        while not self.is_open:
            try:
                self.why = await self.compare()
                self.is_open = not self.why
            except Exception as error:
                self.why = f"{type(error).__name__}: {error}"[:200]
            if not self.is_open:
                log.warning("store_closed", reason=self.why)
                await asyncio.sleep(RETRY_SECONDS)

    async def compare(self) -> str:
        """Why the store must stay closed, or nothing."""
        memory = self._recall()
        now = await self._look()
        if memory is None or memory.database != now.database:
            return ""
        for head in memory.heads:
            reason = await self._missing(head, now)
            if reason:
                return reason
        return ""

    async def _missing(self, head: Head, now: Memory) -> str:
        found = {one.ledger: one for one in now.heads}.get(head.ledger)
        if found is None or found.seq < head.seq:
            at = found.seq if found else 0
            return (
                f"{head.ledger} stands at {at}, it had reached {head.seq}: restored from a backup?"
            )
        bodies = await feed.page(self.engine, head.ledger, head.seq - 1, 1) if head.seq else []
        if head.seq and feed.digest(bodies[0].encode()) != head.hash:
            return f"{head.ledger} holds another event at {head.seq} than the one remembered"
        return ""

    async def _look(self) -> Memory:
        async with self.engine.connect() as conn:
            row = (await conn.execute(IDENTITY)).one()
        heads = await feed.heads(self.engine)
        return Memory(row.system, row.timeline, self.engine.url.database or "", heads)

    def _recall(self) -> Memory | None:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Memory)
        except FileNotFoundError:
            return None

    async def remember(self) -> None:
        """For ever: keep the heads outside the database, written whole or not at all."""
        while True:
            try:
                self._write(await self._look())
            except (OSError, httpx2.HTTPError) as error:
                log.warning("cannot_remember_heads", reason=type(error).__name__)
            await asyncio.sleep(REMEMBER_SECONDS)

    def _write(self, memory: Memory) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(memory))
        fresh.replace(self.file)
