"""A transaction that answers a person: it sees their jurisdiction and writes nothing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.access_words import Right
from shared.ledger_schema import Roles, quoted
from shared.rights import Viewer, paths_for
from shared.row_security import enter


@asynccontextmanager
async def viewing(
    engine: AsyncEngine, viewer: Viewer, right: Right, today: date
) -> AsyncIterator[AsyncConnection]:
    """Read as the viewer: row-level security leaves the units where they hold `right` today."""
    async with within(engine, paths_for(viewer, right, today)) as conn:
        yield conn


@asynccontextmanager
async def within(engine: AsyncEngine, paths: Sequence[str]) -> AsyncIterator[AsyncConnection]:
    """Read as somebody whose jurisdiction the paths are; who asks has found that they may."""
    app_role = engine.url.username or ""
    reader = Roles.of(app_role.removesuffix("_app")).reader
    async with engine.connect() as conn, conn.begin():
        await conn.exec_driver_sql(f"set local role {quoted(reader)}")
        await enter(conn, paths)
        yield conn
