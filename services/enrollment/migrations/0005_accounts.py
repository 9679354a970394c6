"""Secrets of accounts, whose an account's name is, readings of one's own class, demo accounts."""

from shared.credentials import TABLES as CREDENTIALS
from shared.ledger_schema import quoted
from shared.migration_steps import grant_tables, roles, run_sql

revision = "enrollment_0005"
down_revision = "enrollment_0004"

TABLES = """
-- Taken in the transaction that opens the account: two people never get one name.
create table account_claim (
    account text collate "C" primary key,
    staff uuid not null
);
create table sign_in_seen (
    account text collate "C" primary key,
    last_at timestamptz not null
);
create table read_once (
    key text collate "C" primary key,
    read_at timestamptz not null
);
create table demo_account (
    account text collate "C" primary key,
    place integer not null,
    name text not null,
    role text not null,
    tries text not null
);
"""


def upgrade() -> None:
    for table in CREDENTIALS:
        run_sql(table)
    run_sql(
        "grant select, insert, update, delete on credential, sign_in_failure"
        f" to {quoted(roles().app)}"
    )
    run_sql(TABLES)
    grant_tables("account_claim", "sign_in_seen", "read_once", "demo_account")
