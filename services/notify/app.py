"""The composition root of notify."""

from fastapi import FastAPI

from services.notify.aggregates import INBOX
from services.notify.commands import TABLE
from services.notify.pages import inbox, reminded
from services.notify.processes import risk_to_inbox
from services.notify.projections import project_inbox
from shared.commands import router
from shared.composition import application, compose
from shared.console import refusal
from shared.edge import Edge
from shared.settings import Settings
from shared.subscription import Subscription


def make_edge(settings: Settings) -> Edge:
    """Notify's edge with everything that it follows."""
    edge = compose("notify", settings)
    edge.service.follow(
        Subscription("notify.inbox", ("notify",), project_inbox, own=True),
        risk_to_inbox(edge.rulebook),
    )
    edge.service.aggregates = (INBOX,)
    return edge


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    return app_of(make_edge(settings or Settings()))


def app_of(edge: Edge) -> FastAPI:
    """The application of an edge that is composed already."""
    app = application(edge, refusal)
    app.include_router(router("notify", edge, TABLE))
    app.include_router(inbox.router(edge))
    app.include_router(reminded.router(edge))
    return app
