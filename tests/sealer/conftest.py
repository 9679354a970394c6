"""The sealer's world: databases and feeds once a session, emptied for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sealer.staging import County, Producer, county, producing
from tests.stores import make_template


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sealer") / "secrets"


@pytest.fixture(scope="session")
async def producers(postgres_server: str, secrets: Path) -> AsyncIterator[dict[str, Producer]]:
    template = await make_template(postgres_server, "audit")
    async with producing(template, secrets) as made:
        yield made


@pytest.fixture
async def here(producers: dict[str, Producer], secrets: Path, tmp_path: Path) -> County:
    return await county(producers, secrets, tmp_path)
