"""The edge of a service: how a request becomes a command or a recorded reading."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from time import time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from shared import clock
from shared.access import AccessLog
from shared.access_words import Purpose, Right
from shared.contracts import access
from shared.event import Actor, Circumstances, Via, business_day
from shared.event_store import Order, Outcome, execute
from shared.keyring import Keyring
from shared.pool import reading
from shared.reading import Opened, Reading
from shared.rights import Grant, Viewer, require
from shared.rulebook import Rulebook, Rules
from shared.service import Service
from shared.session import ALL_LEDGERS, sign_call
from shared.signing import Signer

# A person sees what they just did: the answer waits this long for the boards of the own store.
BOARDS_WAIT_SECONDS = 0.5
BOARDS_POLL_SECONDS = 0.01

BEHIND = text(
    "select count(*) from unnest(cast(:names as text[])) as s(name) left join checkpoint c"
    " on c.subscription = s.name and c.source = :source and c.ledger = :ledger"
    " where coalesce(c.seq, 0) < :seq"
)
LEDGER_OF = text("select ledger from ledger where ledger = :code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a request is judged by: the clock's time, the business day, the rules in force."""

    now: datetime
    rules: Rules

    @property
    def today(self) -> date:
        return business_day(self.now)


@dataclass(slots=True)
class Edge:
    """One a process, made by the composition root."""

    service: Service
    keyring: Keyring
    signer: Signer
    rulebook: Rulebook = field(default_factory=Rulebook)

    def call_token(self, audience: str) -> str:
        """A fresh token for calling another service about every ledger."""
        return sign_call(self.signer, audience, [ALL_LEDGERS], time())

    async def moment(self, conn: AsyncConnection | None = None) -> Moment:
        """Time and rules, from one look at the database."""
        if conn is not None:
            return Moment(now=await clock.now(conn), rules=await self.rulebook.rules(conn))
        async with self.service.engine.connect() as own:
            return await self.moment(own)

    def circumstances(
        self,
        moment: Moment,
        viewer: Viewer,
        grant: Grant,
        ledger: str,
        path: str,
        *,
        command_id: UUID,
        via: Via = "web",
        on_behalf_of: str | None = None,
    ) -> Circumstances:
        """Who acts under which grant and rules. Raises RulesMissing."""
        return Circumstances(
            ledger=ledger,
            actor=actor(viewer, grant, on_behalf_of),
            via=via,
            policy_version=moment.rules.pack(path, moment.today).version,
            command_id=command_id,
            now=moment.now,
        )

    async def submit(self, order: Order) -> Outcome:
        """Execute a command, wake the relay, and wait briefly for the own boards.

        Raises StoreClosed and whatever `execute` raises.
        """
        self.service.opening.require()
        with self.service.metrics.append_seconds.time():
            outcome = await execute(self.service.engine, order)
        self.service.waking.wake()
        if outcome.envelopes and not outcome.repeated:
            await self.wait_for_boards(order.circumstances.ledger, outcome.envelopes[-1].ledgerseq)
        return outcome

    async def wait_for_boards(self, ledger: str, seq: int) -> bool:
        """Whether every board of the own store reached `seq` in time."""
        names = [one.name for one in self.service.subscriptions if one.own]
        if not names:
            return True
        params = {"names": names, "source": self.service.name, "ledger": ledger, "seq": seq}
        try:
            async with asyncio.timeout(BOARDS_WAIT_SECONDS):
                while await self._behind(params):
                    await asyncio.sleep(BOARDS_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _behind(self, params: dict[str, object]) -> bool:
        async with reading(self.service.engine) as conn:
            return bool((await conn.execute(BEHIND, params)).scalar_one())

    def reading(
        self, viewer: Viewer, ledger: str, purpose: Purpose, page: str, today: date
    ) -> Reading:
        return Reading(viewer, ledger, purpose, page, self.keyring, on=today)

    async def record(
        self,
        reading: Reading,
        moment: Moment,
        grant: Grant,
        shape: Callable[[Opened], access.Event] = Opened.event,
    ) -> None:
        """Write the page's one access event before it is sent. Raises ReadingNotRecorded."""
        viewer = reading.viewer
        log = AccessLog(service=self.service.name, engine=self.service.engine)
        version = moment.rules.pack(reading.ledger, moment.today).version

        async def append(ledger: str, event: access.Event) -> int:
            who = actor(viewer, grant)
            return await log.write(ledger, event, viewer, who, moment.now, version, uuid7())

        if await reading.record(append, shape):
            self.service.waking.wake()


def actor(viewer: Viewer, grant: Grant, on_behalf_of: str | None = None) -> Actor:
    """The person (or, for an account without one, the account) under the grant acted in."""
    who = viewer.staff or viewer.account
    return Actor(id=who, role=grant.role, unit=grant.unit, on_behalf_of=on_behalf_of)


def allowed(viewer: Viewer, right: Right, path: str, moment: Moment) -> Grant:
    """The grant to act under. Raises NotAllowed."""
    return require(viewer, right, path, moment.today)


def ledger_of_path(path: str) -> str:
    """The county's ledger in a path `990000/990100/990101/…`: its third segment.

    Only for records that were born where they are; a record's own row says it for all others.
    """
    return path.split("/")[2]
