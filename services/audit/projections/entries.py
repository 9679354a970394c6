"""What an entry's columns are, and whether a batch of entries follows on in its ledger."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.checkpoints import prefix_fits
from shared.event import Envelope
from shared.faults import PastRewritten
from shared.kafka import digest
from shared.subscription import Entry

# The subscriptions whose checkpoints say together what audit holds; its own come from its store.
LEDGERS = ("audit.ledger", "audit.ledger_own", "audit.ledger_own_access")

ENTRY_COLUMNS = (
    "ledger",
    "service",
    "seq",
    "body",
    "type",
    "stream",
    "subject",
    "unitpath",
    "recorded_at",
    "version",
)


class NotItsPlace(PastRewritten):
    """A body that names another ledger or sequence than the one it came as: it is not stored."""


def check_chain(entries: Sequence[Entry]) -> None:
    """Every record names the hash of the one before it, where its source told one."""
    last: dict[str, Entry] = {}
    for entry in entries:
        before = last.get(entry.ledger)
        if before and not prefix_fits(entry.previous, digest(before.body)):
            raise PastRewritten(f"{entry.source} {entry.ledger} at {before.seq}")
        last[entry.ledger] = entry


def row_of(entry: Entry) -> tuple[Any, ...]:
    """The columns of one entry, in the order of ENTRY_COLUMNS. Raises NotItsPlace."""
    envelope = entry.envelope
    service = entry.source.partition(".")[0]
    if (envelope.ledger, envelope.service, envelope.ledgerseq) != (
        entry.ledger,
        service,
        entry.seq,
    ):
        found = f"{envelope.source} {envelope.ledgerseq}"
        raise NotItsPlace(f"{entry.source} {entry.ledger} {entry.seq} says it is {found}")
    return (entry.ledger, service, entry.seq, entry.body, *_facts(envelope))


def _facts(envelope: Envelope) -> tuple[Any, ...]:
    return (
        envelope.type,
        envelope.stream,
        uuid_of(envelope.subject),
        envelope.unitpath,
        envelope.recorded_at,
        envelope.streamversion,
    )


def uuid_of(text: str | None) -> UUID | None:
    """The uuid that a text is, else None."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
