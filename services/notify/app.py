"""The composition root of notify."""

from fastapi import FastAPI

from shared.composition import application, compose
from shared.settings import Settings


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    edge = compose("notify", settings or Settings())
    return application(edge)
