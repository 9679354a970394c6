"""Casework in one process, told what enrollment publishes of a small county."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.casework.app import app_of, make_edge
from tests.county import MONDAY, Told, at, found_county
from tests.followed import Secrets, World, made_secrets, running, settings_of
from tests.stores import Template, cloned, make_template


@pytest.fixture(scope="session")
async def casework_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "casework")


@pytest.fixture(scope="session")
async def secrets(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Secrets]:
    async with made_secrets(postgres_server, tmp_path_factory.mktemp("secrets")) as made:
        yield made


@pytest.fixture
async def world(
    casework_template: Template, secrets: Secrets, tmp_path: Path
) -> AsyncIterator[World]:
    """The service on Monday morning, before it has heard anything."""
    async with cloned(casework_template, at(MONDAY)) as store:
        edge = make_edge(settings_of("casework", store, secrets, tmp_path))
        async with running(edge, app_of(edge), secrets) as made:
            yield made


@pytest.fixture
async def told(world: World) -> Told:
    """Enrollment's ledger with the county founded, and all of it heard."""
    made = Told()
    await found_county(made, world.edge.keyring)
    await world.hear("enrollment", made.entries)
    return made
