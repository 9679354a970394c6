"""The audit database as the sealer's role sees it: logs to read, notes and refusals to add."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.audit.sealer.refusals import Refused
from shared.ledger_schema import async_url

# In `refusal`: no refusal of the sealer's own, but an operator's order to end a log.
FROZEN = "frozen"
LOCK = text("select pg_try_advisory_lock(hashtextextended('baoxue sealer', 0))")
LOGS = text("select origin, service, ledger, size, root, frozen_at from log order by origin")
NEWEST = text(
    "select distinct on (origin) origin, size, note from sealed"
    " order by origin, size desc, sealed_at desc"
)
INSERT = text(
    "insert into sealed (origin, size, root, note) values (:origin, :size, :root, :note)"
    " on conflict do nothing"
)
REFUSE = text(
    "insert into refusal (origin, kind, seq, expected, found)"
    " values (:origin, :kind, :seq, :expected, :found)"
)


class AnotherSealer(Exception):
    """Another process signs for this database; this one waits for its end."""


@dataclass(frozen=True, slots=True)
class Row:
    """A log as audit has it now. `root`: 32 bytes."""

    origin: str
    service: str
    ledger: str
    size: int
    root: bytes
    frozen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest note of an origin in the database."""

    origin: str
    size: int
    note: str


@dataclass(slots=True)
class Books:
    """One connection, which holds the lock that only one sealer can have, and writes through it.

    So a sealer that lost the lock with its connection can no longer write either.
    """

    url: str
    _engine: AsyncEngine = field(init=False)
    _conn: AsyncConnection | None = None

    def __post_init__(self) -> None:
        self._engine = create_async_engine(
            async_url(self.url), pool_size=1, max_overflow=0, isolation_level="AUTOCOMMIT"
        )

    async def hold(self) -> bool:
        """Whether the lock is new: then everything is compared anew. Raises AnotherSealer."""
        if self._conn is not None:
            return False
        self._conn = await self._engine.connect()
        [(held,)] = await self._run(LOCK)
        if not held:
            await self.release()
            raise AnotherSealer
        return True

    async def release(self) -> None:
        """Give connection and lock back, whatever state they are in."""
        conn, self._conn = self._conn, None
        if conn is not None:
            # A pooled connection would keep the lock.
            await conn.invalidate()
            await conn.close()

    async def close(self) -> None:
        await self.release()
        await self._engine.dispose()

    async def logs(self) -> list[Row]:
        return [Row(*row) for row in await self._run(LOGS)]

    async def newest(self) -> list[Sealed]:
        return [Sealed(*row) for row in await self._run(NEWEST)]

    async def add_note(self, origin: str, size: int, root: bytes, note: str) -> None:
        await self._run(INSERT, {"origin": origin, "size": size, "root": root, "note": note})

    async def add_refusal(self, refused: Refused) -> None:
        await self._run(REFUSE, refused.fields())

    async def order_freeze(self, origin: str, size: int, root: bytes, reason: str) -> None:
        """Tell audit, by an entry of its own kind, where an origin ends and why."""
        order = Refused(FROZEN, origin, size, expected=shown(root), found=reason)
        async with self._engine.connect() as conn:
            await conn.execute(REFUSE, order.fields())

    async def _run(self, statement: Any, params: dict[str, Any] | None = None) -> list[Any]:
        assert self._conn is not None, "hold() comes first"
        try:
            found = await self._conn.execute(statement, params or {})
            return list(found) if found.returns_rows else []
        except DBAPIError:
            await self.release()
            raise


def shown(root: bytes) -> str:
    """A root as a checkpoint has it."""
    return b64encode(root).decode()
