"""Names of accounts: taken in the transaction that opens them, so that no two people share one."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Sorted, so that two imports with the same names do not wait for each other crosswise.
CLAIM = text(
    "insert into account_claim (account, staff)"
    " select * from unnest(cast(:accounts as text[]), cast(:staff as uuid[]))"
    " on conflict do nothing"
)
OWNERS = text("select account, staff from account_claim where account = any(:accounts)")


async def claim_accounts(conn: AsyncConnection, wanted: Mapping[str, UUID]) -> dict[str, UUID]:
    """Claim each account for its person; returns whose each one is."""
    if not wanted:
        return {}
    names = sorted(wanted)
    await conn.execute(CLAIM, {"accounts": names, "staff": [wanted[name] for name in names]})
    return {row.account: row.staff for row in await conn.execute(OWNERS, {"accounts": names})}
