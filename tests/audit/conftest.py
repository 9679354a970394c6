"""Audit on real PostgreSQL with a real keyring, and two counties that it follows."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import time

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.audit.api import router
from services.audit.projections.search import SearchIndex
from services.audit.subscriptions import ledgers
from shared import answers
from shared.console import refusal
from shared.directory import project_directory
from shared.edge import Edge
from shared.key_files import load_key_file, make_key_files
from shared.keyring import Keyring
from shared.rights import Grant, Viewer
from shared.rulebook import project_rules
from shared.service import Service
from shared.session import sign_session
from shared.settings import Settings
from shared.signing import load_public_keys, load_signer, make_signing_keys
from shared.subscription import Subscription, deliver
from tests.audit.county import COUNTY, OTHER, Books, County, founded, path_of
from tests.shared.conftest import Database, Deployment, install_keyring, new_database
from tests.stores import Store, Template, cloned, found, make_template

__all__ = ["new_database"]
NOW = datetime(2026, 11, 18, 0, 41, tzinfo=UTC)


@pytest.fixture(scope="session")
async def audit_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "audit")


@pytest.fixture
async def store(audit_template: Template) -> AsyncIterator[Store]:
    async with cloned(audit_template, NOW) as made:
        await found(made, COUNTY, f"{COUNTY}-access", OTHER, f"{OTHER}-access")
        yield made


@dataclass
class World:
    """Audit with its edge and index, the books that it follows, and a browser's way in."""

    store: Store
    edge: Edge
    index: SearchIndex
    books: Books
    here: County
    there: County
    deployment: Deployment
    app: FastAPI
    secrets: Path

    async def follow(self) -> None:
        """Deliver everything that is written, and index it."""
        engine = self.store.engine
        subscriptions = ledgers()
        for source, ledger in self.books.bodies:
            entries = self.books.entries(source, ledger)
            for start in range(0, len(entries), 1000):
                some = entries[start : start + 1000]
                assert await deliver(engine, subscriptions[0], source, some) == []
                if source == "enrollment":
                    await deliver(engine, _projection("directory"), source, some)
                if source == "casework":
                    await deliver(engine, _projection("rules"), source, some)
        self.edge.rulebook.forget()
        while await self.index.once():
            pass

    async def follow_own(self) -> None:
        """Audit's own ledgers, straight from its store, as its process follows them."""
        from shared.following import Follower
        from shared.own_store import OwnStore

        service = self.edge.service
        followers = [
            Follower(service.engine, "audit", subscription, {}, service.waking)
            for subscription in ledgers()[1:]
        ]
        own = OwnStore(service.engine, "audit", followers, service.waking)
        while await own.once():
            pass
        while await self.index.once():
            pass

    async def get(
        self, viewer: Viewer, path: str, accept: str = "application/json"
    ) -> httpx2.Response:
        """One request as somebody."""
        token = sign_session(load_signer(self.secrets, "enrollment"), viewer, time(), time())
        headers = {"authorization": f"Bearer {token}", "accept": accept}
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://audit.test") as http:
            return await http.get(path, headers=headers)

    async def accesses(self, county: str = COUNTY) -> list[str]:
        async with self.store.engine.connect() as conn:
            asked = "select body from events where ledger = :l order by seq"
            rows = await conn.execute(text(asked), {"l": f"{county}-access"})
            return [row.body for row in rows]


def _projection(kind: str) -> Subscription:
    apply = project_directory if kind == "directory" else project_rules
    return Subscription(f"audit.{kind}", ("enrollment",), apply)


def viewer(role: str, county: str = COUNTY, path: str | None = None) -> Viewer:
    """Somebody with one role in one county (or at a path)."""
    grant = Grant(role=role, unit=county, path=path or path_of(county), valid_from=date(2026, 9, 1))
    staff = f"0198c5b0-0000-7000-8000-{hash_of(role + county):012x}"
    return Viewer(account=f"{role}.{county}", staff=staff, grants=(grant,))


def hash_of(text_: str) -> int:
    return int.from_bytes(text_.encode()[-5:], "big")


INSPECTOR, OFFICER, STRANGER = (
    viewer("inspector"),
    viewer("county_officer"),
    viewer("inspector", OTHER),
)


@asynccontextmanager
async def deployed(
    make: Callable[[], AbstractAsyncContextManager[Database]], folder: Path
) -> AsyncIterator[Deployment]:
    async with make() as database:
        made = Deployment(database, folder / "keys")
        make_key_files(made.keys)
        await install_keyring(made)
        yield made


@pytest.fixture
async def world(
    store: Store,
    new_database: Callable[[], AbstractAsyncContextManager[Database]],
    tmp_path: Path,
) -> AsyncIterator[World]:
    make_signing_keys(tmp_path / "secrets")
    async with (
        deployed(new_database, tmp_path) as deployment,
        deployment.keyring("enrollment") as all_classes,
        composed(store, deployment, tmp_path) as (edge, app),
    ):
        books = Books(all_classes)
        here = await founded(books, COUNTY, "云溪县")
        there = await founded(books, OTHER, "青河县")
        index = SearchIndex(store.engine, edge.keyring, edge.rulebook)
        secrets = tmp_path / "secrets"
        yield World(store, edge, index, books, here, there, deployment, app, secrets)


@asynccontextmanager
async def composed(
    store: Store, deployment: Deployment, folder: Path
) -> AsyncIterator[tuple[Edge, FastAPI]]:
    """An edge over the test's store, and the routes on it."""
    settings = Settings(database_url=store.app_url(), home=folder, secrets=folder / "secrets")
    signer = load_signer(folder / "secrets", "audit")
    service = Service("audit", settings, lambda _audience: "")
    engine = deployment.database.engine(deployment.role("audit"))
    keyring = Keyring(engine, load_key_file(deployment.keys / "audit.json"))
    edge = Edge(service, keyring, signer)
    app = FastAPI()
    app.state.public_keys = load_public_keys(folder / "secrets")
    app.state.service = "audit"
    app.include_router(router(edge))
    answers.install(app, refusal)
    yield edge, app
    await service.http.aclose()
    await service.engine.dispose()
    await engine.dispose()
