"""Topics of one test alone, deleted afterwards: a broker slows down under thousands of them."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.topics import all_topics
from shared.kafka import create_topics


@asynccontextmanager
async def topics_of_a_test(bootstrap: str) -> AsyncIterator[str]:
    """The prefix of a fresh set of topics."""
    prefix = f"t{secrets.token_hex(4)}."
    await create_topics(bootstrap, prefix)
    try:
        yield prefix
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        try:
            await admin.delete_topics(all_topics(prefix))
        finally:
            await admin.close()
