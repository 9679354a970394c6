"""A county's producers behind their real feeds, an audit that claims roots, and the sealer."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.audit.proofs import checkpoint, note
from services.audit.proofs.checkpoint import Checkpoint
from services.audit.proofs.hashing import leaf_hash
from services.audit.proofs.note import parse_verifier_key
from services.audit.proofs.tree import Edge
from services.audit.sealer import notes, process
from services.audit.sealer.books import Books
from services.audit.sealer.keys import load_key_file, make_key_file
from services.audit.sealer.sealing import Sealer
from services.audit.sealer.state import State
from shared import answers, feed
from shared.contracts.topics import SERVICES
from shared.event_store import execute
from shared.session_http import feed_reader
from shared.settings import Settings
from shared.signing import load_public_keys, load_signer, make_signing_keys
from shared.waking import Waking
from tests.spine.counter import COUNTER, Add, order
from tests.stores import SEALING, Store, Template, cloned

COUNTY = "990101"
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05
FILLED = ("events", "ledger", "published", "current", "checkpoint", "entry", "log", "tile")
FILLED += ("sealed", "refusal")
BARE = (
    *(
        f"alter table {name} disable trigger user"
        for name in ("events", "entry", "sealed", "refusal")
    ),
    "alter table events drop constraint events_previous",
)
BODIES = text("select body from events where ledger = :ledger order by seq")
CLAIM = text(
    "insert into log (ledger, service, generation, origin, size, root)"
    " values (:ledger, :service, 1, :origin, :size, :root)"
    " on conflict (origin) do update set size = excluded.size, root = excluded.root"
)
SEALED = text("select origin, size, root, note from sealed order by sealed_at, size")
REFUSALS = text("select origin, kind, seq, expected, found from refusal order by id")


def subject(number: int) -> str:
    return str(UUID(int=0x0198_C5B0_0000_7000_8000_0000_0000_0000 + number))


@dataclass
class Producer:
    """One service's store and the address of its feed."""

    service: str
    store: Store
    url: str = ""
    rng: random.Random = field(default_factory=lambda: random.Random(4))

    @property
    def ledger(self) -> str:
        return COUNTY

    @property
    def origin(self) -> str:
        return f"test/{COUNTY}/{self.service}"

    async def write(self, count: int) -> None:
        """`count` events on a few streams of a few subjects."""
        aggregate = replace(COUNTER, service=self.service)
        while count:
            some = min(count, 50)
            made = replace(
                order(f"counter-{self.rng.randrange(8)}", Add(events=some)),
                aggregate=aggregate,
                subject=subject(self.rng.randrange(5)),
            )
            await execute(self.store.engine, made)
            count -= some

    async def bodies(self) -> list[bytes]:
        async with self.store.engine.connect() as conn:
            rows = await conn.execute(BODIES, {"ledger": self.ledger})
            return [row.body.encode() for row in rows]

    async def tamper(self, *statements: str) -> None:
        """What somebody with every right on this database does to it."""
        async with administering(self.store) as conn:
            for statement in statements:
                await conn.exec_driver_sql(statement)


@contextlib.asynccontextmanager
async def administering(store: Store) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(store.admin.set(database=store.database))
    try:
        async with engine.begin() as conn:
            yield conn
    finally:
        await engine.dispose()


@dataclass
class County:
    """Everything that a sealer is given, and what came of it."""

    home: Path
    audit: Store
    producers: dict[str, Producer]

    @property
    def key_path(self) -> Path:
        return self.home / "keys" / "sealer.json"

    @property
    def sealer_url(self) -> str:
        url = self.audit.url(self.audit.roles.sealer, SEALING.sealer or "")
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def settings(self) -> Settings:
        urls = {f"{name}_url": one.url for name, one in self.producers.items()}
        return Settings(
            home=self.home,
            database_url=self.sealer_url,
            keys=self.key_path,
            secrets=self.home / "secrets",
            **urls,  # type: ignore[arg-type]
        )

    def environment(self, port: int) -> dict[str, str]:
        """The same for a process of its own; it listens on `port`."""
        settings = self.settings
        names = ("home", "database_url", "keys", "secrets", *(f"{name}_url" for name in SERVICES))
        given = {f"BAOXUE_{name.upper()}": str(getattr(settings, name)) for name in names}
        return {**given, "BAOXUE_PORT": str(port - 5)}

    async def claim(
        self, service: str, bodies: Sequence[bytes] | None = None, root: bytes | None = None
    ) -> None:
        """Audit's log says that it holds these bodies (those of the producer), or this root."""
        producer = self.producers[service]
        known = await producer.bodies() if bodies is None else bodies
        found = root or Edge().extended(leaf_hash(body) for body in known).root()
        row = {"ledger": producer.ledger, "service": service, "origin": producer.origin}
        async with self.audit.engine.begin() as conn:
            await conn.execute(CLAIM, {**row, "size": len(known), "root": found})

    async def write(self, service: str, count: int) -> None:
        """Events that audit follows correctly."""
        await self.producers[service].write(count)
        await self.claim(service)

    async def sealed(self) -> list[Checkpoint]:
        """Every note in the database, opened with the keys of the trust file."""
        keys = load_key_file(self.key_path)
        found: list[Checkpoint] = []
        async with self.audit.engine.connect() as conn:
            for row in (await conn.execute(SEALED)).all():
                known = [parse_verifier_key(k) for k in notes.verifier_keys([row.origin], keys)]
                one = checkpoint.parse(note.open_note(row.note, known)[0])
                assert (one.origin, one.size, one.root) == (row.origin, row.size, bytes(row.root))
                found.append(one)
        return found

    async def notes(self) -> int:
        """How many there are, unread."""
        async with self.audit.engine.connect() as conn:
            return (await conn.execute(text("select count(*) from sealed"))).scalar_one()

    async def sealed_size(self, service: str) -> int:
        """The greatest size of any note, unread."""
        greatest = text("select coalesce(max(size), 0) from sealed where origin = :origin")
        async with self.audit.engine.connect() as conn:
            row = {"origin": self.producers[service].origin}
            return (await conn.execute(greatest, row)).scalar_one()

    async def refusals(self) -> list[tuple[str, str, int]]:
        async with self.audit.engine.connect() as conn:
            rows = (await conn.execute(REFUSALS)).all()
        return [(row.origin, row.kind, row.seq) for row in rows]

    @contextlib.asynccontextmanager
    async def sealer(self, **changed: object) -> AsyncIterator[Sealer]:
        """A sealer in this process, not yet looking."""
        settings = self.settings
        state, books = State(self.home / "sealer"), Books(settings.database_url)
        signer = load_signer(self.home / "secrets", "sealer")
        async with httpx2.AsyncClient() as http:
            feeds = process.feeds(settings, signer, http)
            made = Sealer(self.home, self.key_path, state, books, feeds, **changed)  # type: ignore[arg-type]
            try:
                yield made
            finally:
                await books.close()
                state.close()

    async def look(self, times: int = 1) -> Sealer:
        """A sealer that starts, looks, and ends."""
        async with self.sealer() as sealer:
            for _ in range(times):
                await sealer.look()
            return sealer


def feed_app(secrets: Path, producer: Producer) -> FastAPI:
    """The feed as every service serves it: only callers whose tokens hold may read."""
    app = FastAPI()
    app.state.public_keys = load_public_keys(secrets)
    app.state.service = producer.service
    app.include_router(feed.router(producer.store.engine, Waking(), feed_reader))
    answers.install(app, None)
    return app


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application's address, on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task
        listening.close()


async def bare(store: Store) -> None:
    """Takes the guards away that would hinder whoever has every right on the database."""
    async with administering(store) as conn:
        for statement in BARE:
            await conn.exec_driver_sql(statement)


async def emptied(producer: Producer) -> None:
    """As after founding: the ledger is there, and nothing in it."""
    await producer.tamper(f"truncate {', '.join(FILLED)} cascade")
    async with producer.store.engine.begin() as conn:
        row = {"l": producer.ledger, "o": producer.origin}
        await conn.execute(text("select found_ledger(:l, :o)"), row)


@contextlib.asynccontextmanager
async def producing(template: Template, secrets: Path) -> AsyncIterator[dict[str, Producer]]:
    """All four behind their feeds; audit's own ledger is in the database of its logs."""
    make_signing_keys(secrets)
    async with contextlib.AsyncExitStack() as stack:
        producers: dict[str, Producer] = {}
        for service in SERVICES:
            store = await stack.enter_async_context(cloned(template))
            await bare(store)
            producers[service] = producer = Producer(service, store)
            producer.url = await stack.enter_async_context(served(feed_app(secrets, producer)))
        yield producers


async def county(producers: dict[str, Producer], secrets: Path, home: Path) -> County:
    """The producers, emptied, and a fresh home for a sealer."""
    for producer in producers.values():
        await emptied(producer)
    make_key_file(home / "keys")
    (home / "secrets").symlink_to(secrets)
    return County(home, producers["audit"].store, producers)
