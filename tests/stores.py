"""Databases of single services for tests: migrated once into a template, cloned for each test."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.ledger_schema import (
    Passwords,
    Roles,
    async_url,
    create_database,
    migrate,
    write_clock,
)

SERVICES = Path(__file__).parent.parent / "services"
DROP_LIMIT = 120
DROP_PAUSE_SECONDS = 0.5
PASSWORDS = Passwords("app-secret", "feed-secret")
SEALING = Passwords("app-secret", "feed-secret", "sealer-secret")


@dataclass(frozen=True, slots=True)
class Template:
    """A migrated database without a clock; its roles serve every clone."""

    admin: URL
    database: str

    @property
    def roles(self) -> Roles:
        return Roles.of(self.database)


@dataclass(frozen=True, slots=True)
class Store:
    """One service's database as its app role sees it (`engine`), and as the administrator."""

    engine: AsyncEngine
    admin: URL
    database: str
    roles: Roles

    def url(self, role: str, password: str) -> URL:
        return self.admin.set(database=self.database, username=role, password=password)

    def app_url(self) -> str:
        url = self.url(self.roles.app, PASSWORDS.app).set(drivername="postgresql")
        return url.render_as_string(hide_password=False)


async def make_template(admin_url: str, service: str) -> Template:
    """Migrate `service` into a fresh template database."""
    admin = async_url(admin_url)
    database = f"t{secrets.token_hex(4)}_{service}"
    engine = create_async_engine(admin)
    await create_database(engine, database, SEALING if service == "audit" else PASSWORDS)
    await engine.dispose()
    await migrate(admin, database, SERVICES / service / "migrations")
    return Template(admin, database)


@asynccontextmanager
async def cloned(template: Template, sim_at: datetime | None = None) -> AsyncIterator[Store]:
    """A copy of the template with its clock, dropped afterwards."""
    name = f"{template.database}_{secrets.token_hex(4)}"
    await run_alone(
        template.admin,
        f'create database "{name}" template "{template.database}" strategy file_copy',
    )
    roles = template.roles
    await write_clock(template.admin, name, sim_at, roles.owner)
    url = template.admin.set(database=name, username=roles.app, password=PASSWORDS.app)
    engine = create_async_engine(url, pool_size=12, max_overflow=30)
    try:
        yield Store(engine, template.admin, name, roles)
    finally:
        await engine.dispose()
        await drop(template.admin, name)


async def drop(admin: URL, database: str) -> None:
    """An autovacuum worker may be in it for a moment, which only a superuser may end."""
    for attempt in range(DROP_LIMIT):
        try:
            await run_alone(admin, f'drop database "{database}" with (force)')
            return
        except DBAPIError:
            if attempt == DROP_LIMIT - 1:
                raise
            await asyncio.sleep(DROP_PAUSE_SECONDS)


async def run_alone(admin: URL, statement: str) -> None:
    """One statement outside any transaction, as the administrator."""
    engine = create_async_engine(admin)
    try:
        async with engine.connect() as raw:
            conn = await raw.execution_options(isolation_level="AUTOCOMMIT")
            await conn.exec_driver_sql(statement)
    finally:
        await engine.dispose()


async def found(store: Store, *ledgers: str) -> None:
    async with store.engine.begin() as conn:
        for ledger in ledgers:
            await conn.execute(
                text("select found_ledger(:l, :o)"), {"l": ledger, "o": f"test/{ledger}/x"}
            )
