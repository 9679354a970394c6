"""Each role of a service's database tries everything that it must not do."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from uuid_utils.compat import uuid7

from shared.contracts.topics import SERVICES
from shared.event_store import execute
from shared.key_files import SERVICE_CLASSES
from shared.keyring_schema import KeyringRole, install
from shared.ledger_schema import async_url, quoted
from shared.sealed import CLASSES
from tests.spine.counter import LEDGER, order
from tests.stores import PASSWORDS, Store, Template, cloned, drop, found, make_template, run_alone

pytestmark = pytest.mark.timeout(400)

APPEND = f"select append('{LEDGER}', null" + ", '{}'" * 13 + ")"
REFUSED = "permission denied|must be owner|must be able to SET ROLE|only roles with"

# What nobody who can log in, and nobody whom they can become, may do.
NOBODY = (
    "insert into events (ledger, seq) values ('990101', 9)",
    "update events set body = body",
    "delete from events",
    "truncate events cascade",
    "copy events (ledger) from program 'true'",
    "select pg_read_file('/etc/hostname')",
    "alter table events disable trigger all",
    "alter table events drop constraint events_previous",
    "drop table events cascade",
    "drop function append",
    "create or replace function clock() returns timestamptz language sql as 'select now()'",
    "create table own (a integer)",
    "create role intruder",
    "insert into ledger (ledger, origin) values ('990199', 'x')",
    "update ledger set last_seq = 0",
    "delete from ledger",
    "insert into current select * from current",
    "update current set doc = doc",
    "delete from current",
    "insert into clock (simulated) values (false)",
    "delete from clock",
    "delete from published",
    "insert into moved_ledger values ('990101', 1)",
    'set role "{owner}"',
    'grant "{owner}" to "{app}"',
    "set session_replication_role = replica",
)
READS_ONLY = (
    APPEND,
    "select found_ledger('990199', 'x')",
    "update clock set running = true",
    "update published set seq = 0",
    "select * from parked",
    "select * from stranger",
    "insert into timer values ('k', now(), 'k', '990101', '')",
    "delete from timer",
    "update checkpoint set seq = 0",
    "insert into checkpoint values ('s', 's', '990101', 1, '')",
)
FEED_ONLY = (
    "select * from current",
    "select * from timer",
    "select * from checkpoint",
    "select * from child",
    "select * from person",
    'set role "{app}"',
    'set role "{reader}"',
)
FORBIDDEN: Mapping[str, Sequence[str]] = {
    "app": NOBODY,
    "reader": (*NOBODY, *READS_ONLY),
    "feed": (*NOBODY, *READS_ONLY, *FEED_ONLY),
}


@pytest.fixture(scope="module")
async def templates(postgres_server: str) -> Mapping[str, Template]:
    return {name: await make_template(postgres_server, name) for name in SERVICES}


@pytest.fixture(scope="module")
async def stores(templates: Mapping[str, Template]) -> AsyncIterator[Mapping[str, Store]]:
    """A store of each service, with one event in it."""
    made: dict[str, Store] = {}
    contexts = {name: cloned(template) for name, template in templates.items()}
    for name, context in contexts.items():
        made[name] = await context.__aenter__()
        await found(made[name], LEDGER)
        await execute(made[name].engine, order())
    yield made
    for context in contexts.values():
        await context.__aexit__(None, None, None)


def engine_of(url: URL) -> AsyncEngine:
    return create_async_engine(url, poolclass=NullPool)


def login(store: Store, role: str) -> URL:
    """The reader is no login: app becomes it."""
    if role == "feed":
        return store.url(store.roles.feed, PASSWORDS.feed)
    return store.url(store.roles.app, PASSWORDS.app)


async def attempt(store: Store, role: str, statement: str) -> None:
    names = {one: getattr(store.roles, one) for one in ("owner", "app", "feed", "reader")}
    words = statement.format(**names) if "role" in statement or "grant" in statement else statement
    async with engine_of(login(store, role)).connect() as conn:
        if role == "reader":
            await conn.exec_driver_sql(f"set role {quoted(store.roles.reader)}")
        await conn.exec_driver_sql(words)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", FORBIDDEN)
async def test_a_role_is_refused_all_that_it_must_not_do(
    stores: Mapping[str, Store], service: str, role: str
) -> None:
    allowed: list[str] = []
    for statement in FORBIDDEN[role]:
        try:
            await attempt(stores[service], role, statement)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != "42501":
                allowed.append(f"{statement}: {error.orig}")
        else:
            allowed.append(statement)
    assert allowed == []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_role_holds_more_than_its_login_says(
    stores: Mapping[str, Store], service: str
) -> None:
    """No superuser, none that makes roles or databases or passes by row-level security."""
    roles = stores[service].roles
    names = [roles.owner, roles.app, roles.feed, roles.reader]
    query = text(
        "select rolname, rolcanlogin, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls"
        " or rolreplication as strong from pg_roles where rolname = any(:names)"
    )
    async with stores[service].engine.connect() as conn:
        rows = (await conn.execute(query, {"names": names})).all()
    assert {row.rolname for row in rows if row.rolcanlogin} == {roles.app, roles.feed}
    assert [row.rolname for row in rows if row.strong] == []


@pytest.mark.parametrize("role", ["owner", "reader"])
async def test_owner_and_reader_cannot_log_in(stores: Mapping[str, Store], role: str) -> None:
    name = getattr(stores["casework"].roles, role)
    for password in ("", PASSWORDS.app):
        with pytest.raises(Exception, match=r"authentication failed|not permitted to log in"):
            async with engine_of(stores["casework"].url(name, password)).connect():
                pass


@pytest.mark.parametrize("service", SERVICES)
async def test_no_service_reads_another_ones_store(
    stores: Mapping[str, Store], service: str
) -> None:
    for other in set(SERVICES) - {service}:
        for role in ("app", "feed"):
            url = login(stores[service], role).set(database=stores[other].database)
            for statement in ("select * from events", "select * from child", APPEND):
                with pytest.raises(DBAPIError, match="permission denied"):
                    async with engine_of(url).connect() as conn:
                        await conn.exec_driver_sql(statement)


async def test_tables_of_the_same_name_do_not_deceive_the_append(
    stores: Mapping[str, Store],
) -> None:
    """A temporary table comes first in a session's path, but not in the function's."""
    store = stores["casework"]
    async with store.engine.begin() as conn:
        for table in ("ledger", "events", "current", "clock"):
            await conn.exec_driver_sql(f"create temporary table {table} (like public.{table})")
    async with engine_of(login(store, "app")).connect() as conn:
        before = (await conn.execute(text("select count(*) from public.events"))).scalar_one()
    await execute(store.engine, order("counter-7"))
    async with engine_of(login(store, "app")).connect() as conn:
        after = (await conn.execute(text("select count(*) from public.events"))).scalar_one()
    await store.engine.dispose()
    assert after == before + 1


@pytest.fixture(scope="module")
async def keyring(postgres_server: str) -> AsyncIterator[URL]:
    """A keyring with the services' roles, and one key of each class."""
    admin, name = async_url(postgres_server), f"t{secrets.token_hex(4)}_keyring"
    await run_alone(admin, f"create database {name}")
    roles = {
        service: KeyringRole(name=f"{name}_{service}", password="secret", classes=classes)
        for service, classes in SERVICE_CLASSES.items()
    }
    async with engine_of(admin.set(database=name)).begin() as conn:
        await install(conn, f"{name}_owner", roles)
    async with engine_of(keys_of(admin.set(database=name), "enrollment")).begin() as conn:
        for one in CLASSES:
            await conn.execute(ADD, {"subject": uuid7(), "class": one})
    yield admin.set(database=name)
    await drop(admin, name)
    for role in (*(one.name for one in roles.values()), f"{name}_owner"):
        await run_alone(admin, f'drop role "{role}"')


ADD = text(
    "insert into subject_key (subject, class, ledger, wrapped, epoch)"
    " values (:subject, :class, '990101', '\\x00', 1)"
)
KEYRING_FORBIDDEN = (
    "update subject_key set wrapped = wrapped",
    "delete from subject_key",
    "truncate subject_key",
    "update token_key set wrapped = wrapped",
    "delete from token_key",
    "alter table subject_key disable row level security",
    'drop policy "{role}_classes" on subject_key',
    "drop table subject_key",
    "create table own (a integer)",
    'set role "{owner}"',
)


def keys_of(url: URL, service: str) -> URL:
    return url.set(username=f"{url.database}_{service}", password="secret")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_sees_the_keys_of_its_classes_and_destroys_none(
    keyring: URL, service: str
) -> None:
    engine, held = engine_of(keys_of(keyring, service)), set(SERVICE_CLASSES[service])
    names = {"role": f"{keyring.database}_{service}", "owner": f"{keyring.database}_owner"}
    async with engine.connect() as conn:
        seen = set((await conn.execute(text("select class from subject_key"))).scalars())
    assert seen == held
    for statement in KEYRING_FORBIDDEN:
        with pytest.raises(DBAPIError, match=REFUSED):
            async with engine.connect() as conn:
                await conn.exec_driver_sql(statement.format(**names))
    for other in set(CLASSES) - held:
        with pytest.raises(DBAPIError, match="row-level security"):
            async with engine.connect() as conn:
                await conn.execute(ADD, {"subject": uuid7(), "class": other})
