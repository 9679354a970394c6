"""P8, P16: appending to a log beside a bare COPY of the same rows, and what both stores take."""

from hashlib import sha256
from time import perf_counter, process_time
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.audit.projections.entries import ENTRY_COLUMNS, row_of
from services.audit.subscriptions import ledgers
from shared.subscription import Entry, deliver
from tests.benchmarks.payload import ABSENT, parts
from tests.benchmarks.table import ROUNDS, Row, Table, in_turn, number
from tests.stores import Store

EVENTS = 20_000
BATCH = 1_000
LEDGER = "990110"
PLAIN = "create table plain_entry (like entry, primary key (ledger, service, seq))"
HELD = (
    "select sum(pg_total_relation_size(relid)) from pg_partition_tree('entry') where isleaf",
    "select pg_total_relation_size('tile') + pg_total_relation_size('log')",
)
STORE_HELD = "select pg_total_relation_size('events') + pg_total_relation_size('current')"
BODIES = "select sum(octet_length(body)) from {table}"


class Logging:
    """One ledger's entries, new in every round."""

    def __init__(self, store: Store, raw: Any) -> None:
        self.store, self.raw = store, raw
        self.last, self.previous = 0, ""
        self.cpu: list[float] = []
        self.entries: list[Entry] = []
        head, self.tail = parts(ABSENT)
        self.head = _placed(head)

    def fresh(self) -> list[Entry]:
        """The next entries as Kafka brings them."""
        made: list[Entry] = []
        for _ in range(EVENTS):
            self.last += 1
            place = f'{self.last},"time":"2026-11-18T00:41:00.000000Z","streamversion":1'
            body = f"{self.head}{place}{self.tail}".encode()
            made.append(Entry("enrollment", LEDGER, self.last, body, self.previous))
            self.previous = sha256(body).hexdigest()[:16]
        return made

    async def logged(self) -> float:
        """Rows read out of bodies, hashes, COPY, tiles, head, checkpoint: a second."""
        self.entries = self.fresh()
        subscription = ledgers()[0]
        began, cpu = perf_counter(), process_time()
        for start in range(0, EVENTS, BATCH):
            await deliver(
                self.store.engine, subscription, "enrollment", self.entries[start : start + BATCH]
            )
        self.cpu.append(EVENTS / (process_time() - cpu))
        return EVENTS / (perf_counter() - began)

    async def copied(self) -> float:
        """The same rows, made before, into a table with the same key; a batch a transaction."""
        rows = [row_of(one) for one in self.entries or self.fresh()]
        began = perf_counter()
        for start in range(0, EVENTS, BATCH):
            await self.raw.copy_records_to_table(
                "plain_entry", records=rows[start : start + BATCH], columns=ENTRY_COLUMNS
            )
        return EVENTS / (perf_counter() - began)


def _placed(head: str) -> str:
    """The example's head as one of our ledger."""
    begin = head.index('"source":"') + len('"source":"')
    end = head.index('"', begin)
    return f"{head[:begin]}/{LEDGER}/enrollment{head[end:]}"


async def run(store: Store, table: Table) -> None:
    """P8 on audit's database; `store` is a clone of its template."""
    admin = create_async_engine(store.admin.set(database=store.database))
    async with admin.begin() as conn:
        await conn.exec_driver_sql(PLAIN)
        await conn.exec_driver_sql(f'grant all on plain_entry to "{store.roles.app}"')
    raw = await asyncpg.connect(store.app_url())
    work = Logging(store, raw)
    rates, plain = await in_turn(work.logged, work.copied)
    cores = sorted(work.cpu[-ROUNDS:])
    note = f"a core of the program: {number(cores[len(cores) // 2])}/s (goal ≥ 30,000)"
    what = "ledger append: rows, hashes, COPY, tiles, head, checkpoint"
    table.add(Row("P8", what, "≥ 0.25×", rates, "COPY", plain, note))
    await raw.close()
    await admin.dispose()


async def storage(store: Store, ledger: Store, table: Table) -> None:
    """P16: what a producer's store and the log of it take, in times of the bodies."""
    kept = await _times(store, (STORE_HELD,), "events")
    logged = await _times(ledger, HELD, "entry")
    note = f"store {kept:.2f}, log {logged:.2f} times the bodies; the search index not counted"
    row = Row("P16", "storage: store + ledger", "≤ 2.4×", [kept + logged], "the bodies", [1], note)
    table.add(row)


async def _times(store: Store, held: tuple[str, ...], bodies: str) -> float:
    engine: AsyncEngine = create_async_engine(store.admin.set(database=store.database))
    async with engine.connect() as conn:
        sizes = [(await conn.execute(text(one))).scalar_one() for one in held]
        whole = (await conn.execute(text(BODIES.format(table=bodies)))).scalar_one()
    await engine.dispose()
    return float(sum(sizes)) / float(whole)
