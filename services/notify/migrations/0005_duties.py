"""Duties as notify hears of them, the digests that were sent, what accounts do without."""

from shared.migration_steps import grant_tables, run_sql

revision = "notify_0005"
down_revision = "notify_0004"

TABLES = """
-- A duty as casework tells it; `told`: the staff that a breach has climbed to.
create table duty_heard (
    duty uuid primary key,
    ledger text collate "C" not null,
    kind text collate "C" not null,
    target text collate "C" not null,
    child uuid,
    klass uuid,
    school text collate "C",
    path text collate "C" not null,
    due_at timestamptz not null,
    holders uuid[] not null,
    told uuid[] not null default '{}',
    state text collate "C" not null,
    ended_at timestamptz
);
create index duty_heard_open on duty_heard (ledger, due_at) where ended_at is null;
create index duty_heard_ended on duty_heard (ended_at) where ended_at is not null;

-- A digest is its own account's; one of many items is several rows.
create table digest (
    account text collate "C" not null,
    on_day date not null,
    part text collate "C" not null,
    piece bigint not null,
    sent_at timestamptz not null,
    items jsonb not null,
    primary key (account, on_day, part, piece)
);
create table unwanted (
    account text collate "C" not null,
    what text collate "C" not null,
    primary key (account, what)
);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("duty_heard", "digest", "unwanted")
