"""Follows what shows that the eight systems run, the policy documents and the duty matrices."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.systems import note, proofs
from shared.rulebook import Rulebook
from shared.subscription import Entry, Subscription

NAME = "casework.running"
OWN_NAME = "casework.running_own"


def running(rulebook: Rulebook) -> tuple[Subscription, Subscription]:
    """Follows the other services, and casework's own store; which types count is the packs'."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        rules = await rulebook.rules(conn)
        await note(conn, entries, proofs(rules.packs.values()))

    return (
        Subscription(NAME, ("enrollment", "notify"), apply),
        Subscription(OWN_NAME, ("casework",), apply, own=True),
    )
