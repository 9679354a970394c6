"""Head lines of a county's producer logs, committed hourly and before every export of a case."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.export.records import commit_heads
from services.audit.ledger import logs
from services.audit.ledger.logs import Log, Seal
from services.audit.proofs.heads import HeadLine, heads_tree, in_order, subject_hash
from services.audit.proofs.tree import EMPTY
from shared.contracts.audit import HeadsOf
from shared.contracts.topics import ACCESS_SUFFIX, SERVICES
from shared.founding import origin_of
from shared.waking import Waking

log = structlog.get_logger()

PRODUCERS = tuple(name for name in SERVICES if name != "audit")
HOUR_SECONDS = 3600.0
LINES = text(
    "select subject::text as subject, stream, max(version) as version, max(seq) as seq,"
    " count(*) as events from entry where ledger = :ledger and service = :service"
    " and seq <= :size and subject is not null group by subject, stream"
)
SIMULATED = text("select simulated from clock")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A producer's log at a size that was signed (`seal` is None where nothing is logged yet)."""

    service: str
    ledger: str
    origin: str
    log: Log | None
    seal: Seal | None

    @property
    def size(self) -> int:
        return self.seal.size if self.seal else 0

    @property
    def root(self) -> bytes:
        return self.seal.root if self.seal else EMPTY


async def sealed_logs(conn: AsyncConnection, county: str, domain: str) -> list[Sealed]:
    """The county's producer logs as they were sealed last."""
    simulated = (await conn.execute(SIMULATED)).scalar_one()
    found: list[Sealed] = []
    for service in PRODUCERS:
        one = await logs.log_at(conn, county, service)
        named = origin_of(domain, county, service, simulated=simulated)
        origin = one.origin if one else named
        seal = await logs.newest_seal(conn, origin) if one and one.size else None
        found.append(Sealed(service, county, origin, one, seal))
    return found


async def own_origin(conn: AsyncConnection, county: str, domain: str) -> str:
    """The origin of audit's own log of the county, also before its first entry is followed."""
    own = await logs.log_at(conn, county, "audit")
    simulated = (await conn.execute(SIMULATED)).scalar_one()
    return own.origin if own else origin_of(domain, county, "audit", simulated=simulated)


async def lines_of(conn: AsyncConnection, one: Sealed) -> list[HeadLine]:
    """The head lines of the first `one.size` entries, in order."""
    params = {"ledger": one.ledger, "service": one.service, "size": one.size}
    rows = await conn.execute(LINES, params)
    return in_order(
        HeadLine(subject_hash(row.subject), row.stream, row.version, row.seq, row.events)
        for row in rows
    )


def heads_of(one: Sealed, lines: list[HeadLine]) -> HeadsOf:
    """What HeadsCommitted says of one log."""
    return HeadsOf(
        service=one.service,
        ledger=one.ledger,
        origin=one.origin,
        size=one.size,
        root=b64encode(one.root).decode(),
        heads_root=b64encode(heads_tree(lines).root()).decode(),
        streams=len(lines),
    )


async def commit(engine: AsyncEngine, county: str, domain: str) -> None:
    """Commit the heads of a county as it is sealed now."""
    async with engine.connect() as conn:
        found = await sealed_logs(conn, county, domain)
        lines: Mapping[str, list[HeadLine]] = {
            one.service: await lines_of(conn, one) for one in found
        }
    await commit_heads(engine, county, [heads_of(one, lines[one.service]) for one in found])


async def run(engine: AsyncEngine, waking: Waking, domain: str) -> None:
    """For ever, hourly: heads of every county where something moved."""
    while True:
        try:
            async with engine.connect() as conn:
                ledgers = {one.ledger for one in await logs.logs_of(conn)}
            for county in sorted(one for one in ledgers if not one.endswith(ACCESS_SUFFIX)):
                await commit(engine, county, domain)
            waking.wake()
        except Exception as error:  # the database may be away; the next hour tries again
            log.warning("heads_not_committed", reason=f"{type(error).__name__}: {error}"[:200])
        await asyncio.sleep(HOUR_SECONDS)
