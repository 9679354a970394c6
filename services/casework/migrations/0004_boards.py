"""Alerts and cases as people see them, and what the process managers remember."""

from shared.migration_steps import grant_tables, run_sql, secure_tables

revision = "casework_0004"
down_revision = "casework_0003"

# `view` is what the shared views fold; the columns beside it are what lists filter and order by.
# `path` is where the child sits today, so that jurisdiction follows the child.
BOARDS = """
create table alert_row (
    stream text collate "C" primary key,
    ledger text collate "C" not null,
    version integer not null,
    path text collate "C" not null,
    child uuid not null,
    klass uuid,
    school text collate "C",
    state text collate "C" not null,
    sign text,
    flagged_at timestamptz,
    verify_due_at timestamptz,
    report_due_at timestamptz,
    days integer not null default 0,
    view text not null
);
create index alert_row_child on alert_row (child);
create index alert_row_open on alert_row (path) where state = 'open';

create table case_row (
    stream text collate "C" primary key,
    ledger text collate "C" not null,
    version integer not null,
    path text collate "C" not null,
    child uuid not null,
    klass uuid,
    school text collate "C",
    state text collate "C" not null,
    number text not null default '',
    owner uuid,
    opened_at timestamptz,
    closed_at timestamptz,
    last_contact_at timestamptz,
    last_visit_at timestamptz,
    next_attempt_on date,
    return_by date,
    observe_until date,
    view text not null
);
create index case_row_child on case_row (child);
create index case_row_path on case_row (path, state);

-- Which streams are about a child, written with the event that begins the stream: the boards
-- follow a moment later, but a second alert must be refused at once.
create table child_stream (
    stream text collate "C" primary key,
    ledger text collate "C" not null,
    child uuid not null
);
create index child_stream_child on child_stream (child);

-- The current run of unexcused days of a child that has been flagged by its streak.
create table absence_run (
    child uuid primary key,
    last_on date not null,
    days integer not null,
    ended boolean not null default false
);

-- When a child of the class was last observed by anybody.
create table class_observed (
    klass uuid primary key,
    observed_at timestamptz not null
);
"""


def upgrade() -> None:
    run_sql(BOARDS)
    grant_tables("alert_row", "case_row", "child_stream", "absence_run", "class_observed")
    secure_tables("alert_row", "case_row")
