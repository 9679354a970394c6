"""What a check found, kept: as an incident in audit's own log, and where pages find it fast."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.ledger.succession import INCIDENTS
from services.audit.projections.rows import county_of, county_path
from shared import clock
from shared.contracts.audit import IncidentRecorded
from shared.event import SYSTEM, Circumstances
from shared.event_store import Order, UnknownLedger, execute
from shared.integrity import Finding
from shared.waking import Waking

log = structlog.get_logger()

Kind = Literal["tail", "full"]
# The name space of commands that record incidents; any constant does, for ever.
FOUND = UUID("0d1f1f0a-7f0f-5c15-8a2c-6f6a6e0b7d21")

KEEP = text(
    "insert into finding (ledger, service, seq, place, field, origin, expected, found, found_by,"
    " first_at, last_at) values (:ledger, :service, :seq, :place, :field, :origin, :expected,"
    " :found, :found_by, now(), now())"
    " on conflict (ledger, service, seq, place, field) do update set last_at = now(),"
    " expected = excluded.expected, found = excluded.found, cleared_at = null,"
    " first_at = case when finding.cleared_at is null then finding.first_at"
    " else now() end returning last_at = first_at as fresh"
)
# Only a check of the whole log can say that something is no longer there.
CLEAR = text(
    "update finding set cleared_at = clock_timestamp() where ledger = :ledger"
    " and service = :service and last_at < :began and cleared_at is null"
)
CHECKED = text(
    "insert into checked (kind, ledger, service, began_at, ended_at, entries, findings, away)"
    " values (:kind, :ledger, :service, :began, clock_timestamp(), :entries, :findings, :away)"
    " on conflict (kind, ledger, service) do update set began_at = excluded.began_at,"
    " ended_at = excluded.ended_at, entries = excluded.entries, findings = excluded.findings,"
    " away = excluded.away"
)
OPEN = text("select count(*) from finding where cleared_at is null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a check of one log came to; `began` on the machine's clock."""

    kind: Kind
    ledger: str
    service: str
    began: datetime
    entries: int
    findings: Sequence[Finding]
    away: str = ""


@dataclass(slots=True)
class Incidents:
    """Keeps findings; each place becomes an incident once, however often it is found."""

    engine: AsyncEngine
    waking: Waking

    async def keep(self, outcome: Outcome) -> None:
        async with self.engine.begin() as conn:
            fresh = [one for one in outcome.findings if await _keep(conn, one, outcome.kind)]
            place = {"ledger": outcome.ledger, "service": outcome.service}
            if outcome.kind == "full" and not outcome.away:
                await conn.execute(CLEAR, place | {"began": outcome.began})
            await conn.execute(
                CHECKED,
                place
                | {
                    "kind": outcome.kind,
                    "began": outcome.began,
                    "entries": outcome.entries,
                    "findings": len(outcome.findings),
                    "away": outcome.away,
                },
            )
        await self._tell(fresh, outcome.kind)

    async def _tell(self, fresh: Iterable[Finding], kind: Kind) -> None:
        for one in fresh:
            # Places and digests alone: what stands in a body is nobody's business in a log file.
            log.error(
                "tampering_found",
                service_of=one.service,
                ledger=one.ledger,
                seq=one.seq,
                place=one.where,
                field=one.field,
                by=kind,
            )
            try:
                await execute(self.engine, await self._order(one, kind))
            except (UnknownLedger, SQLAlchemyError) as error:
                log.error("incident_not_recorded", reason=type(error).__name__, seq=one.seq)
        self.waking.wake()

    async def _order(self, one: Finding, kind: Kind) -> Order:
        county = county_of(one.ledger)
        async with self.engine.connect() as conn:
            now = await clock.now(conn)
        event = IncidentRecorded(
            kind="tampered",
            origin=one.origin,
            seq=one.seq,
            field=f"{one.where}.{one.field}",
            expected=one.expected,
            found=one.found,
            found_by=kind,
            successor=None,
        )
        circumstances = Circumstances(
            ledger=county,
            actor=SYSTEM,
            via="system",
            policy_version="",
            command_id=_place_id(one),
            now=now,
        )
        return Order(
            aggregate=INCIDENTS,
            stream=f"incidents-{county}",
            command=event,
            circumstances=circumstances,
            unitpath=county_path(county),
        )


def _place_id(one: Finding) -> UUID:
    """The same place with the same digest there is the same incident."""
    place = (one.ledger, one.service, str(one.seq), one.where, one.field, one.found)
    return uuid5(FOUND, "/".join(place))


async def _keep(conn: AsyncConnection, one: Finding, kind: Kind) -> bool:
    """Whether the place is new."""
    row = {
        "ledger": one.ledger,
        "service": one.service,
        "seq": one.seq or 0,
        "place": one.where,
        "field": one.field,
        "origin": one.origin,
        "expected": one.expected,
        "found": one.found,
        "found_by": kind,
    }
    return bool((await conn.execute(KEEP, row)).scalar_one())


async def open_findings(engine: AsyncEngine) -> int:
    """How many places are not what the record says, as far as checks have seen."""
    async with engine.connect() as conn:
        return (await conn.execute(OPEN)).scalar_one()
