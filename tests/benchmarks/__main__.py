"""`python -m tests.benchmarks`: servers of its own with fsync on, one table, docs/benchmarks.md."""

import asyncio
import secrets
import tempfile
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from baoxue.engines.child import stop
from baoxue.engines.kafka import start_kafka
from baoxue.engines.postgres import start_postgres
from shared.kafka import create_topics
from tests.benchmarks import appending, carrying, logs
from tests.benchmarks.library import Library
from tests.benchmarks.table import Row, Table, in_turn
from tests.servers import free_ports
from tests.stores import Store, cloned, make_template


async def library(store: Store, url: str, table: Table, ours: list[float]) -> None:
    """P4: the library's own schema in a database beside ours, on the same server."""
    made = Library(store.admin.set(database=store.database), f"lib_{secrets.token_hex(3)}")

    async def theirs() -> float:
        return await asyncio.to_thread(made.measure)

    async def again() -> float:
        return ours.pop(0) if len(ours) > 1 else ours[0]

    rates, yardstick = await in_turn(again, theirs)
    made.close()
    table.add(
        Row("P4", "single appends, 8 writers", "≥ 10×", rates, "eventsourcing, default", yardstick)
    )
    assert url


async def measure(database: str, kafka: str) -> None:
    table = Table()
    template = await make_template(database, "casework")
    async with cloned(template) as store:
        admin = create_async_engine(store.admin.set(database=store.database))
        async with admin.begin() as conn:
            await conn.exec_driver_sql(f'grant "{store.roles.owner}" to current_user')
            await conn.exec_driver_sql(f'grant create on schema public to "{store.roles.owner}"')
        await admin.dispose()
        await appending.run(store, table)
        ours = [*table.rows[0].rates, *table.rows[0].rates]
        await library(store, database, table, ours)
    prefix = f"b{secrets.token_hex(4)}."
    await create_topics(kafka, prefix)
    async with cloned(template) as store:
        admin = create_async_engine(store.admin.set(database=store.database))
        async with admin.begin() as conn:
            await conn.exec_driver_sql(
                "create table seen (ledger text, seq bigint, subject text, day text)"
            )
            await conn.exec_driver_sql(f'grant all on seen to "{store.roles.app}"')
        await admin.dispose()
        await carrying.run(store, kafka, prefix, table)
        async with cloned(await make_template(database, "audit")) as audit:
            await logs.run(audit, table)
            await logs.storage(store, audit, table)
    table.write()


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        ports = free_ports(3)
        postgres, address = start_postgres(Path(home), ports[0])
        kafka, broker = start_kafka(Path(home), ports[1], ports[2])
        try:
            asyncio.run(measure(address.url(), broker.bootstrap))
        finally:
            stop(kafka)
            stop(postgres)


if __name__ == "__main__":
    main()
