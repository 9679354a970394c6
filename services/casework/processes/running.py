"""Follows what shows that the eight systems run, the policy documents and the duty matrices."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.systems import DOCUMENT, MATRIX, note, proofs
from shared.rulebook import Rulebook
from shared.subscription import Entry, Subscription

NAME = "casework.running"
OWN_NAME = "casework.running_own"
KEPT = frozenset((DOCUMENT, MATRIX))


def running(rulebook: Rulebook) -> tuple[Subscription, Subscription]:
    """Follows the other services, and casework's own store; which types count is the packs'."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        rules = await rulebook.rules(conn)
        await note(conn, entries, proofs(rules.packs.values()))

    def types() -> frozenset[str] | None:
        """While the rules are fresh; else `apply` looks at them and sees for itself."""
        return KEPT | proofs(rules.packs.values()) if (rules := rulebook.fresh) else None

    return (
        Subscription(NAME, ("enrollment", "notify"), apply, types=types),
        Subscription(OWN_NAME, ("casework",), apply, own=True, types=types),
    )
