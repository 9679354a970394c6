"""Enrollment in one process on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from services.enrollment.app import app_of, make_edge
from tests.enrollment.world import Enrolled, at, day, found
from tests.followed import Secrets, World, made_secrets, running, settings_of
from tests.stores import Template, cloned, make_template


@pytest.fixture(scope="session")
async def enrollment_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "enrollment")


@pytest.fixture(scope="session")
async def enrollment_secrets(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Secrets]:
    async with made_secrets(postgres_server, tmp_path_factory.mktemp("secrets")) as made:
        yield made


@pytest.fixture
async def empty(
    enrollment_template: Template, enrollment_secrets: Secrets, tmp_path: Path
) -> AsyncIterator[World]:
    """The service on Monday morning, before any county."""
    async with cloned(enrollment_template, at(day(0))) as store:
        edge = make_edge(settings_of("enrollment", store, enrollment_secrets, tmp_path))
        await edge.service.http.aclose()
        edge.service.http = httpx2.AsyncClient(transport=httpx2.MockTransport(nobody_holds))
        async with running(edge, app_of(edge), enrollment_secrets) as made:
            yield made


def nobody_holds(asked: httpx2.Request) -> httpx2.Response:
    """Casework, as far as these tests ask it: what it says of itself stands in its own tests."""
    if "/casework/held/" in asked.url.path:
        return httpx2.Response(200, json={"held": []})
    raise httpx2.ConnectError("no other service runs here")


@pytest.fixture
async def county(empty: World) -> Enrolled:
    return await found(empty)
