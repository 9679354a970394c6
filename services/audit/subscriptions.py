"""What audit follows: every ledger of every service, its own from its own store."""

from services.audit.projections.entries import LEDGERS, store_entries
from shared.contracts.topics import SERVICES
from shared.subscription import Shape, Subscription

OWN = "audit"


def ledgers() -> list[Subscription]:
    """Eight sources: those of the others as they come, the own two straight from the store."""
    others, own, own_access = LEDGERS
    sources = tuple(
        source for name in SERVICES if name != OWN for source in (name, f"{name}.access")
    )
    return [
        Subscription(others, sources, store_entries, Shape.LEDGER),
        Subscription(own, (OWN,), store_entries, Shape.LEDGER, own=True),
        Subscription(own_access, (f"{OWN}.access",), store_entries, Shape.LEDGER, own=True),
    ]
