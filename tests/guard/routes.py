"""The route table of an application, as it answers and not as anybody wrote it down."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route as Answering

# FastAPI's own description of the routes, the same for everybody.
DESCRIBES = "/openapi.json"


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """`name` reads as `casework GET /casework/cases`."""

    service: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def table_of(service: str, app: FastAPI) -> list[Route]:
    """Every route with its methods, those that its schema does not show among them."""
    return sorted(
        Route(service, method, path)
        for path, one in walk(app.routes)
        for method in (one.methods or ())
        if path != DESCRIBES and (method != "HEAD" or "GET" not in (one.methods or ()))
    )


def walk(routes: Any, prefix: str = "") -> Iterator[tuple[str, Answering]]:
    """(whole path, route), into routers that were included. Raises what it does not know."""
    for one in routes:
        if isinstance(one, Answering):
            yield prefix + one.path, one
        else:
            inside = f"{prefix}{one.include_context.prefix}"
            yield from walk(one.original_router.routes, inside)
