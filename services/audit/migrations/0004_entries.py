"""The exact bytes of every ledger."""

from shared.ledger_schema import quoted
from shared.migration_steps import roles, run_sql

revision = "audit_0004"
down_revision = "audit_0003"

PARTITIONS = 16

# The body is what counts; the other columns are read out of it, so that rows can be found.
TABLE = """
create table entry (
    ledger text collate "C" not null,
    service text collate "C" not null,
    seq bigint not null check (seq >= 1),
    body bytea not null check (octet_length(body) <= 32768),
    type text collate "C" not null,
    stream text collate "C" not null,
    subject uuid,
    unitpath text collate "C" not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    actor text collate "C" not null,
    actorrole text collate "C" not null,
    onbehalfof text collate "C",
    via text collate "C" not null,
    policyversion text collate "C" not null,
    constraint entry_place primary key (ledger, service, seq)
) partition by hash (ledger);
create index entry_subject on entry (subject, recorded_at);
create index entry_stream on entry (stream, recorded_at);
create trigger refuse_change before update or delete on entry
    for each row execute function refuse_change();
create trigger refuse_truncate before truncate on entry
    for each statement execute function refuse_change();
"""


def upgrade() -> None:
    run_sql(TABLE)
    for number in range(PARTITIONS):
        run_sql(
            f"create table entry_{number} partition of entry"
            f" for values with (modulus {PARTITIONS}, remainder {number})"
        )
    run_sql(f"grant select, insert on entry to {quoted(roles().app)}")
