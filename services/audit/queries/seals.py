"""Under which checkpoint an entry is sealed, and whether a check has found it changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.queries.entries import Place

State = Literal["sealed", "unsealed", "broken"]

# The first checkpoint that holds the entry: from then on nobody could change it unseen.
SEALS = text(
    "select u.ledger, u.service, u.seq, l.origin, s.size, s.sealed_at,"
    " exists (select 1 from finding f where f.ledger = u.ledger and f.service = u.service"
    " and f.seq = u.seq and f.place in ('entry', 'events') and f.cleared_at is null) as broken"
    " from unnest(cast(:ledgers as text[]), cast(:services as text[]), cast(:seqs as bigint[]))"
    " as u(ledger, service, seq)"
    " left join log l on l.ledger = u.ledger and l.service = u.service and l.frozen_at is null"
    " left join lateral (select size, sealed_at from sealed where origin = l.origin"
    " and size >= u.seq order by size, sealed_at limit 1) s on true"
)


@dataclass(frozen=True, slots=True)
class SealOf:
    """One entry's seal; `size` and `at` are those of its first checkpoint, None before it."""

    state: State
    origin: str
    size: int | None
    at: datetime | None


NOT_YET = SealOf("unsealed", "", None, None)


async def seals(conn: AsyncConnection, places: Iterable[Place]) -> dict[Place, SealOf]:
    """The seal of each place."""
    wanted = list(dict.fromkeys(places))
    if not wanted:
        return {}
    ledgers, services, seqs = map(list, zip(*wanted, strict=True))
    rows = await conn.execute(SEALS, {"ledgers": ledgers, "services": services, "seqs": seqs})
    return {
        Place(row.ledger, row.service, row.seq): SealOf(
            _state(broken=row.broken, size=row.size), row.origin or "", row.size, row.sealed_at
        )
        for row in rows
    }


def _state(*, broken: bool, size: int | None) -> State:
    if broken:
        return "broken"
    return "unsealed" if size is None else "sealed"
