"""Who answers for single children by hand: what a digest may name beyond the reader's own class."""

from shared.migration_steps import grant_tables, run_sql

revision = "notify_0006"
down_revision = "notify_0005"

TABLES = """
-- A person's days with one child, both included, as casework tells them.
create table charge (
    ledger text collate "C" not null,
    scheme text collate "C" not null,
    tier text collate "C" not null,
    child uuid not null,
    staff uuid not null,
    since date not null,
    until date,
    primary key (staff, child, scheme, tier, since)
);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("charge")
