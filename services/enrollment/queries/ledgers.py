"""The counties' ledgers: which there are, and where they stand."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

HEADS = text("select ledger, last_seq from ledger where ledger = any(:ledgers)")
COUNTIES = text(
    "select l.ledger, u.name, u.path from ledger l join unit u on u.unit = l.ledger"
    " where l.ledger not like '%-access' order by l.ledger"
)
ANY = text("select exists (select 1 from ledger where last_seq > 0)")


async def ledger_heads(conn: AsyncConnection, ledgers: Sequence[str]) -> dict[str, int]:
    """The last sequence of each."""
    rows = await conn.execute(HEADS, {"ledgers": list(ledgers)})
    return {row.ledger: row.last_seq for row in rows}


async def counties(conn: AsyncConnection) -> list[tuple[str, str, str]]:
    """(code, name, path) of every county that was founded, by code."""
    return [(row.ledger, row.name, row.path) for row in await conn.execute(COUNTIES)]


async def any_county(conn: AsyncConnection) -> bool:
    """Whether anything was ever recorded here."""
    return bool((await conn.execute(ANY)).scalar_one())
