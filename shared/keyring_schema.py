"""The keyring's database: its two tables, and what each service's role may see of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.sealed import SensitivityClass

TABLES = (
    """create table if not exists subject_key (
        subject uuid not null,
        class text not null collate "C",
        ledger text not null collate "C",
        wrapped bytea,
        epoch integer not null,
        created_at timestamptz not null default clock_timestamp(),
        destroyed_at timestamptz,
        primary key (subject, class),
        constraint destroyed_means_gone check ((wrapped is null) = (destroyed_at is not null)))""",
    """create table if not exists token_key (
        ledger text not null collate "C",
        class text not null collate "C",
        wrapped bytea not null,
        epoch integer not null,
        created_at timestamptz not null default clock_timestamp(),
        primary key (ledger, class))""",
)
NAMES = ("subject_key", "token_key")
POLICY = """create policy %I on %I to %I
    using (class = any (%L::text[])) with check (class = any (%L::text[]))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringRole:
    """The role a service logs in with, and the classes whose rows it sees. Never printed."""

    name: str
    password: str
    classes: Sequence[SensitivityClass]

    def __repr__(self) -> str:
        return f"KeyringRole({self.name})"


async def install(conn: AsyncConnection, owner: str, roles: Mapping[str, KeyringRole]) -> None:
    """Create or bring up to date the keyring: tables, roles, row-level security.

    `conn` is inside a transaction of the keyring's database, as a role with CREATEROLE;
    `owner` cannot log in; `roles`: service → role. The caller commits. Repeatable.
    """
    await _ensure_role(conn, owner, "nologin")
    await conn.exec_driver_sql(await _statement(conn, "grant %I to current_user", owner))
    for table in TABLES:
        await conn.exec_driver_sql(table)
    for name in NAMES:
        await _close(conn, name, owner)
    await conn.exec_driver_sql("revoke all on schema public from public")
    for role in roles.values():
        await _admit(conn, role)


async def _close(conn: AsyncConnection, table: str, owner: str) -> None:
    # The owner is nobody's login; FORCE keeps it that way should somebody ever become it.
    for template in (
        "alter table %I enable row level security",
        "alter table %I force row level security",
        "revoke all on %I from public",
    ):
        await conn.exec_driver_sql(await _statement(conn, template, table))
    await conn.exec_driver_sql(
        await _statement(conn, "grant usage, create on schema public to %I", owner)
    )
    await conn.exec_driver_sql(await _statement(conn, "alter table %I owner to %I", table, owner))


async def _admit(conn: AsyncConnection, role: KeyringRole) -> None:
    """SELECT and INSERT on rows of its classes; keys are destroyed by another role, by erasure."""
    await _ensure_role(conn, role.name, "login")
    await conn.exec_driver_sql(
        await _statement(conn, "alter role %I login password %L", role.name, role.password)
    )
    await conn.exec_driver_sql(
        await _statement(conn, "grant usage on schema public to %I", role.name)
    )
    for table in NAMES:
        await _admit_to(conn, role, table)


async def _admit_to(conn: AsyncConnection, role: KeyringRole, table: str) -> None:
    policy, classes = f"{role.name}_classes", "{" + ",".join(role.classes) + "}"
    words = [policy, table, role.name, classes, classes]
    for statement in (
        await _statement(conn, "grant select, insert on %I to %I", table, role.name),
        await _statement(conn, "drop policy if exists %I on %I", policy, table),
        await _statement(conn, POLICY, *words),
    ):
        await conn.exec_driver_sql(statement)


async def _ensure_role(conn: AsyncConnection, name: str, kind: str) -> None:
    found = await conn.execute(text("select 1 from pg_roles where rolname = :name"), {"name": name})
    if found.first() is None:
        await conn.exec_driver_sql(await _statement(conn, f"create role %I {kind}", name))


async def _statement(conn: AsyncConnection, template: str, *words: str) -> str:
    """DDL takes no parameters; the server itself quotes its names and texts."""
    found = await conn.execute(
        text("select format(:template, variadic cast(:words as text[]))"),
        {"template": template, "words": list(words)},
    )
    return str(found.scalar_one())
