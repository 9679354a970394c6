"""Notify in one process, told what enrollment and casework publish of a small county."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notify.app import app_of, make_edge
from shared.contracts.casework import PolicyVersionActivated
from shared.policy.pack import seed_pack
from tests.county import COUNTY_PATH, LEDGER, MONDAY, TERM, Told, at, found_county
from tests.followed import Secrets, World, made_secrets, running, settings_of
from tests.stores import Template, cloned, make_template


@pytest.fixture(scope="session")
async def notify_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "notify")


@pytest.fixture(scope="session")
async def secrets(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Secrets]:
    async with made_secrets(postgres_server, tmp_path_factory.mktemp("secrets")) as made:
        yield made


@pytest.fixture
async def world(
    notify_template: Template, secrets: Secrets, tmp_path: Path
) -> AsyncIterator[World]:
    async with cloned(notify_template, at(MONDAY)) as store:
        edge = make_edge(settings_of("notify", store, secrets, tmp_path))
        async with running(edge, app_of(edge), secrets) as made:
            yield made


@pytest.fixture
async def told(world: World) -> Told:
    """Enrollment's ledger with the county founded, and all of it heard."""
    made = Told()
    await found_county(made, world.edge.keyring)
    await world.hear("enrollment", made.entries)
    return made


@pytest.fixture
async def casework(world: World, told: Told) -> Told:
    """Casework's ledger, which begins with the shipped rules."""
    made = Told(service="casework")
    activated = PolicyVersionActivated(
        unit=LEDGER, pack=seed_pack().sha256, valid_from=TERM.opens_on, basis="种子规则"
    )
    made.tell(activated, COUNTY_PATH, None, at(TERM.opens_on), f"unit-{LEDGER}")
    await world.hear("casework", made.entries)
    return made
