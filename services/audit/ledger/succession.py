"""Ends a log that an operator had frozen at the sealer, and begins its successor."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.projections.rows import county_of
from services.audit.proofs.tree import EMPTY
from shared import clock
from shared.contracts.audit import IncidentRecorded
from shared.decider import Decider
from shared.event import SYSTEM, Circumstances
from shared.event_store import Aggregate, Order, execute_in
from shared.waking import Waking

log = structlog.get_logger()

LOOK_SECONDS = 2.0
FROZEN = "frozen"
# The name space of the commands that end logs; any constant does, for ever.
ENDS = UUID("5f5b0c8e-2f0f-5d6e-9a57-0b9d2c3f7a11")

# Only the sealer's role can put such an order there, and only its operator lets it.
ORDERS = text(
    "select distinct on (l.origin) l.ledger, l.service, l.generation, l.origin, r.seq, r.expected,"
    " r.found from refusal r join log l using (origin)"
    " where r.kind = :kind and l.frozen_at is null order by l.origin, r.id"
)
FREEZE = text(
    "update log set frozen_at = clock_timestamp() where origin = :origin and frozen_at is null"
    " returning size, root"
)
BEGIN = text(
    "insert into log (ledger, service, generation, origin, root)"
    " values (:ledger, :service, :generation, :origin, :root)"
)


@dataclass(frozen=True, slots=True)
class Incidents:
    """How many a county has had; nothing is ever refused."""

    count: int = 0


INCIDENTS: Aggregate[IncidentRecorded, IncidentRecorded, Incidents] = Aggregate(
    service="audit",
    prefix="incidents-",
    decider=Decider(
        Incidents(), lambda event, _before: [event], lambda before, _: Incidents(before.count + 1)
    ),
    events={"IncidentRecorded": IncidentRecorded},
    states={"Incidents": Incidents},
)


def successor_of(origin: str, generation: int) -> str:
    """`…/2` after the first, `…/3` after `…/2`."""
    first = origin.removesuffix(f"/{generation}") if generation > 1 else origin
    return f"{first}/{generation + 1}"


async def run(engine: AsyncEngine, waking: Waking) -> None:
    """For ever: obey what was ordered, each order once."""
    while True:
        try:
            if await succeed(engine):
                waking.wake()
        except Exception as error:  # the database may be away; the order stays where it is
            log.warning("succession_waits", reason=f"{type(error).__name__}: {error}"[:200])
        await asyncio.sleep(LOOK_SECONDS)


async def succeed(engine: AsyncEngine) -> list[str]:
    """Freeze every log that is ordered to end; the origins of their successors."""
    async with engine.connect() as conn:
        orders = (await conn.execute(ORDERS, {"kind": FROZEN})).all()
    begun: list[str] = []
    for order in orders:
        async with engine.begin() as conn:
            begun += await _end(conn, order)
    return begun


async def _end(conn: AsyncConnection, order: Any) -> list[str]:
    """In one transaction: the end, the incident that tells of it, and the beginning."""
    ended = (await conn.execute(FREEZE, {"origin": order.origin})).first()
    if ended is None:
        return []
    successor = successor_of(order.origin, order.generation)
    row = {"ledger": order.ledger, "service": order.service, "origin": successor}
    await conn.execute(BEGIN, {**row, "generation": order.generation + 1, "root": EMPTY})
    await execute_in(conn, await _incident(conn, order, successor))
    stood = f"{ended.size} {b64encode(bytes(ended.root)).decode()}"
    log.error("log_frozen", origin=order.origin, signed=order.seq, stood=stood, goes_on=successor)
    return [successor]


async def _incident(conn: AsyncConnection, order: Any, successor: str) -> Order:
    county = county_of(order.ledger)
    event = IncidentRecorded(
        kind="log_frozen",
        origin=order.origin,
        seq=order.seq,
        field="root",
        expected=order.expected,
        found=order.found,
        found_by="operator",
        successor=successor,
    )
    return Order(
        aggregate=INCIDENTS,
        stream=f"incidents-{county}",
        command=event,
        circumstances=Circumstances(
            ledger=county,
            actor=SYSTEM,
            via="system",
            policy_version="",
            command_id=uuid5(ENDS, order.origin),
            now=await clock.now(conn),
        ),
        unitpath=f"{county[:2]}0000/{county[:4]}00/{county}",
    )
