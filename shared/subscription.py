"""Subscriptions: what follows events, with a checkpoint that moves in its effect's transaction."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import pairwise

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.checkpoints import Step, advance, lock, prefix_fits
from shared.event import UNREADABLE, Envelope, read
from shared.faults import ParkedTooMany, PastRewritten, is_permanent
from shared.kafka import Arrived, digest

log = structlog.get_logger()

# More than this share of the last events parked means that we, not the events, are broken.
PARKED_SHARE_LIMIT = 0.2
PARKED_SHARE_WINDOW = 500
BATCH_LIMIT_EVENTS = 1000
# A body begins with its version and id; the type comes third, as it is stored for ever.
TYPE_KEY, TYPE_WITHIN_BYTES = b'"type":"', 100

PARK = text(
    "insert into parked (subscription, source, ledger, seq, subject, body, reason)"
    " values (:subscription, :source, :ledger, :seq, :subject, :body, :reason)"
)


class Shape(Enum):
    """How a subscription treats an event that can never be applied."""

    PROJECTION = "projection"  # park its subject, in order; the others go on
    PROCESS = "process"  # the same; each event's commands are its own effect
    LEDGER = "ledger"  # never parks: it stores bytes


@dataclass(frozen=True)
class Entry:
    """One event as it is followed: its place, its exact body, and its envelope, read once."""

    source: str
    ledger: str
    seq: int
    body: bytes
    previous: str = ""

    @cached_property
    def envelope(self) -> Envelope:
        return read(self.body)

    @cached_property
    def type(self) -> str:
        """What the envelope says, found where every body of ours has it, without decoding it."""
        start = self.body.find(TYPE_KEY, 0, TYPE_WITHIN_BYTES)
        if start < 0:
            return self.envelope.type
        start += len(TYPE_KEY)
        return self.body[start : self.body.index(b'"', start)].decode()


Apply = Callable[[AsyncConnection, Sequence[Entry]], Awaitable[None]]


@dataclass(slots=True)
class Subscription:
    """A named reader. `apply` gets entries of one source, each ledger in order, in a transaction.

    `sources`: `enrollment`, `casework.access`, …; `own`: followed straight from the own store.
    `types`: what `apply` gets, or what tells it; of everything else only the checkpoint hears.
    None: everything.
    """

    name: str
    sources: tuple[str, ...]
    apply: Apply
    shape: Shape = Shape.PROJECTION
    own: bool = False
    types: frozenset[str] | Callable[[], frozenset[str] | None] | None = None
    recent: list[bool] = field(default_factory=list)
    applied: int = 0
    trimmed: int = 0
    trimmed_empty: int = 0
    halted: str = ""

    def concerning(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those that `apply` gets."""
        types = self.types() if callable(self.types) else self.types
        return entries if types is None else [one for one in entries if one.type in types]


@dataclass(frozen=True, slots=True)
class Gap:
    """A range that is missing: everything after `after` of this ledger."""

    source: str
    ledger: str
    after: int
    hash: str


def entry(arrived: Arrived) -> Entry:
    return Entry(arrived.source, arrived.ledger, arrived.seq, arrived.body, arrived.previous)


async def deliver(
    engine: AsyncEngine, subscription: Subscription, source: str, entries: Sequence[Entry]
) -> list[Gap]:
    """Apply what is new of a batch of one source, in one transaction; returns the gaps found.

    When applying fails for good, the same entries are repeated one by one, each in a transaction of
    its own, so that only the poisoned subject is parked.
    """
    if subscription.halted:
        raise ParkedTooMany(subscription.halted)
    try:
        async with engine.begin() as conn:
            return await _deliver_in(conn, subscription, source, entries)
    except Exception as error:
        if subscription.shape is Shape.LEDGER or not is_permanent(error) or not entries:
            raise
    gaps: list[Gap] = []
    for one in entries:
        gaps += await _deliver_one(engine, subscription, source, one)
    return gaps


async def _deliver_one(
    engine: AsyncEngine, subscription: Subscription, source: str, one: Entry
) -> list[Gap]:
    try:
        async with engine.begin() as conn:
            return await _deliver_in(conn, subscription, source, [one])
    except Exception as error:
        if not is_permanent(error):
            raise
        reason = f"{type(error).__name__}: {error}"[:500]
    async with engine.begin() as conn:
        return await _deliver_in(conn, subscription, source, [one], park=reason)


async def _deliver_in(
    conn: AsyncConnection,
    subscription: Subscription,
    source: str,
    entries: Sequence[Entry],
    park: str = "",
) -> list[Gap]:
    by_ledger: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        by_ledger[one.ledger].append(one)
    held = await lock(conn, subscription.name, source, sorted(by_ledger))
    fresh: list[Entry] = []
    gaps: list[Gap] = []
    for ledger in sorted(by_ledger):
        seq, hash = held.places[ledger]
        new, gap = _trim(by_ledger[ledger], seq)
        if new and not prefix_fits(new[0].previous, hash):
            raise PastRewritten(f"{subscription.name}: {source} {ledger} at {seq}")
        subscription.trimmed += len(by_ledger[ledger]) - len(new)
        if gap:
            last = new[-1] if new else None
            gaps.append(
                Gap(source, ledger, last.seq, digest(last.body))
                if last
                else Gap(source, ledger, seq, hash)
            )
        fresh += new
    if not fresh:
        subscription.trimmed_empty += 1
        return gaps
    await _apply(conn, subscription, fresh, held.parked, park)
    await advance(conn, subscription.name, source, steps(fresh))
    subscription.applied += len(fresh)
    return gaps


def _trim(entries: Sequence[Entry], seq: int) -> tuple[list[Entry], bool]:
    """What follows `seq` without a hole, and whether something beyond a hole was left out."""
    new: list[Entry] = []
    for one in sorted(entries, key=lambda e: e.seq):
        if one.seq <= seq:
            continue
        if one.seq != seq + 1:
            return new, True
        new.append(one)
        seq = one.seq
    return new, False


async def _apply(
    conn: AsyncConnection,
    subscription: Subscription,
    fresh: Sequence[Entry],
    parked: Collection[str],
    park: str,
) -> None:
    if subscription.shape is Shape.LEDGER:
        return await subscription.apply(conn, fresh)
    if not park:
        fresh = subscription.concerning(fresh)
    if not fresh:
        return None
    if not parked and not park:
        await subscription.apply(conn, fresh)
        return _remember(subscription, len(fresh), 0)
    held = [one for one in fresh if park or _subject(one) in parked]
    going = [one for one in fresh if one not in held] if held else list(fresh)
    if going:
        await subscription.apply(conn, going)
    for one in held:
        await _park(conn, subscription, one, park or "follows a parked event of its subject")
    return _remember(subscription, len(going), len(held))


def _subject(one: Entry) -> str:
    try:
        return one.envelope.subject or ""
    except UNREADABLE:
        return ""


async def _park(conn: AsyncConnection, subscription: Subscription, one: Entry, reason: str) -> None:
    subject = _subject(one)
    if not subject:
        # Rules and calendars concern everybody: going on without one would be wrong for all.
        subscription.halted = f"{one.source} {one.ledger} {one.seq}: {reason}"
        log.error("ledger_halted", subscription=subscription.name, seq=one.seq, reason=reason)
        raise ParkedTooMany(subscription.halted)
    await conn.execute(
        PARK,
        {
            "subscription": subscription.name,
            "source": one.source,
            "ledger": one.ledger,
            "seq": one.seq,
            "subject": subject,
            "body": one.body.decode(),
            "reason": reason,
        },
    )
    log.error("event_parked", subscription=subscription.name, seq=one.seq, reason=reason)


def _remember(subscription: Subscription, applied: int, parked: int) -> None:
    recent = subscription.recent
    recent += [False] * min(applied, PARKED_SHARE_WINDOW) + [True] * parked
    del recent[:-PARKED_SHARE_WINDOW]
    if parked and len(recent) >= PARKED_SHARE_WINDOW // 10:
        share = sum(recent) / len(recent)
        if share > PARKED_SHARE_LIMIT:
            subscription.halted = f"{share:.0%} of the last {len(recent)} events were parked"


def steps(entries: Sequence[Entry]) -> list[Step]:
    """From before the first to the last of each ledger; a ledger with a hole gives none."""
    by_ledger: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        by_ledger[one.ledger].append(one)
    return [
        Step(ledger, ours[0].seq - 1, ours[0].previous, ours[-1].seq, digest(ours[-1].body))
        for ledger, ours in by_ledger.items()
        if all(later.seq == one.seq + 1 for one, later in pairwise(ours))
    ]
