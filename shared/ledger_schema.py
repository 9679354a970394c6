"""A service's database: its roles, its spine, its migrations."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SPINE = Path(__file__).parent / "sql" / "0001_spine.sql"
ENV = Path(__file__).parent / "alembic_env"
MIGRATION_LOCK = "baoxue migration"


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of a database; only `app`, `feed` and (in audit) `sealer` may log in.

    `reader` is what `app` becomes while it answers a person: row-level security binds it.
    """

    owner: str
    app: str
    feed: str
    reader: str

    @classmethod
    def of(cls, database: str) -> "Roles":
        names = (f"{database}_{role}" for role in ("owner", "app", "feed", "reader"))
        return cls(*names)

    @property
    def sealer(self) -> str:
        """Reads the heads of audit's logs and adds what it signed; in no other database."""
        return f"{self.owner.removesuffix('_owner')}_sealer"


@dataclass(frozen=True, slots=True)
class Passwords:
    app: str
    feed: str
    sealer: str | None = None


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def spine_statements() -> str:
    return SPINE.read_text(encoding="utf-8")


def grants(roles: Roles) -> str:
    """What a service may do with its spine: read everything, write only through `append`."""
    app, feed, reader = quoted(roles.app), quoted(roles.feed), quoted(roles.reader)
    return f"""
        revoke all on all tables in schema public from public;
        revoke all on all functions in schema public from public;
        revoke create on schema public from public;
        grant usage on schema public to {app}, {feed}, {reader};
        grant select on events, ledger, current, clock, checkpoint, timer to {reader};
        grant execute on function clock to {reader};
        grant select on events, ledger, current, moved_ledger to {app};
        grant select on events, ledger, clock to {feed};
        grant select, insert, update, delete on checkpoint, parked, stranger, timer to {app};
        grant select, update on published, clock to {app};
        grant execute on function append, found_ledger, clock to {app};
        grant execute on function clock to {feed};
    """


async def create_database(admin: AsyncEngine, database: str, passwords: Passwords | None) -> None:
    """Create roles and database when they are not there; sets the passwords each time.

    Without passwords there is only the owner.

    `admin` is connected with CREATEDB and CREATEROLE to any database of the server.
    """
    roles = Roles.of(database)
    async with admin.connect() as raw:
        conn = await raw.execution_options(isolation_level="AUTOCOMMIT")
        await _create_role(conn, roles.owner, "nologin")
        if passwords:
            for role, password in ((roles.app, passwords.app), (roles.feed, passwords.feed)):
                await _create_role(conn, role, f"login password {literal(password)}")
            if passwords.sealer:
                options = f"login password {literal(passwords.sealer)}"
                await _create_role(conn, roles.sealer, options)
            await _create_role(conn, roles.reader, "nologin")
            await conn.exec_driver_sql(f"grant {quoted(roles.reader)} to {quoted(roles.app)}")
        await conn.exec_driver_sql(f"grant {quoted(roles.owner)} to current_user")
        found = await conn.execute(
            text("select 1 from pg_database where datname = :name"), {"name": database}
        )
        if found.first() is None:
            await conn.exec_driver_sql(
                f"create database {quoted(database)} owner {quoted(roles.owner)}"
                " encoding 'UTF8' template template0"
            )


async def _create_role(conn: AsyncConnection, role: str, options: str) -> None:
    found = await conn.execute(text("select 1 from pg_roles where rolname = :r"), {"r": role})
    verb = "create" if found.first() is None else "alter"
    await conn.exec_driver_sql(f"{verb} role {quoted(role)} {options}")


async def migrate(admin_url: URL, database: str, versions: Path) -> None:
    """Bring one database to the newest of its own migrations; safe to run twice at once."""
    engine = create_async_engine(admin_url.set(database=database))
    try:
        async with engine.begin() as conn:
            await conn.execute(
                text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
                {"name": MIGRATION_LOCK},
            )
            await conn.run_sync(_upgrade, database, versions)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, database: str, versions: Path) -> None:
    # Only here: every service imports this module, and none of them migrates.
    from alembic import command
    from alembic.config import Config

    roles = Roles.of(database)
    connection.exec_driver_sql(f"set local role {quoted(roles.owner)}")
    config = Config()
    config.set_main_option("script_location", str(ENV))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    config.attributes["roles"] = roles
    command.upgrade(config, "head")


async def write_clock(
    admin_url: URL, database: str, sim_at: datetime | None, owner: str | None = None
) -> None:
    """The clock's row, written once at the database's birth.

    With `sim_at` it is simulated and stands there until it is moved or told to run.
    """
    engine = create_async_engine(admin_url.set(database=database))
    statement = text(
        "insert into clock (simulated, sim_at, real_at, running) values (:sim, :at,"
        " case when :sim then clock_timestamp() end, not :sim) on conflict do nothing"
    )
    try:
        async with engine.begin() as conn:
            await conn.exec_driver_sql(
                f"set local role {quoted(owner or Roles.of(database).owner)}"
            )
            await conn.execute(statement, {"sim": sim_at is not None, "at": sim_at})
    finally:
        await engine.dispose()


def async_url(url: str) -> URL:
    """A PostgreSQL URL in SQLAlchemy's form for asyncpg."""
    return make_url(url).set(drivername="postgresql+asyncpg")
