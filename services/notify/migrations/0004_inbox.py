"""The notices of each account's inbox, as people read them."""

from shared.migration_steps import grant_tables, run_sql

revision = "notify_0004"
down_revision = "notify_0003"

# An inbox belongs to its account, wherever the child sits later: it is read by account alone.
INBOX = """
create table notice (
    notice uuid primary key,
    ledger text collate "C" not null,
    account text collate "C" not null,
    child uuid,
    kind text not null,
    about text not null,
    path text collate "C" not null,
    queued_at timestamptz not null,
    read_at timestamptz
);
create index notice_account on notice (account, queued_at desc);
"""


def upgrade() -> None:
    run_sql(INBOX)
    grant_tables("notice")
