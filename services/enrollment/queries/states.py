"""The state of one stream, and what a command came to."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.batch import CURRENT, Aggregate, restore
from shared.event import Envelope, read
from shared.event_store import BY_COMMAND


async def state_of(
    conn: AsyncConnection, ledger: str, aggregate: Aggregate[Any, Any, Any], stream: str
) -> Any:
    """The aggregate's initial state where nothing was recorded."""
    rows = await conn.execute(CURRENT, {"ledger": ledger, "names": [stream]})
    row = rows.first()
    if row is None:
        return aggregate.decider.initial
    return (await restore(conn, ledger, aggregate, row)).state


async def recorded(conn: AsyncConnection, ledger: str, command_id: UUID) -> list[Envelope]:
    """The events of a command in order; empty where it came to nothing."""
    rows = await conn.execute(BY_COMMAND, {"ledger": ledger, "id": command_id})
    return [read(row.body) for row in rows]
