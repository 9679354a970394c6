"""The facts of a term in the order in which they were recorded, from every service's own store."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework.duties.facts import Fact, fact_of, interesting
from services.casework.whatif.flags import FLAG_TYPES
from shared.event import Envelope, read
from shared.feed import FeedClient
from shared.policy.pack import Pack

SOURCES = ("enrollment", "notify")
PAGE_LIMIT_EVENTS = 2000
OWN = text(
    "select body from events where ledger = :ledger and seq > :after order by seq limit :limit"
)
# What a fact is told apart by, whatever the packs ask of its data.
ALWAYS = frozenset(("child", "klass", "duty", "on", "month", "mark", "now", "kind"))
NOTHING = msgspec.Raw(b"{}")


async def facts_of(
    engine: AsyncEngine,
    feeds: Iterable[FeedClient],
    ledger: str,
    packs: Sequence[Pack],
    since: datetime,
    until: datetime,
) -> list[Fact]:
    """Everything recorded from `since` until `until` that one of the packs could make use of."""
    wanted, fields = interesting(packs) | FLAG_TYPES, ALWAYS | _fields(packs)
    found: list[Fact] = []
    for envelopes in (_own(engine, ledger), *(_fed(feed, ledger, since) for feed in feeds)):
        found += [
            _lean(envelope, fields)
            async for envelope in envelopes
            if envelope.type in wanted and since <= envelope.recorded_at < until
        ]
    return sorted(found, key=lambda fact: (fact.recorded_at, fact.cause.service, fact.cause.seq))


def _fields(packs: Iterable[Pack]) -> frozenset[str]:
    """The fields of data that some duty's conditions or due time ask for."""
    found: set[str] = set()
    for pack in packs:
        for kind in pack.file.duties.values():
            found |= {*kind.arm.where, kind.due.field or ""}
            for when in (*kind.arm.also, *kind.evidence, *kind.cancel):
                found |= {*when.where}
    return frozenset(found)


def _lean(envelope: Envelope, fields: frozenset[str]) -> Fact:
    """A fact without what nobody asks for: a term has tens of thousands of rolls."""
    fact = fact_of(envelope)
    data = {name: value for name, value in fact.data.items() if name in fields}
    return replace(fact, data=data, envelope=msgspec.structs.replace(envelope, data=NOTHING))


async def _own(engine: AsyncEngine, ledger: str) -> AsyncIterator[Envelope]:
    after = 0
    while True:
        async with engine.connect() as conn:
            params = {"ledger": ledger, "after": after, "limit": PAGE_LIMIT_EVENTS}
            bodies = (await conn.execute(OWN, params)).scalars().all()
        for body in bodies:
            yield read(body)
        after += len(bodies)
        if len(bodies) < PAGE_LIMIT_EVENTS:
            return


async def _fed(feed: FeedClient, ledger: str, since: datetime) -> AsyncIterator[Envelope]:
    async for bodies in feed.since(ledger, await _place_of(feed, ledger, since), ""):
        for body in bodies:
            yield read(body)


async def _place_of(feed: FeedClient, ledger: str, since: datetime) -> int:
    """The last sequence that was recorded before a moment, found by halving."""
    heads = {head.ledger: head.seq for head in await feed.heads()}
    before, first = 0, heads.get(ledger, 0)
    while before < first:
        middle = (before + first + 1) // 2
        (body,) = await feed.bodies(ledger, middle - 1, limit=1)
        if read(body).recorded_at < since:
            before = middle
        else:
            first = middle - 1
    return before
