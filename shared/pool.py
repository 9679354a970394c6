"""Connections to a store: pooled, looked at again once they have rested; cheap single reads."""

import contextlib
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.ledger_schema import async_url

# A connection that was used within this time and whose server has not closed it is taken to be
# alive: asking it costs more than most reads.
RESTED_SECONDS = 30.0
RETURNED = "returned_at"


def pooled_engine(url: str, pool_size: int, max_overflow: int) -> AsyncEngine:
    """An engine whose connections survive a restart of the server, but for those in use."""
    engine = create_async_engine(async_url(url), pool_size=pool_size, max_overflow=max_overflow)

    def returned(_connection: Any, record: Any) -> None:
        record.info[RETURNED] = monotonic()

    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("closed by the server")
        since = record.info.get(RETURNED)
        if since is not None and monotonic() - since > RESTED_SECONDS:
            _look(engine, connection)

    event.listen(engine.sync_engine, "checkin", returned)
    event.listen(engine.sync_engine, "checkout", taken)
    return engine


def _look(engine: AsyncEngine, connection: Any) -> None:
    """DisconnectionError tells the pool to take another one."""
    dialect = engine.sync_engine.dialect
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


@contextlib.asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """For single reads that are asked often: one round trip, not three."""
    async with engine.connect() as raw:
        yield await raw.execution_options(isolation_level="AUTOCOMMIT")
