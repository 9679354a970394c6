"""The follower with places to die at, and two twins that break the rule it lives by."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.checkpoints import ADVANCE, CREATE, places
from shared.following import Follower
from shared.kafka import Broker, digest
from shared.reception import Reception
from shared.subscription import Entry


class Position(NamedTuple):
    """The `nth` time that it comes to `name`, it sends itself `signal`.

    taken: the batch is in hand; read: the checkpoint is known, nothing is written; applied: the
    effect is written, not committed; between: a twin has committed it, its checkpoint stands
    behind; committed: PostgreSQL knows, Kafka does not.
    """

    name: str
    nth: int
    signal: int


class Positions:
    """Counts where a process has been."""

    def __init__(self, fatal: Position | None) -> None:
        self._fatal = fatal
        self._been: dict[str, int] = {}

    def reach(self, name: str) -> None:
        self._been[name] = self._been.get(name, 0) + 1
        if self._fatal and self._fatal[:2] == (name, self._been[name]):
            os.kill(os.getpid(), self._fatal.signal)


@dataclass(slots=True, kw_only=True)
class Locked(Follower):
    """The real one."""

    positions: Positions = field(default_factory=lambda: Positions(None))
    subscriber: Any = None

    def follow_through(self, kafka: Broker, prefix: str) -> None:
        self.subscriber = Reception(self.engine, [self]).attach(kafka, prefix, self.name)

    async def hear(self, source: str, entries: Sequence[Entry]) -> Exception | None:
        self.positions.reach("taken")
        failed = await Follower.hear(self, source, entries)
        self.positions.reach("committed")
        return failed


@dataclass(slots=True, kw_only=True)
class AcknowledgesFirst(Locked):
    """Twin: tells Kafka before the effect is there."""

    async def hear(self, source: str, entries: Sequence[Entry]) -> Exception | None:
        await self.subscriber.consumer.commit()
        self.positions.reach("taken")
        async with self.engine.begin() as conn:
            await self.subscription.apply(conn, entries)
        self.positions.reach("committed")


@dataclass(slots=True, kw_only=True)
class CheckpointOutside(Locked):
    """Twin: reads its checkpoint without a lock and moves it after the effect is committed."""

    async def hear(self, source: str, entries: Sequence[Entry]) -> Exception | None:
        self.positions.reach("taken")
        at = await places(self.engine, self.subscription.name)
        fresh = [one for one in entries if one.seq > at.get((one.source, one.ledger), (0, ""))[0]]
        if not fresh:
            return
        async with self.engine.begin() as conn:
            await self.subscription.apply(conn, fresh)
        self.positions.reach("between")
        for one in {one.ledger: one for one in fresh}.values():
            await self._move(one)
        self.positions.reach("committed")

    async def _move(self, one: Entry) -> None:
        values = {
            "subscription": self.subscription.name,
            "source": one.source,
            "ledger": one.ledger,
            "ledgers": [one.ledger],
            "seq": one.seq,
            "hash": digest(one.body),
        }
        async with self.engine.begin() as conn:
            await conn.execute(CREATE, values)
            await conn.execute(ADVANCE, values)


KINDS = {
    "locked": Locked,
    "acknowledges first": AcknowledgesFirst,
    "checkpoint outside": CheckpointOutside,
}
