"""Four services in one process and two founded counties, each event carried to who follows it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.audit.api import router as audit_routes
from services.audit.checks.watch import Watch
from services.audit.projections.search import SearchIndex
from services.audit.subscriptions import ledgers
from services.casework import app as casework
from services.casework.commands import TABLE as CASEWORK
from services.enrollment import app as enrollment
from services.enrollment.commands import TABLE as ENROLLMENT
from services.enrollment.sessions.grants import viewer_of
from services.notify import app as notify
from services.notify.commands import TABLE as NOTIFY
from shared import timer
from shared.commands import Command, Done, run
from shared.composition import application, compose
from shared.console import refusal
from shared.contracts.topics import SERVICES
from shared.edge import Edge
from shared.faults import NotNow
from shared.kafka import digest
from shared.rights import Viewer
from shared.settings import Settings
from shared.subscription import Entry, Subscription, deliver
from tests.followed import Secrets, World, quiet_own, running, settings_of
from tests.guard.canaries import Canaries
from tests.stores import Template, cloned

TABLES: Mapping[str, Mapping[str, Command]] = {
    "enrollment": ENROLLMENT,
    "casework": CASEWORK,
    "notify": NOTIFY,
    "audit": {},
}
HEADS = text("select ledger, last_seq from ledger")
BODIES = text(
    "select ledger, seq, body from events where ledger = :ledger and seq > :seq order by seq"
)
LAST = text("select body from events where ledger = :ledger and seq = :seq")
SPREAD_LIMIT = 20
DELIVERY_LIMIT = 10
DELIVERY_PAUSE_SECONDS = 0.5


@dataclass(slots=True)
class Stage:
    """The services by name; `day` the school day that it is; what has reached whom so far."""

    worlds: dict[str, World]
    secrets: Secrets
    index: SearchIndex
    canaries: Canaries = field(default_factory=Canaries)
    reached: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)

    async def give(self, service: str, command: str, by: Viewer, /, **values: Any) -> Done:
        """Run a command of a service's table as somebody; its id is fresh unless given."""
        edge = self.worlds[service].edge
        wish = {"command_id": uuid7()} | values
        return await run(edge, by, TABLES[service][command], wish)

    async def viewer(self, account: str, today: date) -> Viewer:
        """As enrollment signs the account into a session that day."""
        async with self.worlds["enrollment"].engine.connect() as conn:
            return await viewer_of(conn, account, today)

    async def spread(self) -> None:
        """Carry every event to everybody who follows it, until nothing new comes of it."""
        for _ in range(SPREAD_LIMIT):
            for world in self.worlds.values():
                await quiet_own(world)
            carried = [await self._carry(source) for source in SERVICES]
            if not any(carried):
                break
        while await self.index.once():
            pass

    async def _carry(self, source: str) -> bool:
        fresh = False
        async with self.worlds[source].engine.connect() as conn:
            heads = {row.ledger: row.last_seq for row in await conn.execute(HEADS)}
        for ledger, head in heads.items():
            at, before = self.reached.get((source, ledger, ""), (0, ""))
            if head > at:
                entries = await self._entries(source, ledger, at, before)
                last = entries[-1]
                self.reached[source, ledger, ""] = last.seq, digest(last.body)[:16]
                await self._tell(source, entries)
                fresh = True
        return fresh

    async def _entries(self, source: str, ledger: str, after: int, before: str) -> list[Entry]:
        named = f"{source}.access" if ledger.endswith("-access") else source
        async with self.worlds[source].engine.connect() as conn:
            rows = (await conn.execute(BODIES, {"ledger": ledger, "seq": after})).all()
        made: list[Entry] = []
        for row in rows:
            body = row.body.encode()
            made.append(Entry(named, ledger, row.seq, body, before))
            before = digest(body)[:16]
        return made

    async def _tell(self, source: str, entries: list[Entry]) -> None:
        rules = any(b"PolicyVersionActivated" in one.body for one in entries)
        for name, world in self.worlds.items():
            for one in world.edge.service.subscriptions:
                if name != source and entries[0].source in one.sources and not one.own:
                    await told(world, one, entries)
            if rules:
                world.edge.rulebook.forget()

    async def to(self, when: datetime) -> None:
        """Move every clock, and do what falls due on the way."""
        for world in self.worlds.values():
            await world.move_to(when)
        for world in self.worlds.values():
            while await timer.tick(world.engine, world.edge.service.timers):
                pass
        await self.spread()

    async def recorded(self, access: bool | None = None) -> dict[str, int]:
        """`<service> <ledger>` → its last number; of access ledgers, of the others, or of both."""
        found: dict[str, int] = {}
        for name, world in self.worlds.items():
            async with world.engine.connect() as conn:
                for row in await conn.execute(HEADS):
                    if access is None or row.ledger.endswith("-access") == access:
                        found[f"{name} {row.ledger}"] = row.last_seq
        return found


async def told(world: World, one: Subscription, entries: list[Entry]) -> None:
    """As a follower does: what cannot be applied yet is tried again; nothing may be parked."""
    for left in reversed(range(DELIVERY_LIMIT)):
        try:
            await deliver(world.engine, one, entries[0].source, entries)
            break
        except NotNow as error:
            if not left:
                parked = await _parked(world)
                raise AssertionError(f"{one.name} waits for ever; parked: {parked}") from error
            await asyncio.sleep(DELIVERY_PAUSE_SECONDS)
            world.edge.rulebook.forget()


async def _parked(world: World) -> list[object]:
    async with world.engine.connect() as conn:
        return [dict(row._mapping) for row in await conn.execute(text("select * from parked"))]


@asynccontextmanager
async def staged(
    templates: Mapping[str, Template], secrets: Secrets, home: Path, when: datetime
) -> AsyncIterator[Stage]:
    """The four services on databases of their own, before any county."""
    async with AsyncExitStack() as stack:
        worlds: dict[str, World] = {}
        for name in SERVICES:
            store = await stack.enter_async_context(cloned(templates[name], when))
            edge, app = composed(name, settings_of(name, store, secrets, home))
            worlds[name] = await stack.enter_async_context(running(edge, app, secrets))
        for world in worlds.values():
            service = world.edge.service
            await service.http.aclose()
            service.http = between(worlds, service.settings)
            for feed in service.feeds.values():
                feed.http = service.http
        audit = worlds["audit"].edge
        index = SearchIndex(audit.service.engine, audit.keyring, audit.rulebook)
        yield Stage(worlds, secrets, index)


def between(worlds: Mapping[str, World], settings: Settings) -> httpx2.AsyncClient:
    """What one service asks another at its address reaches that one's application."""
    return httpx2.AsyncClient(
        mounts={
            settings.url_of(name): httpx2.ASGITransport(app=one.app) for name, one in worlds.items()
        }
    )


def composed(name: str, settings: Settings) -> tuple[Edge, FastAPI]:
    """Edge and application as the service's own composition root makes them."""
    if name == "audit":
        edge = compose("audit", settings)
        edge.service.follow(*ledgers(settings.domain))
        app = application(edge, refusal)
        app.include_router(audit_routes(edge, Watch(edge, settings.home)))
        return edge, app
    module: Any = {"enrollment": enrollment, "casework": casework, "notify": notify}[name]
    made = module.make_edge(settings)
    return made, module.app_of(made)


def days_from(monday: date, count: int) -> list[date]:
    return [monday + timedelta(days=n) for n in range(count)]


__all__ = ["UUID", "Stage", "composed", "days_from", "staged"]
