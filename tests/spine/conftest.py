"""Stores and topics for tests of the spine."""

import secrets
from collections.abc import AsyncIterator

import pytest

from shared.kafka import create_topics
from tests.spine.counter import LEDGER
from tests.stores import Store, Template, cloned, found, make_template


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
async def prefix(kafka_server: str) -> str:
    """Topics of this test alone."""
    name = f"t{secrets.token_hex(4)}."
    await create_topics(kafka_server, name)
    return name
