"""The village that a child's household belongs to, from when to when."""

from shared.migration_steps import grant_tables, run_sql

revision = "casework_0009"
down_revision = "casework_0008"

TABLES = """
-- Both days included; no row: no village is known.
create table child_village (
    child uuid not null,
    village text collate "C" not null,
    since date not null,
    until date,
    primary key (child, since)
);
create index child_village_of on child_village (village);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("child_village")
