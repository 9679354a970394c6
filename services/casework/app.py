"""The composition root of casework."""

import asyncio
from collections.abc import Sequence

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework import api
from services.casework.aggregates import AGGREGATES
from services.casework.commands import TABLE
from services.casework.pages import (
    alerts,
    calls,
    cases,
    children,
    coverage,
    duty,
    evidence,
    forms,
    observations,
    today,
)
from services.casework.pages import (
    duties as duty_pages,
)
from services.casework.processes.absence_to_risk import absence_to_risk
from services.casework.processes.duties import duties
from services.casework.processes.duty_times import ensure_plans
from services.casework.processes.duty_times import handlers as duty_timers
from services.casework.processes.founding_rules import founding_rules
from services.casework.projections import follow_places, project_boards
from services.casework.queries.charges import project_charges
from services.casework.queries.deadlines import REPORT_OVERDUE
from services.casework.timers import report_overdue
from shared import clock
from shared.commands import VIAS, router
from shared.composition import application, compose
from shared.console import refusal
from shared.directory import project_directory
from shared.edge import Edge
from shared.settings import Settings
from shared.subscription import Entry, Subscription

# A founding is rare; the timer is there before the first morning.
LOOK_FOR_COUNTIES_SECONDS = 30


def make_edge(settings: Settings) -> Edge:
    """Casework's edge with everything that it follows and times."""
    edge = compose("casework", settings)
    directory = next(one for one in edge.service.subscriptions if one.name == "casework.directory")
    directory.apply = follow_directory
    edge.service.follow(
        Subscription("casework.boards", ("casework",), project_boards, own=True),
        Subscription("casework.charges", ("casework",), project_charges, own=True),
        founding_rules(settings.domain),
        absence_to_risk(edge.rulebook),
        *duties(edge.rulebook),
    )
    edge.service.aggregates = AGGREGATES
    edge.service.timers = {
        REPORT_OVERDUE: report_overdue(edge.rulebook),
        **duty_timers(edge.rulebook),
    }
    edge.service.loops.append(lambda: plan_periods(edge))
    return edge


async def plan_periods(edge: Edge) -> None:
    """For ever: a county that was founded gets the timer that begins its periods."""
    while True:
        async with edge.service.engine.begin() as conn:
            await ensure_plans(conn, await clock.now(conn))
        await asyncio.sleep(LOOK_FOR_COUNTIES_SECONDS)


async def follow_directory(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """The directory, and with it in one transaction the places of alerts and cases."""
    await follow_places(conn, entries)
    await project_directory(conn, entries)


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    return app_of(make_edge(settings or Settings()))


def app_of(edge: Edge) -> FastAPI:
    """The application of an edge that is composed already."""
    app = application(edge, refusal)
    app.include_router(router("casework", edge, TABLE, (*VIAS, "import")))
    for part in (
        api,
        today,
        alerts,
        cases,
        forms,
        children,
        observations,
        duty_pages,
        duty,
        evidence,
        calls,
        coverage,
    ):
        app.include_router(part.router(edge))
    return app
