"""Who is the homeroom teacher of a class on a day."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A handover day is the newcomer's: `valid_to` is the first day that is no longer held.
HOMEROOMS = text(
    "select distinct on (klass) klass, staff from homeroom where klass = any(:classes)"
    " and valid_from <= :on and (valid_to is null or :on < valid_to)"
    " order by klass, valid_from desc"
)


async def homerooms(conn: AsyncConnection, classes: Sequence[UUID], on: date) -> dict[UUID, UUID]:
    """Class → person, for those classes that have one on that day."""
    rows = await conn.execute(HOMEROOMS, {"classes": list(classes), "on": on})
    return {row.klass: row.staff for row in rows}
