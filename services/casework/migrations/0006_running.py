"""What shows that the eight systems run; policy documents and duty matrices as they stand."""

from shared.migration_steps import grant_tables, run_sql, secure_tables

revision = "casework_0006"
down_revision = "casework_0005"

TABLES = """
-- An event that shows that one of the eight systems runs, by its place in its own ledger.
create table running (
    ledger text collate "C" not null,
    service text collate "C" not null,
    seq bigint not null,
    type text collate "C" not null,
    path text collate "C" not null,
    at timestamptz not null,
    primary key (ledger, service, seq)
);
create index running_type on running (type, path, at);

-- Every version of every policy document.
create table document (
    document uuid primary key,
    ledger text collate "C" not null,
    seq bigint not null,
    code text collate "C" not null,
    title text not null,
    version text not null,
    sha256 text not null,
    unit text collate "C" not null,
    path text collate "C" not null,
    owner text not null,
    valid_from date not null,
    number text,
    issuer text,
    recorded_at timestamptz not null
);
create index document_path on document (path, code, valid_from);

-- Which department or committee has to do what, as a unit adopted it for a year.
create table duty_matrix (
    activity uuid primary key,
    ledger text collate "C" not null,
    seq bigint not null,
    unit text collate "C" not null,
    path text collate "C" not null,
    year integer not null,
    duties jsonb not null,
    recorded_at timestamptz not null
);
create index duty_matrix_path on duty_matrix (path, year);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("running", "document", "duty_matrix")
    secure_tables("running", "document", "duty_matrix")
