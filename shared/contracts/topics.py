"""Where a ledger travels: topics, their partitions and the headers beside each body."""

from collections.abc import Mapping
from zlib import crc32

PARTITIONS = 16
SERVICES = ("enrollment", "casework", "notify", "audit")
ACCESS_SUFFIX = "-access"

SUBJECT, SOURCE, LEDGER_SEQ, TYPE, PREVIOUS_HASH = (
    "ce_subject",
    "ce_source",
    "ce_ledgerseq",
    "ce_type",
    "ce_prevhash",
)
PREVIOUS_HASH_DIGITS = 16


def partition_of(ledger: str, moved: Mapping[str, int] | None = None) -> int:
    """The one partition of a ledger; `moved` is the producing store's table of exceptions."""
    if moved and ledger in moved:
        return moved[ledger]
    return crc32(ledger.encode()) % PARTITIONS


def is_access(ledger: str) -> bool:
    return ledger.endswith(ACCESS_SUFFIX)


def source_of(service: str, ledger: str) -> str:
    """The name under which consumers keep their place: `casework`, or `casework.access`."""
    return f"{service}.access" if is_access(ledger) else service


def topic_of(prefix: str, source: str) -> str:
    """`<prefix>casework.events`, and `<prefix>casework.access` for the access ledgers."""
    return f"{prefix}{source}" if source.endswith(".access") else f"{prefix}{source}.events"


def all_topics(prefix: str) -> list[str]:
    sources = [source for name in SERVICES for source in (name, f"{name}.access")]
    return [topic_of(prefix, source) for source in sources]
