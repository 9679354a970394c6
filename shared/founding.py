"""Ledgers begin when a county is founded: enrollment writes it, every other service follows."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.topics import ACCESS_SUFFIX
from shared.subscription import Entry, Subscription

# The name space of the commands that process managers give; any constant does, for ever.
EFFECTS = UUID("9b3f0c52-6f0e-5d0a-9c3e-6a1d2b8f4e10")
FOUNDING_TYPES = frozenset(("enrollment.CountyFounded",))
FOUND = text("select found_ledger(:ledger, :origin)")
SIMULATED = text("select simulated from clock")


async def found_ledgers(conn: AsyncConnection, domain: str, code: str, service: str) -> None:
    """Create the county's two ledgers of one service; those that exist stay."""
    simulated = (await conn.execute(SIMULATED)).scalar_one()
    for ledger in (code, code + ACCESS_SUFFIX):
        origin = origin_of(domain, ledger, service, simulated=simulated)
        await conn.execute(FOUND, {"ledger": ledger, "origin": origin})


def origin_of(domain: str, ledger: str, service: str, *, simulated: bool) -> str:
    """The name of a ledger's log in all the world: what its checkpoints are signed for."""
    return f"{domain}/{ledger}/{service}" + ("/simulated" if simulated else "")


def founding(service: str, domain: str) -> Subscription:
    """Follows enrollment and creates this service's ledgers of each county."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.seq == 1:  # CountyFounded, and nothing else, begins a ledger
                await found_ledgers(conn, domain, entry.ledger, service)

    return Subscription(f"{service}.founding", ("enrollment",), apply, types=FOUNDING_TYPES)


def effect_id(subscription: str, entry: Entry, ordinal: int = 0) -> UUID:
    """The command id of a process manager's effect: the same for the same cause, for ever."""
    return uuid5(EFFECTS, f"{subscription}|{entry.source}|{entry.ledger}|{entry.seq}|{ordinal}")
