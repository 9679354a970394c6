"""Single entries and the heads of all ledgers, from the stored bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.projections.entries import LEDGERS
from shared.contracts.topics import source_of
from shared.kafka import digest

BODY = text("select body from entry where ledger = :ledger and service = :service and seq = :seq")
BODIES = text(
    "select e.ledger, e.service, e.seq, e.body from entry e join"
    " unnest(cast(:ledgers as text[]), cast(:services as text[]), cast(:seqs as bigint[]))"
    " as u(ledger, service, seq) using (ledger, service, seq)"
)
PLACES = text(
    "select source, ledger, seq, hash from checkpoint where subscription = any(:names) and seq > 0"
    " order by ledger, source"
)
# Rows are counted and not only their highest number read: a row taken out would show.
HELD = text(
    "select service, ledger, count(*) as entries, max(seq) as last from entry"
    " where ledger = any(:ledgers) group by service, ledger"
)
LAST = text(
    "select recorded_at, body from entry"
    " where ledger = :ledger and service = :service and seq = :seq"
)


class Place(NamedTuple):
    """Where an entry stands."""

    ledger: str
    service: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    """What audit holds of one ledger: `whole` is 1..seq without a hole, up to the followed hash."""

    service: str
    ledger: str
    seq: int
    hash: str
    entries: int
    last_at: datetime | None
    whole: bool

    @property
    def source(self) -> str:
        return source_of(self.service, self.ledger)


async def body_at(conn: AsyncConnection, place: Place) -> bytes | None:
    """The exact bytes of one entry, or None where there is none."""
    found = (await conn.execute(BODY, place._asdict())).scalar()
    return None if found is None else bytes(found)


async def bodies_at(conn: AsyncConnection, places: Iterable[Place]) -> dict[Place, bytes]:
    """The exact bytes of several entries."""
    wanted = list(places)
    if not wanted:
        return {}
    ledgers, services, seqs = map(list, zip(*wanted, strict=True))
    params = {"ledgers": ledgers, "services": services, "seqs": seqs}
    rows = await conn.execute(BODIES, params)
    return {Place(row.ledger, row.service, row.seq): bytes(row.body) for row in rows}


async def held_ledgers(conn: AsyncConnection) -> list[str]:
    """Every ledger that audit holds something of."""
    rows = await conn.execute(PLACES, {"names": list(LEDGERS)})
    return list(dict.fromkeys(row.ledger for row in rows))


async def heads(conn: AsyncConnection, ledgers: Sequence[str]) -> list[LedgerHead]:
    """The heads of some ledgers, each compared with the checkpoint it was followed by."""
    places = (await conn.execute(PLACES, {"names": list(LEDGERS)})).all()
    rows = await conn.execute(HELD, {"ledgers": list(ledgers)})
    held = {(row.service, row.ledger): row for row in rows}
    found: list[LedgerHead] = []
    for place in places:
        if place.ledger in ledgers:
            service = place.source.partition(".")[0]
            row = held.get((service, place.ledger))
            params = {"ledger": place.ledger, "service": service, "seq": place.seq}
            last = (await conn.execute(LAST, params)).first()
            counted = row is not None and row.entries == place.seq == row.last
            fits = last is not None and digest(bytes(last.body)) == place.hash
            found.append(
                LedgerHead(
                    service=service,
                    ledger=place.ledger,
                    seq=place.seq,
                    hash=place.hash,
                    entries=row.entries if row else 0,
                    last_at=last.recorded_at if last else None,
                    whole=counted and fits,
                )
            )
    return found
