"""Which village a child's household belongs to on any day: rows that follow enrollment's events."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import enrollment as e
from shared.subscription import Entry

FOLLOWED = frozenset((f"enrollment.{e.ChildVillageRecorded.__name__}",))
# What was recorded of a later day, before this was, is overruled: the ledger's order decides.
VOID = text("delete from child_village where child = :child and since >= :on")
END = text(
    "update child_village set until = cast(:on as date) - 1"
    " where child = :child and (until is null or until >= :on)"
)
BEGIN = text("insert into child_village (child, village, since) values (:child, :village, :on)")
ON = text(
    "select u.unit, u.path from child_village v join unit u on u.unit = v.village"
    " where v.child = :child and v.since <= :on and (v.until is null or v.until >= :on)"
)


async def project_villages(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    for entry in entries:
        event = msgspec.json.decode(entry.envelope.data, type=e.ChildVillageRecorded)
        values = {"child": event.child, "on": event.on}
        await conn.execute(VOID, values)
        await conn.execute(END, values)
        if event.village is not None:
            await conn.execute(BEGIN, values | {"village": event.village})


async def village_path(conn: AsyncConnection, child: UUID, on: date) -> str:
    """The path of the village's unit; empty where none is known, or it is not there."""
    row = (await conn.execute(ON, {"child": child, "on": on})).first()
    return row.path if row else ""
