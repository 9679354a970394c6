"""Accounts of a demonstration: anybody signs in with a tap, where the data is simulated."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.founding import SIMULATED

CLEAR = text("delete from demo_account")
PUT = text(
    "insert into demo_account (account, place, name, role, tries)"
    " values (:account, :place, :name, :role, :tries)"
)
ALL = text("select account, name, role, tries from demo_account order by place")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRow:
    """`role`: what the person is and where; `tries`: what to try as them."""

    account: str
    name: str
    role: str
    tries: str


async def set_demo_accounts(conn: AsyncConnection, rows: Sequence[DemoRow]) -> None:
    """These and no others, in this order. The caller commits."""
    await conn.execute(CLEAR)
    for place, row in enumerate(rows):
        values = {"account": row.account, "name": row.name, "role": row.role, "tries": row.tries}
        await conn.execute(PUT, values | {"place": place})


async def demo_accounts(conn: AsyncConnection) -> list[DemoRow]:
    """None where the data is real, whatever the table says."""
    if not (await conn.execute(SIMULATED)).scalar_one():
        return []
    rows = await conn.execute(ALL)
    return [
        DemoRow(account=row.account, name=row.name, role=row.role, tries=row.tries) for row in rows
    ]
