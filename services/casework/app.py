"""The composition root of casework."""

from fastapi import FastAPI

from shared.composition import application, compose
from shared.settings import Settings


def make_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment unless a test gives them."""
    edge = compose("casework", settings or Settings())
    return application(edge)
