"""Databases of one test each, and the keyring of a small deployment."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.key_files import SERVICE_CLASSES, load_key_file, make_key_files
from shared.keyring import Keyring
from shared.keyring_schema import KeyringRole, install
from tests.stores import drop


@dataclass(frozen=True, slots=True)
class Database:
    """One database with a role of its own name space, gone after the test."""

    url: URL
    prefix: str

    def engine(self, role: str | None = None, password: str = "secret") -> AsyncEngine:
        url = self.url if role is None else self.url.set(username=role, password=password)
        return create_async_engine(url, poolclass=NullPool)

    @asynccontextmanager
    async def connect(self, role: str | None = None) -> AsyncIterator[AsyncConnection]:
        engine = self.engine(role)
        async with engine.begin() as conn:
            yield conn
        await engine.dispose()


NewDatabase: TypeAlias = Callable[[], AbstractAsyncContextManager[Database]]


@pytest.fixture(scope="session")
async def new_database(postgres_server: str) -> NewDatabase:
    server = make_url(postgres_server).set(drivername="postgresql+asyncpg")

    @asynccontextmanager
    async def create() -> AsyncIterator[Database]:
        name = f"t{os.urandom(6).hex()}"
        admin = create_async_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        async with admin.connect() as conn:
            await conn.exec_driver_sql(f"create database {name}")
        try:
            yield Database(server.set(database=name), name)
        finally:
            await drop(server, name)
            async with admin.connect() as conn:
                owned = "select rolname from pg_roles where starts_with(rolname, :prefix)"
                for (role,) in await conn.execute(text(owned), {"prefix": name}):
                    await conn.exec_driver_sql(f"drop role {role}")
            await admin.dispose()

    return create


@pytest.fixture
async def database(
    new_database: NewDatabase,
) -> AsyncIterator[Database]:
    async with new_database() as created:
        yield created


@dataclass(frozen=True, slots=True)
class Deployment:
    """A keyring with the four services' roles and key files."""

    database: Database
    keys: Path

    def role(self, service: str) -> str:
        return f"{self.database.prefix}_keyring_{service}"

    @asynccontextmanager
    async def keyring(self, service: str) -> AsyncIterator[Keyring]:
        engine = self.database.engine(self.role(service))
        yield Keyring(engine, load_key_file(self.keys / f"{service}.json"))
        await engine.dispose()


@pytest.fixture
async def deployment(database: Database, tmp_path: Path) -> Deployment:
    made = Deployment(database, tmp_path / "keys")
    make_key_files(made.keys)
    await install_keyring(made)
    return made


async def install_keyring(made: Deployment) -> None:
    roles = {
        service: KeyringRole(name=made.role(service), password="secret", classes=classes)
        for service, classes in SERVICE_CLASSES.items()
    }
    async with made.database.connect() as conn:
        await install(conn, f"{made.database.prefix}_keyring_owner", roles)
