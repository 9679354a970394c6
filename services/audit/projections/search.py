"""The asynchronous projection that makes entries findable; it follows the table `entry`."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.projections.entries import LEDGERS
from services.audit.projections.rows import (
    INSERT_SUBJECTS,
    INSERT_TOKENS,
    columns,
    county_of,
    entry_row,
    is_late,
    subject_rows,
)
from services.audit.projections.texts import (
    PLAIN,
    Text,
    keys_of,
    opened,
    texts_of,
    token_keys,
)
from shared.contracts.topics import SERVICES
from shared.event import Envelope, read
from shared.keyring import Keyring, KeyringAway, Keys
from shared.pace import Pace
from shared.pool import reading
from shared.rulebook import Rulebook, Rules
from shared.sealed import CLASSES
from shared.waking import Ear

log = structlog.get_logger()

NAME = "audit.search"
BATCH_LIMIT_ENTRIES = 1000
# Whoever appends wakes the loop; this is for a hint that was lost.
IDLE_SECONDS = 2.0
RETRY_SECONDS = 1.0

HEADS = text(
    "select c.source, c.ledger, c.seq as head, coalesce(d.seq, 0) as seq from checkpoint c"
    " left join checkpoint d on d.subscription = :name and d.source = c.source"
    " and d.ledger = c.ledger where c.subscription = any(:ledgers) and c.seq > coalesce(d.seq, 0)"
    " order by c.source, c.ledger"
)
START = text(
    "insert into checkpoint (subscription, source, ledger) values (:name, :source, :ledger)"
    " on conflict do nothing"
)
LOCK = text(
    "select seq from checkpoint where subscription = :name and source = :source"
    " and ledger = :ledger for update"
)
ADVANCE = text(
    "update checkpoint set seq = :seq where subscription = :name and source = :source"
    " and ledger = :ledger"
)
BODIES = text(
    "select body from entry where ledger = :ledger and service = :service and seq > :seq"
    " order by seq limit :limit"
)


@dataclass(slots=True)
class SearchIndex:
    """Runs the projection; any number of copies may, each ledger's place is locked.

    While the keyring is away it waits: everything else of audit goes on.
    """

    engine: AsyncEngine
    keyring: Keyring
    rulebook: Rulebook
    pace: Pace = field(default_factory=Pace)
    state: str = "starting"
    lag: int = 0
    unopened: int = 0
    name: str = NAME
    sources: tuple[str, ...] = tuple(
        source for service in SERVICES for source in (service, f"{service}.access")
    )

    async def run(self, ear: Ear) -> None:
        """For ever."""
        while True:
            try:
                moved = await self.once()
                self.state = "following"
                if not moved:
                    await ear.wait(IDLE_SECONDS)
                elif moved < BATCH_LIMIT_ENTRIES:
                    await self.pace.gather()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self.state = "keyring away" if isinstance(error, KeyringAway) else "waiting"
                log.warning("search_waits", reason=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(RETRY_SECONDS)

    async def once(self) -> int:
        """Index a batch of each ledger that has something new; returns how many entries."""
        async with reading(self.engine) as conn:
            behind = (await conn.execute(HEADS, {"name": NAME, "ledgers": list(LEDGERS)})).all()
        self.lag = sum(row.head - row.seq for row in behind)
        moved = 0
        for row in behind:
            moved += await self._index(row.source, row.ledger)
        return moved

    async def _index(self, source: str, ledger: str) -> int:
        place = {"name": NAME, "source": source, "ledger": ledger}
        async with self.engine.begin() as conn:
            seq = await _place(conn, place)
            service = source.partition(".")[0]
            params = {"ledger": ledger, "service": service, "seq": seq}
            found = await conn.execute(BODIES, params | {"limit": BATCH_LIMIT_ENTRIES})
            envelopes = [read(row.body) for row in found]
            if not envelopes:
                return 0
            rules = await self.rulebook.rules(conn)
            await self._write(conn, county_of(ledger), envelopes, rules)
            await conn.execute(ADVANCE, place | {"seq": envelopes[-1].ledgerseq})
        return len(envelopes)

    async def _write(
        self, conn: AsyncConnection, county: str, envelopes: Sequence[Envelope], rules: Rules
    ) -> None:
        texts = [texts_of(envelope) for envelope in envelopes]
        keys = await keys_of(self.keyring, list(chain.from_iterable(texts)), self.keyring.classes)
        token_key = await token_keys(self.keyring, county, frozenset((*CLASSES, PLAIN)))
        number_key = await self.keyring.number_key()
        entries: list[tuple[Any, ...]] = []
        subjects: list[tuple[Any, ...]] = []
        for envelope, its in zip(envelopes, texts, strict=True):
            clear = self._clear(its, keys, token_key)
            late = is_late(envelope, rules)
            entries.append(entry_row(county, envelope, clear, token_key, late))
            subjects += subject_rows(county, envelope, clear, token_key, number_key)
        await conn.exec_driver_sql(INSERT_TOKENS, columns(entries))
        if subjects:
            await conn.exec_driver_sql(INSERT_SUBJECTS, columns(subjects))

    def _clear(
        self, texts: Sequence[Text], keys: Keys, token_key: Mapping[str, bytes]
    ) -> list[tuple[Text, str]]:
        """Texts with what they say; what cannot be opened is not found, and counted."""
        found: list[tuple[Text, str]] = []
        for one in texts:
            if one.cls in token_key:
                clear = opened(one, keys)
                self.unopened += clear is None
                if clear is not None:
                    found.append((one, clear))
        return found


async def _place(conn: AsyncConnection, place: Mapping[str, str]) -> int:
    """How far the index of a ledger is, its place locked; the first time it is made."""
    seq = (await conn.execute(LOCK, place)).scalar()
    if seq is None:
        await conn.execute(START, place)
        seq = (await conn.execute(LOCK, place)).scalar_one()
    return seq


async def indexed(engine: AsyncEngine) -> Mapping[tuple[str, str], int]:
    """How far the index reaches: (source, ledger) → sequence."""
    places: dict[tuple[str, str], int] = defaultdict(int)
    asked = text("select source, ledger, seq from checkpoint where subscription = :name")
    async with engine.connect() as conn:
        for row in await conn.execute(asked, {"name": NAME}):
            places[row.source, row.ledger] = row.seq
    return places
