"""Audit with a sealed log of a producer's real store, ready to be tampered with and checked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.audit.checks.logs import standing
from services.audit.checks.stores import OtherStore
from services.audit.checks.whole import PARTS, Checker, Progress
from services.audit.proofs import note
from services.audit.proofs.checkpoint import Checkpoint
from services.audit.proofs.note import NoteSigner, Verifier
from services.audit.subscriptions import ledgers
from shared import feed, integrity
from shared.event_store import execute
from shared.feed import FeedClient
from shared.integrity import Finding
from shared.ledger_schema import Roles
from shared.subscription import Entry, deliver
from shared.waking import Waking
from tests.audit.conftest import new_database
from tests.spine.counter import COUNTER, LEDGER, Add, order
from tests.stores import Store, Template, cloned, found, make_template

__all__ = ["new_database"]
KEY = Ed25519PrivateKey.from_private_bytes(b"a key of tests, thirty-two bytes")
EVENTS = 700
STREAMS = 20
ORIGIN = f"baoxue.local/{LEDGER}/casework"


@pytest.fixture(scope="session")
async def casework_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "casework")


@pytest.fixture(scope="session")
async def audit_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "audit")


@dataclass(slots=True)
class Scene:
    """A producer with its feed, audit with what it followed, and the key that sealed it."""

    producer: Store
    audit: Store
    feed: FeedClient
    parts: frozenset[str] = PARTS - {"index"}
    verifiers: list[Verifier] = field(default_factory=list)

    async def append(self, events: int, streams: int = STREAMS) -> None:
        for number in range(0, events, 5):
            await execute(self.producer.engine, order(f"counter-{number % streams}", Add(events=5)))

    async def follow(self) -> int:
        """Deliver what the producer has and audit lacks; how many that were."""
        (log,) = await standing(self.audit.engine) or [None]
        after = log.size if log else 0
        count = 0
        while bodies := await feed.page(self.producer.engine, LEDGER, after, 400):
            entries = [
                Entry("casework", LEDGER, after + n, body.encode())
                for n, body in enumerate(bodies, 1)
            ]
            assert await deliver(self.audit.engine, ledgers()[0], "casework", entries) == []
            after, count = after + len(bodies), count + len(bodies)
        return count

    async def seal(self) -> None:
        """Sign the log as it stands."""
        (log,) = await standing(self.audit.engine)
        await seal(self.audit, log.origin, log.size, log.root)

    def checker(self) -> Checker:
        return Checker(
            engine=self.audit.engine,
            stores={"casework": OtherStore(self.feed)},
            verifiers=self.verifiers,
            parts=self.parts,
        )

    async def whole(self) -> list[Finding]:
        """Everything that a full check finds, each log to its end."""
        told = [
            told
            for log in await standing(self.audit.engine)
            async for told in self.checker().log(log)
        ]
        last = told[-1]
        assert isinstance(last, Progress)
        assert (last.done, last.away) == (last.size, "")
        found = [one for one in told if isinstance(one, Finding)]
        assert last.state == ("tampered" if found else "clean")
        return found

    async def tail(self) -> list[Finding]:
        found: list[Finding] = []
        for log in await standing(self.audit.engine):
            findings, away = await self.checker().tail(log)
            assert away == ""
            found += findings
        return found


async def seal(store: Store, origin: str, size: int, root: bytes) -> None:
    """Write a checkpoint as the sealer does."""
    signer = NoteSigner(origin, KEY)
    signed = note.sign(Checkpoint(origin, size, root).text(), [signer])
    engine = create_async_engine(store.admin.set(database=store.database))
    statement = text("insert into sealed (origin, size, root, note) values (:o, :s, :r, :n)")
    try:
        async with engine.begin() as conn:
            await conn.exec_driver_sql(f'set local role "{store.roles.owner}"')
            await conn.execute(statement, {"o": origin, "s": size, "r": root, "n": signed})
    finally:
        await engine.dispose()


class Prepared(Template):
    """A database that is filled once and cloned for each test; its roles are its template's."""

    @property
    def roles(self) -> Roles:
        return Roles.of(self.database.rpartition("_")[0])


@asynccontextmanager
async def scene_of(producer: Store, audit: Store) -> AsyncIterator[Scene]:
    """Both stores with the producer's feed between them."""
    app = FastAPI()
    engine = producer.engine
    app.include_router(feed.router(engine, Waking(), lambda: None))
    app.include_router(integrity.router(engine, "casework", [COUNTER], lambda: None))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport) as http:
        client = FeedClient("casework", "http://casework.test", lambda: "", http)
        verifiers = [Verifier(ORIGIN, KEY.public_key().public_bytes_raw())]
        yield Scene(producer, audit, client, verifiers=verifiers)


@pytest.fixture(scope="session")
async def prepared(
    casework_template: Template, audit_template: Template
) -> AsyncIterator[tuple[Prepared, Prepared]]:
    """700 events in 20 streams, followed, and sealed at three sizes on the way."""
    async with cloned(casework_template) as producer, cloned(audit_template) as audit:
        await found(producer, LEDGER)
        await found(audit, LEDGER)
        async with scene_of(producer, audit) as made:
            for part in (EVENTS // 2, EVENTS // 4, EVENTS // 4):
                await made.append(part)
                await made.follow()
                await made.seal()
        # A database that somebody is in cannot be copied.
        await producer.engine.dispose()
        await audit.engine.dispose()
        yield (
            Prepared(producer.admin, producer.database),
            Prepared(audit.admin, audit.database),
        )


@pytest.fixture(scope="session")
async def untouched(prepared: tuple[Prepared, Prepared]) -> AsyncIterator[Store]:
    async with cloned(prepared[0]) as producer:
        yield producer


@pytest.fixture
async def scene(prepared: tuple[Prepared, Prepared], untouched: Store) -> AsyncIterator[Scene]:
    """Audit to be tampered with, over a producer that nobody touches."""
    async with cloned(prepared[1]) as audit, scene_of(untouched, audit) as made:
        yield made


@pytest.fixture
async def both(prepared: tuple[Prepared, Prepared]) -> AsyncIterator[Scene]:
    """Both of its own."""
    async with (
        cloned(prepared[0]) as producer,
        cloned(prepared[1]) as audit,
        scene_of(producer, audit) as made,
    ):
        yield made
