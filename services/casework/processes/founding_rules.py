"""A county that is founded gets the shipped rules, and the timer that begins its periods."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import RULES
from services.casework.domain.rules import ActivatePolicyVersion
from services.casework.processes.duty_times import ensure_plans
from shared import clock
from shared.contracts.enrollment import CountyFounded
from shared.event import SYSTEM, Circumstances, Envelope
from shared.event_store import Batch, unanswered
from shared.founding import FOUNDING_TYPES, effect_id, found_ledgers
from shared.policy.day import business_day
from shared.policy.pack import seed_pack
from shared.subscription import Entry, Shape, Subscription

NAME = "casework.founding_rules"
BASIS = "随软件发布的种子规则，建县时启用"
SCHOOL_YEAR_MONTH = 9


def founding_rules(domain: str) -> Subscription:
    """Follows enrollment; `domain` is the deployment's, which ledgers are named after."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.seq == 1:  # CountyFounded, and nothing else, begins a ledger
                await found_ledgers(conn, domain, entry.ledger, "casework")
                await _activate(conn, entry)
        await ensure_plans(conn, await clock.now(conn))

    return Subscription(NAME, ("enrollment",), apply, Shape.PROCESS, types=FOUNDING_TYPES)


async def _activate(conn: AsyncConnection, entry: Entry) -> None:
    envelope = entry.envelope
    command_id = effect_id(NAME, entry)
    if not await unanswered(conn, entry.ledger, [command_id]):
        return
    founded = msgspec.json.decode(envelope.data, type=CountyFounded)
    stream = f"unit-{founded.code}"
    batch = Batch(
        Circumstances(
            ledger=entry.ledger,
            actor=SYSTEM,
            via="system",
            policy_version=seed_pack().version,
            command_id=command_id,
            now=envelope.recorded_at,
            causation_id=envelope.id,
            correlation_id=envelope.correlationid,
            cause_at=envelope.recorded_at,
        )
    )
    await batch.load(conn, RULES, [stream])
    command = ActivatePolicyVersion(
        unit=founded.code,
        pack=seed_pack().sha256,
        valid_from=shipped_from(envelope),
        basis=BASIS,
        now=envelope.recorded_at,
        founding=True,
    )
    batch.decide(stream, command, unitpath=envelope.unitpath, subject=None)
    await batch.append(conn)


def shipped_from(envelope: Envelope) -> date:
    """The school year before the founding's: rolls of that time, brought in later, have rules."""
    founded = business_day(envelope.recorded_at)
    year = founded.year if founded.month >= SCHOOL_YEAR_MONTH else founded.year - 1
    return date(year - 1, SCHOOL_YEAR_MONTH, 1)
