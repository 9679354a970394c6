"""The terms of a unit and those above it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The nearest unit's term of a code replaces those above it.
TERMS = text(
    "select term, name, opens_on, ends_on from term where unit = any(:units)"
    " and opens_on <= :last and ends_on >= :first"
    " order by array_position(cast(:units as text[]), unit) desc limit 1"
)


async def term_on(conn: AsyncConnection, units: Sequence[str], first: date, last: date) -> str:
    """The term that touches these days, as one line; empty without."""
    params = {"units": list(units), "first": first, "last": last}
    row = (await conn.execute(TERMS, params)).first()
    return f"{row.name.removesuffix('学期')}学期 {row.opens_on}—{row.ends_on}" if row else ""
