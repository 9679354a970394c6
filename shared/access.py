"""The access ledger: every reading of personal data, an event of the service that showed it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from shared.contracts import access
from shared.contracts.topics import ACCESS_SUFFIX
from shared.decider import Decider
from shared.event import Actor, Circumstances
from shared.event_store import Aggregate, Order, execute
from shared.rights import Viewer


@dataclass(frozen=True, slots=True)
class Reads:
    """How many readings an account's stream holds; nothing is ever refused."""

    count: int = 0


READS: Decider[access.Event, access.Event, Reads] = Decider(
    Reads(), lambda event, _reads: [event], lambda reads, _event: Reads(reads.count + 1)
)


def aggregate(service: str) -> Aggregate[access.Event, access.Event, Reads]:
    """The access aggregate of one service; the type's prefix tells who showed the page."""
    return Aggregate(
        service=service,
        prefix="access-",
        decider=READS,
        events=access.EVENTS,
        states={"Reads": Reads},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """Writes one service's readings; the county's ledger names the access ledger."""

    service: str
    engine: AsyncEngine

    async def write(
        self,
        ledger: str,
        event: access.Event,
        viewer: Viewer,
        actor: Actor,
        now: datetime,
        policy_version: str,
        command_id: UUID | None = None,
    ) -> int:
        """Append one reading to `ledger` (an access ledger); returns its sequence."""
        assert ledger.endswith(ACCESS_SUFFIX), ledger
        outcome = await execute(
            self.engine,
            Order(
                aggregate=aggregate(self.service),
                stream=f"access-{viewer.account}",
                command=event,
                circumstances=Circumstances(
                    ledger=ledger,
                    actor=actor,
                    via="web",
                    policy_version=policy_version,
                    command_id=command_id or uuid7(),
                    now=now,
                ),
                unitpath=ledger.removesuffix(ACCESS_SUFFIX),
                subject=viewer.staff,
            ),
        )
        return outcome.envelopes[-1].ledgerseq
