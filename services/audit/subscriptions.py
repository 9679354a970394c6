"""What audit follows: every ledger of every service, its own from its own store."""

from services.audit.ledger.append import storing
from services.audit.projections.entries import LEDGERS
from shared.contracts.topics import SERVICES
from shared.settings import Settings
from shared.subscription import Shape, Subscription

OWN = "audit"
DOMAIN: str = Settings.model_fields["domain"].default


def ledgers(domain: str = DOMAIN) -> list[Subscription]:
    """Eight sources: those of the others as they come, the own two straight from the store.

    `domain` is the deployment's: origins of logs begin with it.
    """
    store = storing(domain)
    others, own, own_access = LEDGERS
    sources = tuple(
        source for name in SERVICES if name != OWN for source in (name, f"{name}.access")
    )
    return [
        Subscription(others, sources, store, Shape.LEDGER),
        Subscription(own, (OWN,), store, Shape.LEDGER, own=True),
        Subscription(own_access, (f"{OWN}.access",), store, Shape.LEDGER, own=True),
    ]
