"""A store that is not the one remembered stays closed for appends, and says why."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.event_store import execute
from shared.feed import FeedClient
from shared.ledger_schema import quoted
from shared.opening import Opening, StoreClosed
from tests.faults.running import until
from tests.spine.counter import LEDGER, Add, order
from tests.stores import Store, drop, run_alone


def opening(store: Store, home: Path) -> Opening:
    nobody = cast("FeedClient", None)  # a comparison with what is remembered asks nobody
    return Opening("casework", store.engine, home, nobody)


async def remember(made: Opening) -> None:
    task = asyncio.create_task(made.remember())

    async def written() -> bool:
        return made.file.exists()

    await until(written)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.asynccontextmanager
async def backup(store: Store) -> AsyncIterator[str]:
    """A copy of the store as it is now, under another name."""
    await store.engine.dispose()
    name = f"{store.database}_backup"
    statement = f"create database {quoted(name)} template {quoted(store.database)}"
    await run_alone(store.admin, f"{statement} strategy file_copy")
    yield name


async def restore(store: Store, copy: str) -> None:
    await store.engine.dispose()
    await drop(store.admin, store.database)
    await run_alone(
        store.admin, f"alter database {quoted(copy)} rename to {quoted(store.database)}"
    )


async def test_the_store_remembered_opens(store: Store, tmp_path: Path) -> None:
    await execute(store.engine, order())
    await remember(opening(store, tmp_path))
    await execute(store.engine, order())
    again = opening(store, tmp_path)
    with pytest.raises(StoreClosed):
        again.require()
    await again.wait_open()
    again.require()


async def test_a_store_restored_behind_what_was_remembered_stays_closed(
    store: Store, tmp_path: Path
) -> None:
    await execute(store.engine, order(command=Add(events=3)))
    async with backup(store) as copy:
        await execute(store.engine, order(command=Add(events=2)))
        await remember(opening(store, tmp_path))
        await restore(store, copy)
        closed = opening(store, tmp_path)
        closed.why = await closed.compare()
        assert f"{LEDGER} stands at 3, it had reached 5" in closed.why
        with pytest.raises(StoreClosed, match="restored from a backup"):
            closed.require()


async def test_a_store_that_went_on_otherwise_stays_closed(store: Store, tmp_path: Path) -> None:
    async with backup(store) as copy:
        await execute(store.engine, order(command=Add(events=2)))
        await remember(opening(store, tmp_path))
        await restore(store, copy)
        await execute(store.engine, order("counter-9", Add(events=2)))
        assert "holds another event at 2" in await opening(store, tmp_path).compare()


async def test_a_store_without_a_remembered_ledger_stays_closed(
    store: Store, tmp_path: Path
) -> None:
    await execute(store.engine, order())
    await remember(opening(store, tmp_path))
    admin = create_async_engine(store.admin.set(database=store.database))
    async with admin.begin() as conn:
        await conn.exec_driver_sql(f"set local role {quoted(store.roles.owner)}")
        await conn.execute(text("alter table events disable trigger user"))
        for table in ("current", "published", "events", "ledger"):
            await conn.execute(text(f"delete from {table}"))
    await admin.dispose()
    assert f"{LEDGER} stands at 0" in await opening(store, tmp_path).compare()
