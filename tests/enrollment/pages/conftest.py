"""Enrollment in one process with a small county in its store, on Monday morning."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.enrollment.app import app_of, make_edge
from tests.county import MONDAY, at
from tests.enrollment.pages.seeded import found_county
from tests.followed import Secrets, World, made_secrets, running, settings_of
from tests.stores import Template, cloned


@pytest.fixture(scope="session")
async def secrets(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Secrets]:
    async with made_secrets(postgres_server, tmp_path_factory.mktemp("secrets")) as made:
        yield made


@pytest.fixture
async def world(
    enrollment_template: Template, secrets: Secrets, tmp_path: Path
) -> AsyncIterator[World]:
    async with cloned(enrollment_template, at(MONDAY)) as store:
        edge = make_edge(settings_of("enrollment", store, secrets, tmp_path))
        async with running(edge, app_of(edge), secrets) as made:
            await found_county(made)
            yield made
