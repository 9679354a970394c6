"""The composition root of notify."""

import asyncio

from fastapi import FastAPI

from services.notify.aggregates import DIGESTS, INBOX
from services.notify.commands import TABLE
from services.notify.pages import digests, inbox, preferences, reminded
from services.notify.processes import escalations as climbing
from services.notify.processes.risk_to_inbox import risk_to_inbox
from services.notify.projections import (
    CHARGE_TYPES,
    DUTY_TYPES,
    project_charges,
    project_duties,
    project_inbox,
)
from services.notify.timers import ensure_digests, first_digests
from services.notify.timers import handlers as digest_timers
from shared.commands import router
from shared.composition import application, compose
from shared.console import refusal
from shared.edge import Edge
from shared.settings import Settings
from shared.subscription import Subscription

# Counties that were founded before there were digests; a new one is heard of.
LOOK_FOR_COUNTIES_SECONDS = 30
# A notice may take a moment; what comes together is one transaction.
GATHER_SECONDS = 0.04


def make_edge(settings: Settings) -> Edge:
    """Notify's edge with everything that it follows."""
    edge = compose("notify", settings)
    edge.service.pace.gather_seconds = GATHER_SECONDS
    edge.service.follow(
        Subscription("notify.inbox", ("notify",), project_inbox, own=True),
        Subscription("notify.duties", ("casework",), project_duties, types=DUTY_TYPES),
        Subscription("notify.charges", ("casework",), project_charges, types=CHARGE_TYPES),
        risk_to_inbox(edge.rulebook),
        climbing.escalations(edge.rulebook),
        first_digests(),
    )
    edge.service.aggregates = (INBOX, DIGESTS)
    edge.service.timers = {
        climbing.TIMER: climbing.after_quiet(edge.rulebook),
        **digest_timers(edge.rulebook),
    }
    edge.service.loops.append(lambda: plan_digests(edge))
    return edge


async def plan_digests(edge: Edge) -> None:
    """For ever: every county has the timers of its digests."""
    while True:
        async with edge.service.engine.begin() as conn:
            await ensure_digests(conn, await edge.rulebook.rules(conn))
        await asyncio.sleep(LOOK_FOR_COUNTIES_SECONDS)


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    return app_of(make_edge(settings or Settings()))


def app_of(edge: Edge) -> FastAPI:
    """The application of an edge that is composed already."""
    app = application(edge, refusal)
    app.include_router(router("notify", edge, TABLE))
    for part in (inbox, reminded, digests, preferences):
        app.include_router(part.router(edge))
    return app
