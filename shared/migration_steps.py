"""Steps that every service's migrations share."""

from typing import Any

from alembic import context, op

from shared.ledger_schema import Roles, grants, quoted, spine_statements
from shared.row_security import policy_statements


def roles() -> Roles:
    """The roles of the database that is being migrated."""
    return context.config.attributes["roles"]


def run_sql(statements: str) -> None:
    """Several statements in one go; asyncpg takes them only without parameters."""
    raw: Any = op.get_bind().connection
    raw.run_async(lambda driver: driver.execute(statements))


def create_spine() -> None:
    run_sql(spine_statements())
    run_sql(grants(roles()))


def grant_tables(*tables: str) -> None:
    """The app role may read and write these read-model tables, the reader may read them."""
    names = ", ".join(quoted(table) for table in tables)
    run_sql(f"grant select, insert, update, delete on {names} to {quoted(roles().app)}")
    run_sql(f"grant select on {names} to {quoted(roles().reader)}")


def secure_tables(*tables: str, column: str = "path") -> None:
    """The reader sees rows of its jurisdiction only; the service's own loops see all of them."""
    app = quoted(roles().app)
    for table in tables:
        for statement in policy_statements(table, roles().reader, column):
            run_sql(statement)
        run_sql(f"create policy own_work on {table} to {app} using (true) with check (true)")


def create_directory() -> None:
    """The directory's tables, which every service fills from enrollment's events."""
    from shared.directory import SCHEMA, TABLES

    run_sql(SCHEMA.read_text(encoding="utf-8"))
    grant_tables(*TABLES)
    secure_tables("child", "klass")


def create_rules() -> None:
    """The rules in force, which every service follows."""
    from shared.rulebook import SCHEMA, TABLES

    run_sql(SCHEMA.read_text(encoding="utf-8"))
    grant_tables(*TABLES)
