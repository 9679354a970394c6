"""Who was where and answered for what on any past day: stays, posts, bodies, activities."""

from shared.migration_steps import grant_tables, run_sql, secure_tables

revision = "casework_0007"
down_revision = "casework_0006"

TABLES = """
-- Which class a child was in, from when to when (both days included); the directory knows today.
create table stay (
    child uuid not null,
    ledger text collate "C" not null,
    klass uuid not null,
    school text collate "C" not null,
    grade integer not null,
    path text collate "C" not null,
    since date not null,
    until date,
    primary key (child, since)
);
create index stay_ledger on stay (ledger, since);
create index stay_open on stay (child) where until is null;

-- The event that gave somebody a homeroom or a role: the source of what follows from it.
create table post_source (
    staff uuid not null,
    role text collate "C" not null,
    unit text collate "C" not null,
    since date not null,
    ledger text collate "C" not null,
    seq bigint not null,
    type text collate "C" not null,
    primary key (staff, role, unit, since)
);

-- Leading groups and offices, and who holds their named posts (both days included).
create table body (
    body uuid primary key,
    ledger text collate "C" not null,
    code text collate "C" not null,
    name text not null,
    unit text collate "C" not null,
    path text collate "C" not null,
    formed_on date not null
);
create index body_unit on body (unit);
create table body_member (
    body uuid not null,
    post text collate "C" not null,
    staff uuid not null,
    since date not null,
    until date,
    seq bigint not null,
    primary key (body, post, staff, since)
);

-- What units recorded of their work, one row an event; words stay sealed in `data`.
create table activity_row (
    ledger text collate "C" not null,
    seq bigint not null,
    activity uuid not null,
    kind text collate "C" not null,
    code text collate "C" not null,
    unit text collate "C" not null,
    path text collate "C" not null,
    child uuid,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    actor text collate "C" not null,
    data jsonb not null,
    primary key (ledger, seq)
);
create index activity_path on activity_row (path, happened_at);
create index activity_activity on activity_row (activity);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("stay", "post_source", "body", "body_member", "activity_row")
    secure_tables("stay", "body", "activity_row")
