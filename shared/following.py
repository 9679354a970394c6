"""One subscription in one process: Kafka is the fast path, the feed heals what it lost."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.checkpoints import places
from shared.contracts.topics import source_of
from shared.contracts.upcast import NewerVersion
from shared.event import read
from shared.faults import NotNow, ParkedTooMany, PastRewritten, UpgradeNeeded
from shared.feed import FeedClient, FeedRewritten
from shared.subscription import BATCH_LIMIT_EVENTS, Entry, Gap, Shape, Subscription, deliver
from shared.waking import Ear, Waking

log = structlog.get_logger()

SWEEP_SECONDS = 30.0
RETRY_SECONDS = 1.0
HALTED_SECONDS = 5.0

# What stops one ledger and no other, until something outside has changed.
WAITS = (NotNow, NewerVersion, PastRewritten, FeedRewritten)


@dataclass(slots=True)
class Follower:
    """Runs one subscription in one process; any number of copies may."""

    engine: AsyncEngine
    service: str
    subscription: Subscription
    feeds: Mapping[str, FeedClient]
    waking: Waking
    state: str = "starting"
    strangers: int = 0
    healed: int = 0
    lag: int = 0
    waiting: dict[tuple[str, str], str] = field(default_factory=dict)
    # Heard when something was left out: the sweep fetches it.
    _missed: Ear = field(default_factory=Ear)
    _failing: Exception | None = None
    _unreached: bool = False

    @property
    def name(self) -> str:
        return self.subscription.name

    async def hear(self, source: str, entries: Sequence[Entry]) -> Exception | None:
        """Take a batch of one source. Whatever cannot be taken now is left to the sweep.

        Answers what failed, if the whole subscription did: a ledger that waits is no failure.
        """
        try:
            for chunk in _chunks(entries):
                # A ledger that waits is tried again by the sweep, from its checkpoint.
                gaps = await self._deliver(source, chunk)
                if any((source, gap.ledger) not in self.waiting for gap in gaps):
                    self._missed.hear()
        except Exception as error:
            self.fail(error)
            return error
        self.settle()
        if self.subscription.shape is not Shape.PROJECTION:
            self.waking.wake()  # whoever follows what it wrote; a projection is for people only
        return None

    def passed(self, count: int) -> None:
        """Its checkpoint has been moved over events that do not concern it."""
        self.subscription.applied += count

    def fail(self, error: Exception) -> None:
        """Say once what is wrong; the sweep takes it up from the checkpoint."""
        halted = isinstance(error, ParkedTooMany)
        said, self.state = self.state, "halted" if halted else "waiting"
        self._failing = error
        self._missed.hear()
        if said != self.state:
            log.warning(
                "subscription_waits",
                subscription=self.name,
                state=self.state,
                reason=f"{type(error).__name__}: {error}"[:200],
            )

    async def _deliver(self, source: str, entries: Sequence[Entry]) -> list[Gap]:
        """As `deliver`, except that a ledger that must wait stops no other."""
        try:
            return await deliver(self.engine, self.subscription, source, entries)
        except WAITS:
            by_ledger: dict[str, list[Entry]] = defaultdict(list)
            for one in entries:
                by_ledger[one.ledger].append(one)
        gaps = [await self._deliver_up_to(source, ours) for ours in by_ledger.values()]
        return [gap for found in gaps for gap in found]

    async def _deliver_up_to(self, source: str, entries: Sequence[Entry]) -> list[Gap]:
        """One by one, to the one that must wait or to a gap."""
        try:
            for one in sorted(entries, key=lambda e: e.seq):
                if gaps := await deliver(self.engine, self.subscription, source, [one]):
                    return gaps
        except WAITS as error:
            self._wait(source, entries[0].ledger, error)
        return []

    def _wait(self, source: str, ledger: str, error: Exception) -> None:
        newer = isinstance(error, UpgradeNeeded | NewerVersion)
        self.waiting[source, ledger] = "upgrade_needed" if newer else "waiting"
        log.warning(
            "ledger_waits",
            subscription=self.name,
            ledger=ledger,
            reason=f"{type(error).__name__}: {error}"[:200],
        )

    def settle(self) -> None:
        """What is said of the whole: that everything goes on, or why one ledger does not."""
        self._failing = None
        self.state = min(self.waiting.values(), default="following")

    async def heal(self, gap: Gap) -> None:
        """Pull what is missing after `gap.after` from the source, through the same handler."""
        service, place = gap.source.split(".")[0], (gap.source, gap.ledger)
        if service == self.service and self.subscription.own:
            return
        self.waiting.pop(place, None)
        try:
            async for bodies in self.feeds[service].since(gap.ledger, gap.after, gap.hash):
                entries = [Entry(*place, read(body).ledgerseq, body) for body in bodies]
                for chunk in _chunks(entries):
                    await self._deliver(gap.source, chunk)
                    if place in self.waiting:
                        return
                self.healed += len(entries)
        except FeedRewritten as error:
            self._wait(*place, error)

    async def sweep(self) -> None:
        """For ever: whatever stands below its source's head and does not move is pulled."""
        before: dict[tuple[str, str], int] = {}
        missed = False
        while True:
            before = await self.sweep_once({} if missed else before)
            if self._failing or self.waiting or (missed and self._unreached):
                await asyncio.sleep(pause_after(self._failing))
            else:
                missed = await self._missed.wait(SWEEP_SECONDS)

    async def sweep_once(self, before: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Heal ledgers whose checkpoint is still where `before` saw it, below the head.

        What `before` does not know is healed at once: a process that starts does not wait for the
        group to find out that its predecessor is dead.
        """
        said = self.state != "following"
        standing: dict[tuple[str, str], int] = {}
        self.lag, self._unreached = 0, False
        for service in sorted({source.split(".")[0] for source in self.subscription.sources}):
            try:
                for gap in await self._behind(service, standing):
                    place = (gap.source, gap.ledger)
                    if before.get(place, gap.after) == gap.after:
                        await self.heal(gap)
            except Exception as error:
                self._unreached, said = True, said and not self._failing
                log.info("sweep_waits", subscription=self.name, reason=type(error).__name__)
        if said:
            self.settle()
        return standing

    async def _behind(self, service: str, standing: dict[tuple[str, str], int]) -> list[Gap]:
        """The ledgers of a service that stand below its heads; all places go into `standing`."""
        heads = await self.feeds[service].heads()
        at = await places(self.engine, self.name)
        found: list[Gap] = []
        for head in heads:
            source = source_of(service, head.ledger)
            if source not in self.subscription.sources:
                continue
            seq, hash = at.get((source, head.ledger), (0, ""))
            standing[source, head.ledger] = seq
            self.lag += max(0, head.seq - seq)
            if head.seq > seq:
                found.append(Gap(source, head.ledger, seq, hash))
            else:
                self.waiting.pop((source, head.ledger), None)
        return found


def pause_after(error: Exception | None) -> float:
    """How long to leave in peace what has just failed."""
    return HALTED_SECONDS if isinstance(error, ParkedTooMany) else RETRY_SECONDS


def _chunks(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [
        entries[start : start + BATCH_LIMIT_EVENTS]
        for start in range(0, len(entries), BATCH_LIMIT_EVENTS)
    ]
