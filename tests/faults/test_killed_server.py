"""R3: the database server is killed in the middle of a load; nothing acknowledged is lost."""

import asyncio
import contextlib
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError, InterfaceError
from uuid_utils.compat import uuid7

from baoxue.engines.child import stop
from baoxue.engines.postgres import start_postgres
from shared import feed
from shared.event import read
from shared.event_store import accepted, execute
from tests.servers import free_ports
from tests.spine.counter import LEDGER, Add, order
from tests.stores import Store, cloned, found, make_template

WRITERS = 8
LOAD_SECONDS = 2.0


async def write(store: Store, known: dict[UUID, list[int]], unknown: set[UUID]) -> None:
    """Until the server is gone; a command without an answer is unknown."""
    while True:
        command_id = UUID(str(uuid7()))
        wish = order(f"counter-{len(known) % 5}", Add(), command_id=command_id)
        try:
            outcome = await execute(store.engine, wish)
        except (DBAPIError, InterfaceError, OSError, ConnectionError):
            unknown.add(command_id)
            return
        known[command_id] = [one.ledgerseq for one in outcome.envelopes]


@pytest.mark.timeout(180)
async def test_a_killed_server_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    child, address = start_postgres(tmp_path, port)
    template = await make_template(address.url(), "casework")
    known: dict[UUID, list[int]] = {}
    unknown: set[UUID] = set()
    async with cloned(template) as store:
        await found(store, LEDGER)
        writers = [asyncio.create_task(write(store, known, unknown)) for _ in range(WRITERS)]
        await asyncio.sleep(LOAD_SECONDS)
        child.process.kill()
        await asyncio.wait(writers, timeout=30)
        with contextlib.suppress(Exception):
            child.process.wait(10)
        child, _ = start_postgres(tmp_path, port)
        await store.engine.dispose()
        bodies = await feed.page(store.engine, LEDGER, 0, 100_000)
        envelopes = [read(body) for body in bodies]
        assert [one.ledgerseq for one in envelopes] == list(range(1, len(envelopes) + 1))
        stored = {UUID(one.commandid): one.ledgerseq for one in envelopes}
        print(f"acknowledged {len(known)}, unknown {len(unknown)}, stored {len(stored)}")
        assert all(stored.get(command) == seqs[0] for command, seqs in known.items())
        await resolve(store, unknown, stored)
        assert len(known) > WRITERS
    stop(child)


async def resolve(store: Store, unknown: set[UUID], stored: dict[UUID, int]) -> None:
    """Asked again by its id, an unknown command is either there or done now, never twice."""
    for command_id in unknown:
        outcome = await execute(store.engine, order(command_id=command_id))
        assert outcome.repeated == (command_id in stored)
        async with store.engine.connect() as conn:
            assert len(await accepted(conn, order(command_id=command_id).circumstances)) == 1
