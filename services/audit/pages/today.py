"""The ledgers on a first page: size, last record, contiguous or not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from services.audit.pages.words import BOOKS
from services.audit.queries.entries import LedgerHead
from shared.contracts.topics import is_access
from shared.web.models.today import LedgerRow, LedgersPart


def ledgers_part(
    found: Sequence[LedgerHead], reach: Mapping[tuple[str, str], int], now: datetime
) -> LedgersPart:
    """One row a ledger; `behind` while the index has not reached its end."""
    return LedgersPart(rows=tuple(_row(one, reach) for one in found), checked_at=now)


def _row(one: LedgerHead, reach: Mapping[tuple[str, str], int]) -> LedgerRow:
    state: Literal["whole", "behind", "broken"] = "whole"
    if not one.whole:
        state = "broken"
    elif reach[one.source, one.ledger] < one.seq:
        state = "behind"
    return LedgerRow(
        name=f"{BOOKS[one.service]}{BOOKS['access'] if is_access(one.ledger) else ''}",
        source=f"{one.ledger}/{one.service}",
        entries=one.entries,
        last_at=one.last_at,
        state=state,
    )
