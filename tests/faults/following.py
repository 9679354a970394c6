"""A whole way in one process: relay, Kafka, follower with its sweep, feed, and what it saw."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import following
from shared.contracts.upcast import UPCASTERS, Data, raised
from shared.event_store import execute
from shared.following import Follower
from shared.kafka import Producer, broker, producer
from shared.reception import Reception
from shared.relay import Relay
from shared.subscription import Entry, Subscription
from shared.waking import Waking
from tests.faults.feeds import feed_of
from tests.faults.history import History
from tests.faults.running import World, caught_up, collect, until
from tests.spine.counter import Add, order

SWEEP_SECONDS = 0.3
READER = "reader.way"
SEE = text("insert into seen (reader, body) values (:reader, :body)")


@dataclass(slots=True)
class Reads:
    """Writes down what it applied. `knows`: the newest `dataversion` of this program."""

    knows: int = 1

    async def apply(self, conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        for one in entries:
            said = one.envelope
            raised(said.type, said.dataversion, bytes(said.data), self._upcasters(said.type))
            await conn.execute(SEE, {"reader": READER, "body": one.body.decode()})

    def _upcasters(self, type_name: str) -> Any:
        def same(data: Data) -> Data:
            return data

        return {**UPCASTERS, **{(type_name, n): same for n in range(1, self.knows)}}


@dataclass(slots=True)
class Way:
    """Everything between a store and a reader, running."""

    world: World
    follower: Follower
    reads: Reads
    relay: Relay
    producer: Producer
    relaying: asyncio.Task[None]
    history: History = field(default_factory=History)

    async def append(self, ledger: str, events: int = 1) -> None:
        """One command; what was answered is remembered."""
        wish = order(ledger=ledger, command=Add(events=events))
        outcome = await execute(self.world.store.engine, wish)
        self.history.acknowledge_all(outcome.envelopes)
        self.relay.waking.wake()

    async def arrive(self) -> None:
        await until(lambda: caught_up(self.world, [READER]))

    async def check(self) -> None:
        """Everything acknowledged was seen once and in order."""
        await self.arrive()
        await collect(self.world, self.history)
        print(self.history.report())
        assert self.history.faults() == []

    async def rest(self) -> None:
        """Until the relay has published all there is."""
        behind = text(
            "select count(*) from ledger l join published p using (ledger) where l.last_seq > p.seq"
        )

        async def published() -> bool:
            async with self.world.store.engine.connect() as conn:
                return (await conn.execute(behind)).scalar_one() == 0

        await until(published)


@contextlib.asynccontextmanager
async def way(world: World) -> AsyncIterator[Way]:
    made = producer(world.kafka)
    await made.start()
    relay = Relay(world.store.engine, "casework", world.prefix, made, Waking())
    reads = Reads()
    subscription = Subscription(READER, ("casework", "casework.access"), reads.apply)
    before, following.SWEEP_SECONDS = following.SWEEP_SECONDS, SWEEP_SECONDS
    async with feed_of(world.store.engine, Waking()) as client:
        follower = Follower(
            world.other.engine, "reader", subscription, {"casework": client}, Waking()
        )
        kafka = broker(world.kafka)
        Reception(follower.engine, [follower]).attach(kafka, world.prefix, READER)
        await kafka.start()
        relaying = asyncio.create_task(relay.run())
        sweeping = asyncio.create_task(follower.sweep())
        try:
            yield Way(world, follower, reads, relay, made, relaying)
        finally:
            following.SWEEP_SECONDS = before
            sweeping.cancel()
            relaying.cancel()
            await asyncio.gather(sweeping, relaying, return_exceptions=True)
            await kafka.stop()
            await made.stop()
