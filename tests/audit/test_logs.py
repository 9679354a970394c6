"""A log is the tree of all bodies that were stored, whatever happened on the way."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.audit.ledger import logs
from services.audit.ledger.append import LogBroken, LogFrozen
from services.audit.ledger.logs import Log
from services.audit.proofs import tiles, tree
from services.audit.subscriptions import ledgers
from shared.subscription import Entry, deliver
from tests.audit import bodies
from tests.audit.county import COUNTY, OTHER
from tests.stores import Store

LOGS = (("casework", COUNTY), ("casework", OTHER), ("enrollment.access", f"{COUNTY}-access"))
WIDTH_BYTES = 32 * 256


async def send(store: Store, source: str, entries: list[Entry]) -> None:
    for start in range(0, len(entries), 1000):
        await deliver(store.engine, ledgers()[0], source, entries[start : start + 1000])


async def the_log(store: Store, source: str, ledger: str) -> Log:
    async with store.engine.connect() as conn:
        found = await logs.log_at(conn, ledger, source.partition(".")[0])
    assert found is not None
    return found


async def stored_state(engine: AsyncEngine) -> dict[str, list[Any]]:
    """Everything that an append writes."""
    asked = {
        "log": "select ledger, service, size, root from log order by 1, 2",
        "tile": "select ledger, service, level, n, hashes from tile order by 1, 2, 3, 4",
        "entry": "select ledger, service, seq, version, body from entry order by 1, 2, 3",
        "checkpoint": "select source, ledger, seq, hash from checkpoint where seq > 0 order by 1",
    }
    async with engine.connect() as conn:
        return {
            name: [tuple(row) for row in await conn.execute(text(statement))]
            for name, statement in asked.items()
        }


def recomputed(ledger: str, service: str, leaves: list[bytes]) -> dict[Any, bytes]:
    """The tiles of a log as the format defines them, level by level from its leaves."""
    found: dict[Any, bytes] = {}
    row, level = leaves, 0
    while row:
        for n in range((len(row) + 255) // 256):
            found[ledger, service, level, n] = b"".join(row[n * 256 : n * 256 + 256])
        full = [row[at : at + 256] for at in range(0, len(row) - 255, 256)]
        row, level = [tree.Tree(one).root() for one in full], level + 1
    return found


def is_whole(state: dict[str, list[Any]]) -> dict[tuple[str, str], int]:
    """Sizes by log, after asserting that entries, tiles, heads and checkpoints say the same."""
    stored: dict[tuple[str, str], list[bytes]] = {}
    for ledger, service, seq, version, body in state["entry"]:
        lines = stored.setdefault((ledger, service), [])
        assert (seq, version) == (len(lines) + 1, (seq - 1) // 7 + 1)
        lines.append(tree.leaf_hash(bytes(body)))
    expected: dict[Any, bytes] = {}
    for (ledger, service), leaves in stored.items():
        expected |= recomputed(ledger, service, leaves)
    held = {(ledger, service, level, n): bytes(h) for ledger, service, level, n, h in state["tile"]}
    assert held == expected
    heads = {(ledger, service): (size, bytes(root)) for ledger, service, size, root in state["log"]}
    assert heads == {
        place: (len(leaves), tree.Tree(leaves).root()) for place, leaves in stored.items()
    }
    places = {
        (ledger, source.partition(".")[0]): seq for source, ledger, seq, _ in state["checkpoint"]
    }
    assert places == {place: size for place, (size, _) in heads.items()}
    return places


async def test_batches_of_any_size_make_the_tree_of_all_bodies(store: Store) -> None:
    chance = random.Random(3)
    sent = dict.fromkeys(LOGS, 0)
    for size in [1, 1, 254, 1, 256, 257, 2, 1000, 300]:
        source, ledger = place = chance.choice(LOGS)
        first = sent[place] + 1
        some = bodies.entries(source, ledger, range(max(1, first - 5), first + size))
        await send(store, source, some)
        sent[place] += size
    held = is_whole(await stored_state(store.engine))
    assert held == {
        (ledger, source.partition(".")[0]): size for (source, ledger), size in sent.items() if size
    }


async def test_a_log_is_named_after_its_ledger(store: Store) -> None:
    await send(store, "casework", bodies.entries("casework", COUNTY, [1]))
    log = await the_log(store, "casework", COUNTY)
    assert log.origin == f"baoxue.local/{COUNTY}/casework/simulated"
    assert log.root == tree.leaf_hash(bodies.body("casework", COUNTY, 1))


async def test_concurrent_and_repeated_deliveries_leave_one_tree(store: Store) -> None:
    chance = random.Random(4)
    every = bodies.entries("casework", COUNTY, range(1, 601))

    async def one(seed: int) -> None:
        own = random.Random(seed)
        for _ in range(12):
            start = own.randrange(600)
            await send(store, "casework", every[start : start + own.randint(1, 200)])

    await asyncio.gather(*(one(chance.randrange(1000)) for _ in range(6)))
    await send(store, "casework", every)
    assert is_whole(await stored_state(store.engine)) == {(COUNTY, "casework"): 600}


class Injected(RuntimeError):
    """What a test makes go wrong."""


@contextmanager
def failing_at(engine: AsyncEngine, step: int, fail: Callable[[Any], None]) -> Iterator[list[int]]:
    """Make the step-th statement, COPY or commit of this engine fail; counts what went by."""
    count = [0]

    def seen(driver: Any) -> None:
        count[0] += 1
        if count[0] == step:
            fail(driver)

    def statement(conn: Any, *_: Any) -> None:
        seen(conn.connection.driver_connection)

    def commit(conn: Any) -> None:
        seen(conn.connection.driver_connection)

    whole = asyncpg.Connection.copy_records_to_table

    async def copy(self: Any, *args: Any, **named: Any) -> Any:
        seen(self)
        answer = await whole(self, *args, **named)
        seen(self)
        return answer

    event.listen(engine.sync_engine, "before_cursor_execute", statement)
    event.listen(engine.sync_engine, "commit", commit)
    asyncpg.Connection.copy_records_to_table = copy
    try:
        yield count
    finally:
        asyncpg.Connection.copy_records_to_table = whole
        event.remove(engine.sync_engine, "before_cursor_execute", statement)
        event.remove(engine.sync_engine, "commit", commit)


def raises(driver: Any) -> None:
    raise Injected


def cuts(driver: Any) -> None:
    """As a process that is killed: the server sees the connection end."""
    driver.terminate()


@pytest.mark.parametrize("fail", [raises, cuts])
async def test_a_failure_at_any_statement_leaves_all_or_nothing(
    store: Store, fail: Callable[[Any], None]
) -> None:
    """Two ledgers in one batch that fills a tile: entries, tiles, heads and place move as one."""
    first = [
        one
        for ledger in (COUNTY, OTHER)
        for one in bodies.entries("casework", ledger, range(1, 251))
    ]
    more = [
        one
        for ledger in (COUNTY, OTHER)
        for one in bodies.entries("casework", ledger, range(251, 261))
    ]
    await deliver(store.engine, ledgers()[0], "casework", first)
    before = await stored_state(store.engine)
    steps = 0
    while True:
        steps += 1
        assert steps < 60, "the append has no end"
        with failing_at(store.engine, steps, fail) as count:
            try:
                await deliver(store.engine, ledgers()[0], "casework", more)
            except Exception:
                failed = True
            else:
                failed = False
        if count[0] < steps:
            break
        state = await stored_state(store.engine)
        assert failed
        assert state == before
    assert steps > 12
    assert set(is_whole(await stored_state(store.engine)).values()) == {260}


async def test_entries_from_before_there_were_logs_are_brought_in(store: Store) -> None:
    every = bodies.entries("casework", COUNTY, range(1, 1301))
    await send(store, "casework", every[:1290])
    admin = create_async_engine(store.admin.set(database=store.database))
    async with admin.begin() as conn:
        await conn.execute(text("delete from tile"))
        await conn.execute(text("delete from log"))
    await admin.dispose()
    await send(store, "casework", every[1290:])
    assert is_whole(await stored_state(store.engine)) == {(COUNTY, "casework"): 1300}


@pytest.mark.parametrize(
    "touch",
    [
        "update tile set hashes = set_byte(hashes, 40, (get_byte(hashes, 40) + 1) % 256)",
        "update log set root = set_byte(root, 0, (get_byte(root, 0) + 1) % 256)",
        "update log set size = size - 1",
        "update log set size = size + 1",
        "delete from tile",
    ],
)
async def test_nothing_is_appended_over_a_touched_log(store: Store, touch: str) -> None:
    await send(store, "casework", bodies.entries("casework", COUNTY, range(1, 21)))
    admin = create_async_engine(store.admin.set(database=store.database))
    async with admin.begin() as conn:
        await conn.execute(text(touch))
    await admin.dispose()
    with pytest.raises(LogBroken):
        await send(store, "casework", bodies.entries("casework", COUNTY, [21]))


async def test_a_frozen_log_takes_nothing(store: Store) -> None:
    await send(store, "casework", bodies.entries("casework", COUNTY, [1]))
    async with store.engine.begin() as conn:
        await conn.execute(text("update log set frozen_at = now()"))
    with pytest.raises(LogFrozen):
        await send(store, "casework", bodies.entries("casework", COUNTY, [2]))


async def test_roots_and_proofs_at_any_size_come_out_of_the_tiles(store: Store) -> None:
    count = 700
    await send(store, "casework", bodies.entries("casework", COUNTY, range(1, count + 1)))
    log = await the_log(store, "casework", COUNTY)
    leaves = [tree.leaf_hash(bodies.body("casework", COUNTY, seq)) for seq in range(1, count + 1)]
    chance = random.Random(5)
    async with store.engine.connect() as conn:
        for size in [0, 1, 255, 256, 257, 512, 699, 700]:
            root = tree.Tree(leaves[:size]).root()
            assert await logs.root_at(conn, log, size) == root
            old = chance.randint(0, size)
            path = await logs.consistency(conn, log, old, size)
            tree.verify_consistency(old, size, tree.Tree(leaves[:old]).root(), root, path)
            if size:
                index = chance.randrange(size)
                path = await logs.inclusion(conn, log, index, size)
                tree.verify_inclusion(leaves[index], index, size, path, root)
                left, right = await logs.range_proof(conn, log, index, size - 1, size)
                tree.verify_range(leaves[index:size], index, size, left, right, root)
        many = await logs.inclusions(conn, log, range(0, 700, 90), 700)
        assert len(many) == 8
        with pytest.raises(logs.LogTooShort):
            await logs.root_at(conn, log, 701)
        with pytest.raises(logs.LogTooShort):
            await logs.inclusion(conn, log, 700, 700)
    assert tiles.width_at(0, 2, log.size) == 188
