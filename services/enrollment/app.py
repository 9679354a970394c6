"""The composition root of enrollment."""

from fastapi import FastAPI

from services.enrollment import api, pages
from services.enrollment.aggregates import AGGREGATES, SERVICE
from services.enrollment.commands import TABLE
from services.enrollment.imports.routes import imports_of
from services.enrollment.subscriptions import subscriptions
from services.enrollment.timers import handlers
from shared.commands import router
from shared.composition import application, compose
from shared.console import refusal
from shared.edge import Edge
from shared.settings import Settings


def make_edge(settings: Settings) -> Edge:
    """Enrollment's edge with its boards and everything that falls due."""
    edge = compose(SERVICE, settings)
    edge.service.follow(*subscriptions(edge.keyring))
    edge.service.aggregates = AGGREGATES
    edge.service.timers = handlers(edge.rulebook)
    return edge


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    return app_of(make_edge(settings or Settings()))


def app_of(edge: Edge) -> FastAPI:
    """The application of an edge that is composed already."""
    app = application(edge, refusal)
    app.include_router(router(SERVICE, edge, TABLE))
    app.include_router(api.router(edge))
    app.include_router(pages.router(edge))
    imports, bringing_in = imports_of(edge)
    app.include_router(imports)
    edge.service.loops.append(bringing_in)
    return app
