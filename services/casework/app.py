"""The composition root of casework."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework import api
from services.casework.aggregates import ACTIVITY, AGGREGATES, ALERT, BODY, CASE, RESPONSIBILITY
from services.casework.commands import TABLE
from services.casework.pages import (
    activities,
    alerts,
    answering,
    assignment_sheet,
    bodies,
    calls,
    cases,
    children,
    class_status,
    coverage,
    documents,
    duty,
    ending,
    escalated,
    evidence,
    forms,
    handover,
    new_year,
    observations,
    policy,
    policy_edit,
    progress,
    systems,
    targets,
    today,
    whatif,
)
from services.casework.pages import (
    duties as duty_pages,
)
from services.casework.processes.absence_to_risk import absence_to_risk
from services.casework.processes.duties import duties
from services.casework.processes.duty_times import ensure_plans
from services.casework.processes.duty_times import handlers as duty_timers
from services.casework.processes.founding_rules import founding_rules
from services.casework.processes.running import running
from services.casework.projections import follow_places, project_boards
from services.casework.queries import villages
from services.casework.queries.activities import EVIDENCE, project_activities
from services.casework.queries.bodies import project_bodies
from services.casework.queries.charges import project_charges
from services.casework.queries.deadlines import REPORT_OVERDUE
from services.casework.queries.holding import Holdings
from services.casework.queries.stays import FOLLOWED, project_stays
from services.casework.timers import report_overdue
from shared import clock
from shared.batch import Aggregate
from shared.commands import VIAS, router
from shared.composition import application, compose
from shared.console import refusal
from shared.directory import project_directory
from shared.edge import Edge
from shared.settings import Settings
from shared.subscription import Entry, Subscription

# Counties that were founded before there were duties; a new one is heard of.
LOOK_FOR_COUNTIES_SECONDS = 30


def make_edge(settings: Settings) -> Edge:
    """Casework's edge with everything that it follows and times."""
    edge = compose("casework", settings)
    directory = next(one for one in edge.service.subscriptions if one.name == "casework.directory")
    directory.apply = follow_directory
    holdings = Holdings()
    edge.service.follow(
        Subscription(
            "casework.boards", ("casework",), project_boards, own=True, types=_types(ALERT, CASE)
        ),
        Subscription(
            "casework.charges",
            ("casework",),
            project_charges,
            own=True,
            types=_types(RESPONSIBILITY),
        ),
        Subscription(
            "casework.bodies", ("casework",), project_bodies, own=True, types=_types(BODY)
        ),
        Subscription(
            "casework.activities",
            ("casework",),
            project_activities,
            own=True,
            types=_types(ACTIVITY) | {EVIDENCE},
        ),
        Subscription("casework.stays", ("enrollment",), project_stays, types=FOLLOWED),
        Subscription(
            "casework.villages",
            ("enrollment",),
            villages.project_villages,
            types=villages.FOLLOWED,
        ),
        founding_rules(settings.domain),
        absence_to_risk(edge.rulebook),
        *duties(edge.rulebook, holdings),
        *running(edge.rulebook),
    )
    edge.service.aggregates = AGGREGATES
    edge.service.timers = {
        REPORT_OVERDUE: report_overdue(edge.rulebook),
        **duty_timers(edge.rulebook, holdings),
    }
    edge.service.loops.append(lambda: plan_periods(edge))
    return edge


def _types(*aggregates: Aggregate[Any, Any, Any]) -> frozenset[str]:
    return frozenset(f"{one.service}.{name}" for one in aggregates for name in one.events)


async def plan_periods(edge: Edge) -> None:
    """For ever: every county has the timer that begins its periods."""
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
        assignment_sheet,
        new_year,
        answering,
        handover,
        bodies,
        activities,
        targets,
        escalated,
        whatif,
        policy,
        policy_edit,
        systems,
        documents,
        ending,
        progress,
        class_status,
    ):
        app.include_router(part.router(edge))
    return app
