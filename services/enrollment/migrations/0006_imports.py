"""Imports: what was uploaded, what was found in it, and the rows still to be stored."""

from shared.migration_steps import grant_tables, run_sql

revision = "enrollment_0006"
down_revision = "enrollment_0005"

TABLES = """
-- `report` holds masked values only; `details` and rows are boxes under the import's own key.
create table import_job (
    import uuid primary key,
    ledger text collate "C",
    path text collate "C" not null,
    account text collate "C" not null,
    viewer jsonb not null,
    kind text not null check (kind in ('staff', 'roster', 'roll', 'calendar')),
    file_name text not null,
    digest text not null,
    state text not null
        check (state in ('reading', 'asked', 'checked', 'refused', 'storing', 'done', 'given_up')),
    answers jsonb not null default '{}',
    school text collate "C",
    auto boolean not null,
    partial boolean not null,
    via text not null,
    done integer not null default 0,
    total integer not null default 0,
    report text not null default '',
    details bytea,
    created_at timestamptz not null,
    touched_at timestamptz not null default clock_timestamp()
);
create index import_job_account on import_job (account, created_at desc);
create index import_job_open on import_job (state) where state in ('reading', 'storing');

create table import_row (
    import uuid not null references import_job,
    n integer not null,
    payload bytea not null,
    primary key (import, n)
);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("import_job", "import_row")
