"""Many commands in one transaction: each with its own savepoint, its own guards and answer."""

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from shared.edge import Edge

T = TypeVar("T")
# A ledger's lock is held this long at the most: whoever else writes to the county waits.
COMMANDS_A_TRANSACTION = 100

Act = Callable[[Edge], Awaitable[T]]


class _Engine:
    """Stands where an engine stands: a transaction asked of it is a savepoint of the open one."""

    def __init__(self, joint: "Joint") -> None:
        self._joint = joint

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        conn = await self._joint.connection()
        async with conn.begin_nested():
            yield conn

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        yield await self._joint.connection()


@dataclass(slots=True)
class Joint:
    """Commands of one service, committed together by `commit`, or one by one where that fails.

    Not for two at once: a connection does one thing at a time.
    """

    edge: Edge
    _sharing: Edge = field(init=False)
    _conn: AsyncConnection | None = None
    _transaction: AsyncTransaction | None = None
    _acts: list[Act[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        service = copy.copy(self.edge.service)
        engine: Any = _Engine(self)
        service.engine = engine
        self._sharing = copy.copy(self.edge)
        self._sharing.service = service

    @property
    def _engine(self) -> AsyncEngine:
        return self.edge.service.engine

    async def connection(self) -> AsyncConnection:
        """The open transaction's; the first one asked for begins it."""
        if self._conn is None:
            self._conn = await self._engine.connect()
            self._transaction = await self._conn.begin()
        return self._conn

    async def run(self, act: Act[T]) -> T:
        """What `act` answers or raises. It may run a second time: it carries its command id."""
        try:
            answer = await act(self._sharing)
        except DBAPIError:
            await self._one_by_one()
            return await act(self.edge)
        self._acts.append(act)
        if len(self._acts) >= COMMANDS_A_TRANSACTION:
            await self.commit()
        return answer

    async def commit(self) -> None:
        """Everything that was accepted is stored now; the services are woken."""
        try:
            if self._transaction is not None:
                await self._transaction.commit()
        except DBAPIError:
            await self._one_by_one()
        finally:
            await self._close()
        self._acts.clear()
        self.edge.service.waking.wake()

    async def _one_by_one(self) -> None:
        """The transaction is lost, a deadlock perhaps: its commands again, each on its own."""
        await self._close()
        for act in self._acts:
            await act(self.edge)
        self._acts.clear()

    async def _close(self) -> None:
        conn, self._conn, self._transaction = self._conn, None, None
        if conn is not None:
            await asyncio.shield(conn.close())


@contextlib.asynccontextmanager
async def joined(edge: Edge) -> AsyncIterator[Joint]:
    """A Joint that is committed in the end, and rolled back when the block fails."""
    joint = Joint(edge)
    try:
        yield joint
        await joint.commit()
    finally:
        await joint._close()
