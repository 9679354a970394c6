"""P1, P3, P4: the append beside plain INSERT, COPY and the `eventsourcing` library."""

import asyncio
import secrets
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from shared.batch import APPEND
from tests.benchmarks.payload import VISIT, parts
from tests.benchmarks.table import ROUNDS, Measure, Row, Table, in_turn
from tests.stores import Store

CONNECTIONS = 8
SINGLE_EVENTS = 1600
BULK_EVENTS = 10_000
BULK_ARRAY = 500

PLAIN_TABLE = """
create table plain (ledger text collate "C" not null, seq bigint not null,
    stream text collate "C" not null, version integer not null, command uuid not null,
    ordinal integer not null, type text collate "C" not null, recorded_at timestamptz not null,
    body text not null, primary key (ledger, seq), unique (ledger, stream, version),
    unique (ledger, command, ordinal));
create table plain_current (ledger text collate "C" not null, stream text collate "C" not null,
    version integer not null, seq bigint not null, unitpath text collate "C" not null,
    state text not null, doc text not null, primary key (ledger, stream));
"""
PLAIN = """
with e as (insert into plain values ($1,$2,$3,$4,$5,$6,$7,$8,$9))
insert into plain_current values ($1,$3,$4,$2,$10,$11,$12)
on conflict (ledger, stream) do update set version = excluded.version, seq = excluded.seq,
unitpath = excluded.unitpath, state = excluded.state, doc = excluded.doc
"""
DOC = '{"owner":"01933d00-0000-7000-8000-000000000003","visits":1}'
PATH = "990000/990100/990101/990101001/2199010001"


# Held for a moment, so that each of the pool's connections answers once.
BACKEND = "select pg_backend_pid() from pg_sleep(0.05)"


def _on_cpu(pid: int) -> float:
    """Seconds that a process has run, of Linux's scheduler (nanoseconds there)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


class Appending:
    """One store, eight connections, eight ledgers; `head` and `tail` are a visit's."""

    def __init__(self, pool: asyncpg.Pool, ledgers: Sequence[str]) -> None:
        self.pool, self.ledgers = pool, ledgers
        self.head, self.tail = parts(VISIT)
        self.body = (
            self.head + '1,"time":"2026-11-18T00:01:40.000100Z","streamversion":1' + self.tail
        )
        self.plain_seq = 0
        self.with_current = True

    async def singles(self) -> float:
        async def work(conn: Any, ledger: str, n: int) -> None:
            for _ in range(n):
                await self._append(conn, ledger, 1)

        return await self._eight(work, SINGLE_EVENTS)

    async def plain_singles(self) -> float:
        async def work(conn: Any, ledger: str, n: int) -> None:
            for _ in range(n):
                self.plain_seq += 1
                row = self._plain_row(ledger, self.plain_seq)
                await conn.execute(PLAIN, *row, PATH, "working", DOC)

        return await self._eight(work, SINGLE_EVENTS)

    async def arrays(self) -> float:
        async with self.pool.acquire() as conn:
            began = perf_counter()
            for _ in range(BULK_EVENTS // BULK_ARRAY):
                await self._append(conn, self.ledgers[0], BULK_ARRAY)
            return BULK_EVENTS / (perf_counter() - began)

    async def copies(self) -> float:
        async with self.pool.acquire() as conn:
            began = perf_counter()
            for _ in range(BULK_EVENTS // BULK_ARRAY):
                rows = []
                for _ in range(BULK_ARRAY):
                    self.plain_seq += 1
                    rows.append(self._plain_row(self.ledgers[0], self.plain_seq))
                await conn.copy_records_to_table("plain", records=rows)
            return BULK_EVENTS / (perf_counter() - began)

    async def _eight(self, work: Any, events: int) -> float:
        share = events // CONNECTIONS
        async with asyncio.TaskGroup() as group:
            conns = [await self.pool.acquire() for _ in range(CONNECTIONS)]
            began = perf_counter()
            for conn, ledger in zip(conns, self.ledgers, strict=True):
                group.create_task(work(conn, ledger, share))
        took = perf_counter() - began
        for conn in conns:
            await self.pool.release(conn)
        return events / took

    async def _append(self, conn: Any, ledger: str, count: int) -> None:
        streams = [f"case-{uuid7()}" for _ in range(count)]
        same = [1] * count
        await conn.fetch(
            APPEND,
            ledger,
            None,
            streams,
            same,
            [UUID(str(uuid7())) for _ in range(count)],
            [0] * count,
            [VISIT] * count,
            [self.head] * count,
            [self.tail] * count,
            *self._current(streams),
        )

    def _current(self, streams: Sequence[str]) -> list[list[Any]]:
        if not self.with_current:
            return [[]] * 6
        count = len(streams)
        places = list(range(1, count + 1))
        rest = [[text] * count for text in (PATH, "working", DOC)]
        return [list(streams), [1] * count, places, *rest]

    async def cpu(self, measure: Measure) -> tuple[float, float]:
        """Microseconds of CPU for one event, commit included: of the server, of this process."""
        pids = await asyncio.gather(*(self.pool.fetchval(BACKEND) for _ in range(CONNECTIONS)))
        servers, client = [_on_cpu(pid) for pid in set(pids)], time.process_time()
        await measure()
        spent = sum(_on_cpu(pid) for pid in set(pids)) - sum(servers)
        share = 1e6 / SINGLE_EVENTS
        return spent * share, (time.process_time() - client) * share

    def _plain_row(self, ledger: str, seq: int) -> tuple[Any, ...]:
        now = datetime.now(UTC)
        stream, command = f"case-{uuid7()}", UUID(str(uuid7()))
        return (ledger, seq, stream, 1, command, 0, VISIT, now, self.body)


DROP_KEY = "alter table events drop constraint events_previous"
PUT_KEY = (
    "alter table events add constraint events_previous foreign key (ledger, stream, previous)"
    " references events (ledger, stream, version) not valid"
)


async def without(admin: Any, statement: str, back: str, measure: Any) -> float:
    """One measurement with a part taken out, then put back."""
    await admin.execute(statement)
    try:
        return await measure()
    finally:
        await admin.execute(back)


async def run(store: Store, table: Table) -> None:
    pool = await asyncpg.create_pool(store.app_url(), min_size=CONNECTIONS, max_size=CONNECTIONS)
    owner_url = store.admin.set(database=store.database, drivername="postgresql")
    admin = await asyncpg.connect(owner_url.render_as_string(hide_password=False))
    ledgers = [f"9901{n:02}" for n in range(10, 10 + CONNECTIONS)]
    for ledger in ledgers:
        await pool.execute("select found_ledger($1, $2)", ledger, f"bench/{ledger}/casework")
    await admin.execute(PLAIN_TABLE)
    await admin.execute(f'grant all on plain, plain_current to "{store.roles.app}"')
    work = Appending(pool, ledgers)
    rates, plain = await in_turn(work.singles, work.plain_singles)
    share = await _shares(admin, work, store)
    table.add(
        Row(
            "P1",
            "one durable append, 8 connections, 8 ledgers",
            "≥ 0.75×",
            rates,
            "INSERT",
            plain,
            share,
        )
    )
    rates, plain = await in_turn(work.arrays, work.copies)
    table.add(Row("P3", "array append of 500", "≥ 0.5×", rates, "COPY", plain))
    await _check(pool)
    await pool.close()
    await admin.close()


async def _shares(admin: Any, work: Appending, store: Store) -> str:
    """What each part costs: medians without it against medians with it, in turn."""
    await admin.execute(f'set role "{store.roles.owner}"')
    without_key: list[float] = []
    without_current: list[float] = []
    for _ in range(ROUNDS):
        whole = await work.singles()
        without_key.append(await without(admin, DROP_KEY, PUT_KEY, work.singles) / whole)
        work.with_current = False
        without_current.append(await work.singles() / whole)
        work.with_current = True
    await admin.execute("reset role")
    ours, theirs = await work.cpu(work.singles), await work.cpu(work.plain_singles)
    return (
        f"without the foreign key {statistics.median(without_key):.2f}×,"
        f" without `current` {statistics.median(without_current):.2f}× as fast;"
        f" CPU of one: server {ours[0]:.0f} µs (INSERT {theirs[0]:.0f}),"
        f" client {ours[1]:.0f} µs ({theirs[1]:.0f})"
    )


async def _check(pool: Any) -> None:
    """The run left every ledger contiguous, and nothing out."""
    bad = await pool.fetchval(
        "select count(*) from (select ledger, count(*) n, max(seq) m from events group by 1) x"
        " where n <> m"
    )
    assert bad == 0, "a ledger has a hole"


def fresh() -> str:
    return secrets.token_hex(4)
