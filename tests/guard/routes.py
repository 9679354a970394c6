"""The route table of an application, as it answers and not as anybody wrote it down."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

METHODS = frozenset(("get", "post", "put", "delete", "patch", "head", "options", "trace"))


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """`name` reads as `casework GET /casework/cases`."""

    service: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def table_of(service: str, app: FastAPI) -> list[Route]:
    """Every route with its methods. A route kept out of the schema would be seen by no test."""
    hidden = [one.path for one in walk(app.routes) if not one.include_in_schema]
    assert not hidden, f"{service} hides {hidden} from its schema"
    return sorted(
        Route(service, method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if method in METHODS
    )


def walk(routes: Any) -> Iterator[APIRoute]:
    for one in routes:
        if isinstance(one, APIRoute):
            yield one
        elif inner := getattr(one, "original_router", None):
            yield from walk(inner.routes)
