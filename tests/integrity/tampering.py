"""Somebody with every right over the tables: changes rows with the triggers and keys off."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.ledger_schema import quoted
from tests.stores import Store

GUARDED = text(
    "select c.relname from pg_class c where c.relkind in ('r', 'p')"
    " and c.relnamespace = 'public'::regnamespace and c.relhastriggers order by c.relname"
)
KEYS = text(
    "select c.conname, t.relname from pg_constraint c join pg_class t on t.oid = c.conrelid"
    " where c.contype = 'f' and t.relname = 'events'"
)


async def tamper(store: Store, *statements: str) -> None:
    """Run statements past every guard, and commit them; the triggers are on again afterwards."""
    engine = create_async_engine(store.admin.set(database=store.database))
    try:
        async with engine.begin() as conn:
            await conn.exec_driver_sql(f"set local role {quoted(store.roles.owner)}")
            guarded = [row.relname for row in await conn.execute(GUARDED)]
            for key in (await conn.execute(KEYS)).all():
                await conn.exec_driver_sql(
                    f"alter table {quoted(key.relname)} drop constraint {quoted(key.conname)}"
                )
            await _triggers(conn, guarded, "disable")
            for statement in statements:
                done = await conn.exec_driver_sql(statement)
                assert done.rowcount != 0, f"nothing was tampered with: {statement}"
            await _triggers(conn, guarded, "enable")
    finally:
        await engine.dispose()


async def _triggers(conn: AsyncConnection, tables: Sequence[str], verb: str) -> None:
    for table in tables:
        await conn.exec_driver_sql(f"alter table {quoted(table)} {verb} trigger user")


async def rows(store: Store, statement: str, **params: Any) -> Sequence[Any]:
    """What a superuser reads."""
    engine = create_async_engine(store.admin.set(database=store.database))
    try:
        async with engine.begin() as conn:
            await conn.exec_driver_sql(f"set local role {quoted(store.roles.owner)}")
            return (await conn.execute(text(statement), params)).all()
    finally:
        await engine.dispose()
