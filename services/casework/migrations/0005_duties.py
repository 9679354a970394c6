"""Duties as rows, the facts that may be evidence, and who answers for whom."""

from shared.migration_steps import grant_tables, run_sql, secure_tables

revision = "casework_0005"
down_revision = "casework_0004"

TABLES = """
-- A duty as it stands, written with its events by the process that appends them.
create table duty (
    duty uuid primary key,
    ledger text collate "C" not null,
    kind text collate "C" not null,
    target_kind text collate "C" not null,
    target text collate "C" not null,
    child uuid,
    klass uuid,
    school text collate "C",
    path text collate "C" not null,
    period text collate "C" not null,
    starts_at timestamptz not null,
    began_at timestamptz not null,
    due_at timestamptz not null,
    window_at timestamptz not null,
    needed integer not null,
    got integer not null default 0,
    holders uuid[] not null,
    role text collate "C" not null,
    share text collate "C" not null,
    state text collate "C" not null,
    ended_at timestamptz,
    evidence jsonb not null default '[]',
    policy text collate "C" not null,
    calendar text collate "C" not null,
    rows text[] not null,
    cause jsonb,
    form text collate "C" not null,
    told jsonb not null default '[]'
);
create index duty_open_target on duty (ledger, target, kind) where state in ('armed', 'breached');
create index duty_open_path on duty (path, due_at) where state in ('armed', 'breached');
create index duty_open_holders on duty using gin (holders) where state in ('armed', 'breached');
create index duty_ended on duty (path, ended_at) where state not in ('armed', 'breached');
create index duty_child on duty (child, due_at);

-- Evidence that may come before its duty is armed: other services' events have no order with ours.
create table duty_fact (
    ledger text collate "C" not null,
    kind text collate "C" not null,
    target text collate "C" not null,
    at timestamptz not null,
    actor text collate "C" not null,
    service text collate "C" not null,
    source_ledger text collate "C" not null,
    seq bigint not null,
    primary key (ledger, kind, target, service, source_ledger, seq)
);
create index duty_fact_target on duty_fact (ledger, target, kind, at);

-- Who answers for whom, from when to when (both days included).
create table responsibility (
    responsibility uuid not null,
    ledger text collate "C" not null,
    scheme text collate "C" not null,
    tier text collate "C" not null,
    line text collate "C" not null,
    share text collate "C" not null,
    target_kind text collate "C" not null,
    target text collate "C" not null,
    holder_kind text collate "C" not null,
    holder text collate "C" not null,
    since date not null,
    until date,
    path text collate "C" not null,
    primary key (responsibility, holder, since)
);
create index responsibility_target on responsibility (target, scheme, tier);
create index responsibility_holder on responsibility (holder);
create index responsibility_path on responsibility (path, scheme);

-- Groups that children belong to, as enrollment tags them.
create table child_group (
    child uuid not null,
    grp text collate "C" not null,
    since date not null,
    until date,
    primary key (child, grp, since)
);
"""


def upgrade() -> None:
    run_sql(TABLES)
    grant_tables("duty", "duty_fact", "responsibility", "child_group")
    secure_tables("duty", "responsibility")
