"""The composition root of audit."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from services.audit.api import router
from services.audit.checks.watch import Watch
from services.audit.export import heads
from services.audit.export.records import EXPORTS, HEADS
from services.audit.ledger import succession
from services.audit.projections.search import SearchIndex
from services.audit.subscriptions import ledgers
from shared.composition import application, compose
from shared.console import refusal
from shared.edge import Edge
from shared.settings import Settings

# Entries that come one after the other are found together.
GATHER_SECONDS = 0.02


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    edge = compose("audit", settings or Settings())
    edge.service.follow(*ledgers(edge.service.settings.domain))
    service = edge.service
    service.pace.gather_seconds = GATHER_SECONDS
    service.loops.append(lambda: succession.run(service.engine, service.waking))
    domain = service.settings.domain
    service.loops.append(lambda: heads.run(service.engine, service.waking, domain))
    service.aggregates = (succession.INCIDENTS, HEADS, EXPORTS)
    watch = Watch(edge, service.settings.home)
    service.loops += [watch.tails, watch.nights]
    service.details["integrity"] = watch.told
    app = application(edge, refusal)
    app.include_router(router(edge, watch))
    _index_beside(app, edge)
    return app


def _index_beside(app: FastAPI, edge: Edge) -> None:
    """The index follows audit's own table and no source, so it runs beside the subscriptions."""
    service, inner = edge.service, app.router.lifespan_context
    index = SearchIndex(service.engine, edge.keyring, edge.rulebook, service.pace)
    service.beside.append(index)

    @contextlib.asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[None]:
        async with inner(running):
            task = asyncio.create_task(index.run(service.waking.ear()))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    app.router.lifespan_context = lifespan
