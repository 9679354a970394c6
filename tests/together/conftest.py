"""Enrollment and casework in one process, their events carried by Kafka, their calls by HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.casework.app import app_of as casework_app
from services.casework.app import make_edge as casework_edge
from services.enrollment.app import app_of as enrollment_app
from services.enrollment.app import make_edge as enrollment_edge
from shared import timer
from shared.following import Follower
from shared.kafka import broker, producer
from shared.reception import Reception
from shared.relay import Relay
from tests.casework.conftest import casework_template
from tests.enrollment.conftest import enrollment_secrets, enrollment_template
from tests.enrollment.world import Enrolled, at, day, enroll, found
from tests.followed import Secrets, World, running, settings_of
from tests.guard.stage import between
from tests.stores import Template, cloned
from tests.topics import topics_of_a_test

__all__ = ["casework_template", "enrollment_secrets", "enrollment_template"]
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.05
HEADS = text("select ledger, last_seq from ledger where ledger not like '%-access'")
PLACES = text("select subscription, ledger, seq from checkpoint where source = :source")


@dataclass(slots=True)
class Both:
    """Commands go to enrollment as in its own tests; casework hears of them through Kafka."""

    school: Enrolled
    casework: World
    followers: Mapping[str, list[Follower]]

    async def carried(self) -> None:
        """Wait until each has followed all of the other and of itself."""
        await until(self._level)

    async def to(self, when: datetime) -> None:
        """Move both clocks, and do what falls due on the way."""
        for world in (self.school.world, self.casework):
            await world.move_to(when)
        for world in (self.school.world, self.casework):
            while await timer.tick(world.engine, world.edge.service.timers):
                pass
        await self.carried()

    async def duties(self, kind: str) -> list[dict[str, Any]]:
        await self.carried()
        query = text("select * from duty where kind = :kind order by due_at, target")
        async with self.casework.engine.connect() as conn:
            return [dict(row._mapping) for row in await conn.execute(query, {"kind": kind})]

    async def _level(self) -> bool:
        worlds = {"enrollment": self.school.world, "casework": self.casework}
        # Twice, as what one has heard may have made it say something.
        for _ in range(2):
            for name, world in worlds.items():
                await world.settled()
                for source, other in worlds.items():
                    if source != name and not await self._heard(name, world, source, other):
                        return False
        return True

    async def _heard(self, name: str, world: World, source: str, other: World) -> bool:
        async with other.engine.connect() as conn:
            heads = {row.ledger: row.last_seq for row in await conn.execute(HEADS)}
        async with world.engine.connect() as conn:
            rows = await conn.execute(PLACES, {"source": source})
            places = {(row.subscription, row.ledger): row.seq for row in rows}
        return all(
            places.get((one.name, ledger), 0) >= head
            for one in self.followers[name]
            if source in one.subscription.sources
            for ledger, head in heads.items()
        )


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await condition():
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def carrying(world: World, followers: list[Follower], kafka: str, prefix: str) -> Any:
    """The service's relay and its one consumer, as its process runs them."""
    service = world.edge.service
    made, hearing = producer(kafka), broker(kafka)
    Reception(world.engine, followers).attach(hearing, prefix, service.name)
    await made.start()
    relay = Relay(world.engine, service.name, prefix, made, service.waking)
    tasks = [asyncio.create_task(relay.run())]
    tasks += [asyncio.create_task(one.sweep()) for one in followers]
    await hearing.start()
    try:
        yield
    finally:
        await hearing.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await made.stop()


@pytest.fixture
async def both(
    enrollment_template: Template,
    casework_template: Template,
    enrollment_secrets: Secrets,
    kafka_server: str,
    tmp_path: Path,
) -> AsyncIterator[Both]:
    """A county that was founded in enrollment on Monday morning, with a class of pupils."""
    made = {
        "enrollment": (enrollment_template, enrollment_edge, enrollment_app),
        "casework": (casework_template, casework_edge, casework_app),
    }
    async with AsyncExitStack() as stack:
        prefix = await stack.enter_async_context(topics_of_a_test(kafka_server))
        worlds: dict[str, World] = {}
        for name, (template, edge_of, app_of) in made.items():
            store = await stack.enter_async_context(cloned(template, at(day(0))))
            edge = edge_of(settings_of(name, store, enrollment_secrets, tmp_path / name))
            worlds[name] = await stack.enter_async_context(
                running(edge, app_of(edge), enrollment_secrets)
            )
        followers: dict[str, list[Follower]] = {}
        for name, world in worlds.items():
            service = world.edge.service
            await service.http.aclose()
            service.http = between(worlds, service.settings)
            for feed in service.feeds.values():
                feed.http = service.http
            followers[name] = [
                Follower(world.engine, name, one, service.feeds, service.waking)
                for one in service.subscriptions
                if not one.own and set(one.sources) & worlds.keys()
            ]
            await stack.enter_async_context(carrying(world, followers[name], kafka_server, prefix))
        pair = Both(Enrolled(worlds["enrollment"]), worlds["casework"], followers)
        await found(worlds["enrollment"], lambda _: pair.carried())
        await enroll(pair.school)
        await pair.carried()
        yield pair


def evening(number: int) -> datetime:
    return at(day(number)) + timedelta(hours=10)
