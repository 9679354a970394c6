"""What the integrity page is drawn from: logs with their seals, last checks, what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

FINDINGS_SHOWN = 50
CHECKS_SHOWN = 12

LOGS = text(
    "select l.ledger, l.service, l.origin, l.size, l.root, s.size as sealed_size, s.sealed_at,"
    " (select count(*) from refusal r where r.origin = l.origin and r.kind <> 'frozen')"
    " as refusals,"
    " (select count(*) from finding f where f.ledger = l.ledger and f.service = l.service)"
    " as incidents,"
    " (select min(f.seq) from finding f where f.ledger = l.ledger and f.service = l.service"
    " and f.cleared_at is null) as wrong,"
    " c.ended_at as checked_at, c.findings as checked_findings, c.away as checked_away,"
    " t.ended_at as tail_at"
    " from log l left join lateral (select size, sealed_at from sealed where origin = l.origin"
    " order by size desc, sealed_at desc limit 1) s on true"
    " left join checked c on c.kind = 'full' and c.ledger = l.ledger and c.service = l.service"
    " left join checked t on t.kind = 'tail' and t.ledger = l.ledger and t.service = l.service"
    " where l.frozen_at is null and l.ledger = any(:ledgers) order by l.ledger, l.service"
)
# A place was fine when a whole check began and ended before it was first found there.
FOUND = text(
    "select f.ledger, f.service, f.seq, f.place, f.field, f.expected, f.found, f.first_at,"
    " (select max(c.ended_at) from checked c where c.ledger = f.ledger and c.service = f.service"
    " and c.ended_at < f.first_at) as fine_at, count(*) over () as total"
    " from finding f where f.cleared_at is null and f.ledger = any(:ledgers)"
    " order by f.first_at, f.ledger, f.service, f.seq limit :limit"
)
CHECKS = text(
    "select kind, ledger, service, ended_at, entries, findings, away,"
    " extract(epoch from ended_at - began_at) as seconds from checked"
    " where ledger = any(:ledgers) order by ended_at desc"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Logs, open findings (the first ones) with how many there are, and ended checks."""

    logs: Sequence[Row[Any]]
    found: Sequence[Row[Any]]
    checks: Sequence[Row[Any]]
    now: datetime

    @property
    def more(self) -> int:
        return self.found[0].total - len(self.found) if self.found else 0


async def standing(conn: AsyncConnection, ledgers: Sequence[str]) -> Standing:
    """All that is known of the integrity of some ledgers; times are the machine's."""
    params = {"ledgers": list(ledgers)}
    logs = (await conn.execute(LOGS, params)).all()
    found = (await conn.execute(FOUND, params | {"limit": FINDINGS_SHOWN})).all()
    checks = (await conn.execute(CHECKS, params)).all()
    now = (await conn.execute(text("select clock_timestamp()"))).scalar_one()
    return Standing(logs, found, checks, now)


async def ledgers_of(conn: AsyncConnection) -> list[str]:
    """Every ledger that has a log."""
    rows = await conn.execute(text("select distinct ledger from log order by ledger"))
    return [row.ledger for row in rows]
