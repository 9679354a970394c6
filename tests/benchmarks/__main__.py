"""`python -m tests.benchmarks [P1 P5 …]`: servers of its own with fsync on, one table.

Without names all of them run and docs/benchmarks.md is written; with names the rows are printed.
P19 lives a school year of a tenth of the county; P19-whole, only by name, of the whole of it.
P10 is measured on the running sample.
"""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from baoxue.engines.child import stop
from baoxue.engines.kafka import start_kafka
from baoxue.engines.postgres import start_postgres
from shared.kafka import create_topics
from tests.benchmarks import appending, carrying, duties, importing, logs, verifying, year
from tests.benchmarks.library import Library
from tests.benchmarks.table import Row, Table, in_turn
from tests.servers import Servers, free_ports
from tests.stores import Store, Template, cloned, make_template


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


APPENDING, CARRYING = {"P1", "P3", "P4"}, {"P6", "P7"}
LOGS, IMPORTING, VERIFYING = {"P8", "P16"}, {"P5"}, {"P13"}
SIMULATING, WHOLE_YEAR = {"P10", "P19"}, "P19-whole"
DUTIES = {"P20"}
KNOWN = APPENDING | CARRYING | LOGS | IMPORTING | VERIFYING | SIMULATING | DUTIES


async def measure(database: str, kafka: str, wanted: set[str]) -> None:
    table = Table()
    template = await make_template(database, "casework")
    if wanted & APPENDING:
        await _appending(template, database, table)
    if wanted & (CARRYING | LOGS):
        await _carrying(template, database, kafka, table, wanted)
    if wanted & IMPORTING:
        await importing.run(database, table)
    if wanted & VERIFYING:
        verifying.run(table)
    if wanted & DUTIES:
        await duties.run(database, table)
    if wanted & {*SIMULATING, WHOLE_YEAR}:
        servers = Servers(database, kafka, "wheels")
        if wanted & SIMULATING:
            year.sample(servers, table)
        if wanted & {"P19", WHOLE_YEAR}:
            year.year(servers, table, whole=WHOLE_YEAR in wanted)
    if wanted == KNOWN:
        table.write()


async def _as_administrator(store: Store, *statements: str) -> None:
    admin = create_async_engine(store.admin.set(database=store.database))
    async with admin.begin() as conn:
        for statement in statements:
            await conn.exec_driver_sql(statement)
    await admin.dispose()


async def _appending(template: Template, database: str, table: Table) -> None:
    async with cloned(template) as store:
        owner = store.roles.owner
        await _as_administrator(
            store,
            f'grant "{owner}" to current_user',
            f'grant create on schema public to "{owner}"',
        )
        await appending.run(store, table)
        ours = [*table.rows[0].rates, *table.rows[0].rates]
        await library(store, database, table, ours)


async def _carrying(
    template: Template, database: str, kafka: str, table: Table, wanted: set[str]
) -> None:
    prefix = f"b{secrets.token_hex(4)}."
    await create_topics(kafka, prefix)
    async with cloned(template) as store:
        await _as_administrator(
            store,
            "create table seen (ledger text, seq bigint, subject text, day text)",
            f'grant all on seen to "{store.roles.app}"',
        )
        await carrying.run(store, kafka, prefix, table)
        # The logs are measured on what was carried: its store is what audit keeps.
        if wanted & LOGS:
            async with cloned(await make_template(database, "audit")) as audit:
                await logs.run(audit, table)
                await logs.storage(store, audit, table)


def main(names: list[str]) -> None:
    if unknown := sorted({*names} - KNOWN - {WHOLE_YEAR}):
        raise SystemExit(f"unknown: {' '.join(unknown)}; there are {' '.join(sorted(KNOWN))}")
    with tempfile.TemporaryDirectory() as home:
        ports = free_ports(3)
        postgres, address = start_postgres(Path(home), ports[0])
        kafka, broker = start_kafka(Path(home), ports[1], ports[2])
        try:
            asyncio.run(measure(address.url(), broker.bootstrap, {*names} or KNOWN))
        finally:
            stop(kafka)
            stop(postgres)


if __name__ == "__main__":
    main(sys.argv[1:])
