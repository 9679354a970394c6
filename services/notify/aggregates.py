"""How inboxes are stored."""

from services.notify.domain import inbox
from shared.event_store import Aggregate

INBOX = Aggregate(
    service="notify",
    prefix="inbox-",
    decider=inbox.INBOX,
    events=inbox.EVENTS,
    states=inbox.STATES,
    phase=inbox.phase,
)
