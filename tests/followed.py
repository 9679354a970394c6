"""One service in a test: its edge on a database of its own, told what other services publish."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import time
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared import clock, timer
from shared.edge import Edge
from shared.event import Envelope, read
from shared.following import Follower
from shared.key_files import SERVICE_CLASSES, make_key_files
from shared.keyring_schema import KeyringRole, install
from shared.ledger_schema import async_url
from shared.own_store import OwnStore
from shared.rights import Grant, Viewer
from shared.session import sign_session
from shared.settings import Settings
from shared.signing import load_signer, make_signing_keys
from shared.subscription import Entry, Subscription, deliver
from tests.county import account
from tests.stores import Store, drop, run_alone

SETTLE_SECONDS = 60.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Secrets:
    """The keyring and the keys of one test session."""

    keyring_url: dict[str, str]
    keys: Path
    secrets: Path


@asynccontextmanager
async def made_secrets(server: str, folder: Path) -> AsyncIterator[Secrets]:
    """A keyring database of its own, with key files and signing keys."""
    admin, name = async_url(server), f"t{os.urandom(4).hex()}_keyring"
    await run_alone(admin, f"create database {name}")
    roles = {
        service: KeyringRole(name=f"{name}_{service}", password="secret", classes=classes)
        for service, classes in SERVICE_CLASSES.items()
    }
    url = make_url(str(admin.render_as_string(hide_password=False))).set(database=name)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as conn:
        await install(conn, f"{name}_owner", roles)
    await engine.dispose()
    make_key_files(folder / "keys")
    make_signing_keys(folder / "secrets")
    urls = {
        service: url.set(
            drivername="postgresql", username=role.name, password=role.password
        ).render_as_string(hide_password=False)
        for service, role in roles.items()
    }
    yield Secrets(urls, folder / "keys", folder / "secrets")
    await drop(admin, name)


def settings_of(service: str, store: Store, secrets: Secrets, home: Path) -> Settings:
    return Settings(
        name="t",
        home=home,
        domain="test",
        database_url=store.app_url(),
        keyring_url=secrets.keyring_url[service],
        keys=secrets.keys / f"{service}.json",
        secrets=secrets.secrets,
    )


@dataclass(slots=True)
class World:
    """A service with its own followers running; others' events are delivered by hand."""

    edge: Edge
    app: FastAPI
    secrets: Secrets
    token_signer: str = "enrollment"

    @property
    def engine(self) -> Any:
        return self.edge.service.engine

    def subscription(self, name: str) -> Subscription:
        return next(one for one in self.edge.service.subscriptions if one.name == name)

    async def hear(self, source: str, entries: Iterable[Entry], *names: str) -> None:
        """Deliver to every subscription of the source, or to the named ones."""
        batch = list(entries)
        for one in self.edge.service.subscriptions:
            if source in one.sources and not one.own and (not names or one.name in names):
                await deliver(self.engine, one, source, batch)
        await self.settled()

    async def settled(self) -> None:
        """Wait until the service's own boards have followed all of its events."""
        await quiet_own(self)
        self.edge.rulebook.forget()

    async def _behind(self, names: list[str]) -> bool:
        behind = text(
            "select count(*) from ledger l cross join unnest(cast(:names as text[])) as s(name)"
            " left join checkpoint c on c.subscription = s.name and c.ledger = l.ledger"
            " and c.source = :source where l.last_seq > coalesce(c.seq, 0)"
            " and l.ledger not like '%-access'"
        )
        params = {"names": names, "source": self.edge.service.name}
        async with self.engine.connect() as conn:
            return bool((await conn.execute(behind, params)).scalar_one())

    async def events(self, *types: str, ledger: str = "990101") -> list[Envelope]:
        """Recorded events in order, of some types (bare names) or all of the ledger."""
        query = text("select body from events where ledger = :ledger order by seq")
        async with self.engine.connect() as conn:
            found = [read(row.body) for row in await conn.execute(query, {"ledger": ledger})]
        return [one for one in found if not types or one.type.split(".")[1] in types]

    async def own_entries(self) -> list[Entry]:
        """Everything recorded here, as other services follow it."""
        query = text("select ledger, seq, body from events order by ledger, seq")
        async with self.engine.connect() as conn:
            rows = (await conn.execute(query)).all()
        name = self.edge.service.name
        return [
            Entry(name, row.ledger, row.seq, row.body.encode())
            for row in rows
            if not row.ledger.endswith("-access")
        ]

    async def move_to(self, when: datetime) -> None:
        """Move the simulated clock forward."""
        async with self.engine.begin() as conn:
            await clock.set_forward(conn, when)

    async def tick(self) -> int:
        done = await timer.tick(self.engine, self.edge.service.timers)
        await self.settled()
        return done

    def browser(self, viewer: Viewer, accept: str = "text/html") -> httpx2.AsyncClient:
        """A signed-in client of the service's application."""
        signer = load_signer(self.secrets.secrets, self.token_signer)
        token = sign_session(signer, viewer, time(), time())
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url="http://test",
            headers={"authorization": f"Bearer {token}", "accept": accept},
        )


async def quiet_own(world: World) -> None:
    """As `World.settled`, without reading the rules anew."""
    names = [one.name for one in world.edge.service.subscriptions if one.own]
    async with asyncio.timeout(SETTLE_SECONDS):
        while await world._behind(names):
            world.edge.service.waking.wake()
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def running(edge: Edge, app: FastAPI, secrets: Secrets) -> AsyncIterator[World]:
    """Follow the own store in the background; ends what it began."""
    edge.service.opening.is_open = True
    followers = [
        Follower(edge.service.engine, edge.service.name, one, {}, edge.service.waking)
        for one in edge.service.subscriptions
        if one.own
    ]
    own = OwnStore(edge.service.engine, edge.service.name, followers, edge.service.waking)
    following = asyncio.create_task(own.run())
    try:
        yield World(edge, app, secrets)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await edge.service.http.aclose()
        await edge.keyring._engine.dispose()
        await edge.service.engine.dispose()


def viewer_of(staff: UUID, role: str, path: str) -> Viewer:
    """Somebody with one role since the term began."""
    unit = path.rsplit("/", 1)[-1]
    grant = Grant(role=role, unit=unit, path=path, valid_from=date(2026, 9, 1))
    return Viewer(account=account(staff), staff=str(staff), grants=(grant,))
