"""Stores the exact bytes of every ledger, in its order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.event import Envelope
from shared.faults import PastRewritten
from shared.kafka import digest
from shared.subscription import Entry, prefix_fits

# The subscriptions whose checkpoints say together what audit holds; its own come from its store.
LEDGERS = ("audit.ledger", "audit.ledger_own", "audit.ledger_own_access")

COLUMNS = (
    "ledger text",
    "service text",
    "seq bigint",
    "body bytea",
    "type text",
    "stream text",
    "subject uuid",
    "unitpath text",
    "occurred_at timestamptz",
    "recorded_at timestamptz",
    "actor text",
    "actorrole text",
    "onbehalfof text",
    "via text",
    "policyversion text",
)
INSERT = "insert into entry ({names}) select * from unnest({arrays})".format(
    names=", ".join(column.split()[0] for column in COLUMNS),
    arrays=", ".join(f"${n}::{column.split()[1]}[]" for n, column in enumerate(COLUMNS, 1)),
)


class NotItsPlace(PastRewritten):
    """A body that names another ledger or sequence than the one it came as: it is not stored."""


async def store_entries(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Keep at most a batch of new entries, byte for byte, each ledger without a hole.

    Raises NotItsPlace, PastRewritten; nothing of the batch is stored then.
    """
    check_chain(entries)
    rows = [row_of(entry) for entry in entries]
    await conn.exec_driver_sql(INSERT, tuple(map(list, zip(*rows, strict=True))))


def check_chain(entries: Sequence[Entry]) -> None:
    """Every record names the hash of the one before it, where its source told one."""
    last: dict[str, Entry] = {}
    for entry in entries:
        before = last.get(entry.ledger)
        if before and not prefix_fits(entry.previous, digest(before.body)):
            raise PastRewritten(f"{entry.source} {entry.ledger} at {before.seq}")
        last[entry.ledger] = entry


def row_of(entry: Entry) -> tuple[Any, ...]:
    """The columns of one entry, in the order of COLUMNS. Raises NotItsPlace."""
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
        datetime.fromisoformat(envelope.occurredat),
        envelope.recorded_at,
        envelope.actorid,
        envelope.actorrole,
        envelope.onbehalfof,
        envelope.via,
        envelope.policyversion,
    )


def uuid_of(text: str | None) -> UUID | None:
    """The uuid that a text is, else None."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
