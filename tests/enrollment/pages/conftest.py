"""Enrollment in one process with a small county in its store, on Monday morning."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.enrollment.pages import router
from services.enrollment.subscriptions import subscriptions
from shared.composition import application, compose
from shared.console import refusal
from tests.county import MONDAY, at
from tests.enrollment.pages.seeded import found_county
from tests.followed import Secrets, World, made_secrets, running, settings_of
from tests.stores import Template, cloned, make_template


@pytest.fixture(scope="session")
async def enrollment_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "enrollment")


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
        edge = compose("enrollment", settings_of("enrollment", store, secrets, tmp_path))
        edge.service.follow(*subscriptions(edge.keyring))
        app = application(edge, refusal)
        app.include_router(router(edge))
        async with running(edge, app, secrets) as made:
            await found_county(made)
            yield made
