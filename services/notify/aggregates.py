"""How inboxes and digests are stored."""

from services.notify.domain import digest, inbox
from shared.event_store import Aggregate

INBOX = Aggregate(
    service="notify",
    prefix="inbox-",
    decider=inbox.INBOX,
    events=inbox.EVENTS,
    states=inbox.STATES,
    phase=inbox.phase,
)
DIGESTS = Aggregate(
    service="notify",
    prefix="digest-",
    decider=digest.DIGESTS,
    events=digest.EVENTS,
    states=digest.STATES,
    phase=digest.phase,
)
