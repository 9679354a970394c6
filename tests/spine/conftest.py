"""Stores and topics for tests of the spine."""

from collections.abc import AsyncIterator

import pytest

from tests.spine.counter import LEDGER
from tests.stores import Store, Template, cloned, found, make_template
from tests.topics import topics_of_a_test


@pytest.fixture(scope="session")
async def spine_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "casework")


@pytest.fixture
async def store(spine_template: Template) -> AsyncIterator[Store]:
    async with cloned(spine_template) as made:
        await found(made, LEDGER, f"{LEDGER}-access")
        yield made


@pytest.fixture
async def other_store(spine_template: Template) -> AsyncIterator[Store]:
    async with cloned(spine_template) as made:
        yield made


@pytest.fixture
async def prefix(kafka_server: str) -> AsyncIterator[str]:
    """Topics of this test alone."""
    async with topics_of_a_test(kafka_server) as name:
        yield name
