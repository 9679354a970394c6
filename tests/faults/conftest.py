"""Stores that may be broken on purpose, and topics of one test alone."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.load import LEDGERS
from tests.stores import Store, Template, cloned, found, make_template
from tests.topics import topics_of_a_test


@pytest.fixture(scope="session")
async def fault_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "casework")


@pytest.fixture
async def store(fault_template: Template) -> AsyncIterator[Store]:
    async with cloned(fault_template) as made:
        await found(made, *LEDGERS)
        yield made


@pytest.fixture
async def other_store(fault_template: Template) -> AsyncIterator[Store]:
    async with cloned(fault_template) as made:
        yield made


@pytest.fixture
async def prefix(kafka_server: str) -> AsyncIterator[str]:
    """Topics of this test alone."""
    async with topics_of_a_test(kafka_server) as name:
        yield name
