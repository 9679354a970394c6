"""The state of one stream, for a decision that needs a second one."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.batch import CURRENT, Aggregate, restore


async def state_of(
    conn: AsyncConnection, ledger: str, aggregate: Aggregate[Any, Any, Any], stream: str
) -> Any:
    """The aggregate's initial state where nothing was recorded."""
    rows = await conn.execute(CURRENT, {"ledger": ledger, "names": [stream]})
    row = rows.first()
    if row is None:
        return aggregate.decider.initial
    return (await restore(conn, ledger, aggregate, row)).state
