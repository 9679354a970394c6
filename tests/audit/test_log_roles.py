"""What the sealer's role and audit's own may do with logs, and nothing beyond."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from baoxue.migrate import Plan, passwords, write_environment, write_sealer_environment
from shared.ledger_schema import async_url, create_database, migrate
from shared.settings import Settings
from tests.audit.county import COUNTY
from tests.stores import PASSWORDS, SEALING, SERVICES, Store, Template, cloned, drop

ORIGIN = f"baoxue.local/{COUNTY}/casework"
NOTE = {"o": ORIGIN, "s": 7, "r": bytes(32), "n": "note"}
SEAL = text("insert into sealed (origin, size, root, note) values (:o, :s, :r, :n)")
REFUSE = text(
    "insert into refusal (origin, kind, seq, expected, found) values (:o, 'root', 7, 'a', 'b')"
)
OLD_ROW = (
    "insert into entry (ledger, service, seq, body, type, stream, unitpath, occurred_at,"
    " recorded_at, actor, actorrole, via, policyversion) values ('990101', 'casework', 1, 'x',"
    " 't', 's', '990101', now(), now(), 'a', 'r', 'web', 'p')"
)
LOG = text("insert into log (ledger, service, origin, root) values (:l, 'casework', :o, :r)")


@pytest.fixture
async def logs_store(audit_template: Template) -> AsyncIterator[Store]:
    async with cloned(audit_template) as store:
        async with store.engine.begin() as conn:
            await conn.execute(LOG, {"l": COUNTY, "o": ORIGIN, "r": bytes(32)})
        yield store


@pytest.fixture
async def sealer(logs_store: Store) -> AsyncIterator[AsyncEngine]:
    assert SEALING.sealer
    engine = create_async_engine(logs_store.url(logs_store.roles.sealer, SEALING.sealer))
    yield engine
    await engine.dispose()


async def test_the_sealer_reads_logs_and_adds_notes_and_refusals(sealer: AsyncEngine) -> None:
    async with sealer.begin() as conn:
        assert (await conn.execute(text("select origin, size from log"))).all() == [(ORIGIN, 0)]
        await conn.execute(SEAL, NOTE)
        await conn.execute(REFUSE, {"o": ORIGIN})
        assert (await conn.execute(text("select served from sealed"))).scalars().all() == [False]
        assert (await conn.execute(text("select kind, seq from refusal"))).all() == [("root", 7)]


@pytest.mark.parametrize(
    "statement",
    [
        "update log set size = 9",
        "insert into log (ledger, service, origin, root) values ('9', 'x', 'x', '\\x00')",
        "delete from log",
        "select * from tile",
        "insert into tile values ('990101', 'casework', 1, 0, 0, '\\x00')",
        "select * from entry",
        "insert into entry (ledger) values ('990101')",
        "update sealed set root = root",
        "delete from sealed",
        "truncate sealed",
        "update refusal set kind = 'x'",
        "delete from refusal",
        "truncate refusal",
        f"select mark_served('{ORIGIN}', 7)",
        "select * from events",
        "select * from checkpoint",
        "select * from entry_token",
        "select * from child",
        "create table own (a integer)",
        'set role "{owner}"',
        "alter table sealed disable trigger all",
        "set session_replication_role = replica",
    ],
)
async def test_the_sealer_is_refused_everything_else(
    logs_store: Store, sealer: AsyncEngine, statement: str
) -> None:
    async with sealer.begin() as conn:
        await conn.execute(SEAL, NOTE)
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with sealer.begin() as conn:
            await conn.execute(text(statement.format(owner=logs_store.roles.owner)))


@pytest.mark.parametrize(
    "statement",
    [
        "insert into sealed (origin, size, root, note) values ('x', 1, '\\x00', 'n')",
        "update sealed set served = true",
        "update sealed set root = root",
        "delete from sealed",
        "insert into refusal (origin, kind) values ('x', 'x')",
        "delete from refusal",
        "delete from log",
        "delete from tile",
        "truncate log cascade",
    ],
)
async def test_audit_can_neither_seal_nor_take_back(logs_store: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with logs_store.engine.begin() as conn:
            await conn.execute(text(statement))


async def test_audit_marks_what_it_handed_out_and_nobody_changes_it_otherwise(
    logs_store: Store, sealer: AsyncEngine
) -> None:
    async with sealer.begin() as conn:
        await conn.execute(SEAL, NOTE)
        await conn.execute(SEAL, NOTE | {"s": 8})
    async with logs_store.engine.begin() as conn:
        await conn.execute(text("select mark_served(:o, 7)"), {"o": ORIGIN})
        rows = (await conn.execute(text("select size, served from sealed order by size"))).all()
    assert rows == [(7, True), (8, False)]
    admin = create_async_engine(logs_store.admin.set(database=logs_store.database))
    for statement in (
        "update sealed set note = 'other', served = true",
        "update sealed set served = false",
        "delete from sealed",
    ):
        with pytest.raises(DBAPIError, match="never changed"):
            async with admin.begin() as conn:
                await conn.execute(text(statement))
    await admin.dispose()


def test_the_sealer_has_credentials_of_its_own_and_nobody_elses(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    admin = async_url("postgresql://admin@127.0.0.1:1/postgres")
    plan = Plan(Settings(home=tmp_path, name="baoxue"), admin, {}, None)
    write_sealer_environment(plan)
    write_environment(plan, "audit")
    file = tmp_path / "secrets" / "sealer.env"
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert file.stat().st_mode & 0o777 == 0o600
    password = passwords(plan, "audit").sealer
    assert lines["BAOXUE_DATABASE_URL"] == (
        f"postgresql://baoxue_audit_sealer:{password}@127.0.0.1:1/baoxue_audit"
    )
    assert set(lines) == {"BAOXUE_DATABASE_URL", "BAOXUE_KEYS", "BAOXUE_SECRETS"}
    assert str(password) not in (tmp_path / "secrets" / "audit.env").read_text()
    assert passwords(plan, "casework").sealer is None


async def test_the_migration_runs_where_entries_are_already(
    audit_template: Template, tmp_path: Path
) -> None:
    """A store of before with rows: they stay, and have no version yet."""
    before, whole = tmp_path / "before", SERVICES / "audit" / "migrations"
    before.mkdir()
    for file in whole.glob("000[1-5]_*.py"):
        (before / file.name).write_bytes(file.read_bytes())
    name = f"{audit_template.database}_before"
    server = create_async_engine(audit_template.admin)
    await create_database(server, name, PASSWORDS)
    await server.dispose()
    engine = create_async_engine(audit_template.admin.set(database=name))
    try:
        await migrate(audit_template.admin, name, before)
        async with engine.begin() as conn:
            await conn.execute(text(OLD_ROW))
        await migrate(audit_template.admin, name, whole)
        async with engine.connect() as conn:
            found = await conn.execute(text("select seq, version from entry"))
            assert found.all() == [(1, None)]
    finally:
        await engine.dispose()
        await drop(audit_template.admin, name)
