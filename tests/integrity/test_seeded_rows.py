"""Hundreds of changes of each kind in the rows of audit and of a store: each found, each named."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.audit.checks.whole import PARTS
from shared.ledger_schema import quoted
from tests.integrity import seeded
from tests.integrity.conftest import Scene
from tests.integrity.seeded import Change, Kind
from tests.integrity.tampering import GUARDED
from tests.stores import Store

SHORT, LONG = 2, 300
KEYS = text(
    "select c.conname, t.relname from pg_constraint c join pg_class t on t.oid = c.conrelid"
    " where c.contype = 'f' and c.conparentid = 0"
)

# What is derived from the others cannot be put back, and need not be.
COLUMNS = text(
    "select column_name from information_schema.columns where table_schema = 'public'"
    " and table_name = :name and is_generated = 'NEVER' order by ordinal_position"
)


@asynccontextmanager
async def superuser(store: Store) -> AsyncIterator[AsyncConnection]:
    """A connection past triggers and foreign keys, which are gone from this store for good."""
    engine = create_async_engine(
        store.admin.set(database=store.database), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as conn:
        await conn.exec_driver_sql(f"set role {quoted(store.roles.owner)}")
        for key in (await conn.execute(KEYS)).all():
            drop = f"drop constraint if exists {quoted(key.conname)}"
            await conn.exec_driver_sql(f"alter table {quoted(key.relname)} {drop}")
        for row in (await conn.execute(GUARDED)).all():
            await conn.exec_driver_sql(f"alter table {quoted(row.relname)} disable trigger user")
        yield conn
    await engine.dispose()


@asynccontextmanager
async def done(conn: AsyncConnection, change: Change) -> AsyncIterator[None]:
    """The change stands inside the block; afterwards the table is what it was."""
    table = quoted(change.table)
    await conn.exec_driver_sql(f"create temp table kept as select * from {table}")
    for statement in change.done:
        assert (await conn.exec_driver_sql(statement)).rowcount != 0, statement
    yield
    await conn.exec_driver_sql(f"delete from {table}")
    own = await conn.execute(COLUMNS, {"name": change.table})
    names = ", ".join(quoted(row.column_name) for row in own)
    await conn.exec_driver_sql(f"insert into {table} ({names}) select {names} from kept")
    await conn.exec_driver_sql("drop table kept")


async def every_one_is_named(
    scene: Scene, store: Store, kinds: Mapping[str, Kind], name: str, count: int
) -> None:
    async with superuser(store) as conn:
        for seed in range(count):
            change = kinds[name](random.Random(f"{name} {seed}"))
            async with done(conn, change):
                found = [(one.where, one.field, one.seq) for one in await scene.whole()]
            assert any(change.named(*one) for one in found), (seed, change, found)
        assert await scene.whole() == []


@pytest.mark.parametrize("name", seeded.AUDIT)
async def test_a_change_in_audit_is_named(scene: Scene, name: str) -> None:
    await every_one_is_named(scene, scene.audit, seeded.AUDIT, name, SHORT)


@pytest.mark.parametrize("name", seeded.STORE)
async def test_a_change_in_a_store_is_named(both: Scene, name: str) -> None:
    await every_one_is_named(both, both.producer, seeded.STORE, name, SHORT)


@pytest.mark.long
@pytest.mark.parametrize("name", seeded.AUDIT)
async def test_300_changes_in_audit_are_named(scene: Scene, name: str) -> None:
    await every_one_is_named(scene, scene.audit, seeded.AUDIT, name, LONG)


@pytest.mark.long
@pytest.mark.parametrize("name", seeded.STORE)
async def test_300_changes_in_a_store_are_named(both: Scene, name: str) -> None:
    await every_one_is_named(both, both.producer, seeded.STORE, name, LONG)


@pytest.mark.parametrize("name", seeded.TWINS)
async def test_without_its_check_a_change_is_not_found(scene: Scene, name: str) -> None:
    change = seeded.AUDIT[name](random.Random(f"{name} twin"))
    scene.parts = PARTS - {"index", seeded.TWINS[name]}
    async with superuser(scene.audit) as conn, done(conn, change):
        assert await scene.whole() == []
