"""Merkle logs over the entries, what was sealed of them, and the role that seals."""

from alembic import op
from sqlalchemy import text

from shared.ledger_schema import quoted
from shared.migration_steps import roles, run_sql

revision = "audit_0006"
down_revision = "audit_0005"

TABLES = """
-- The place of an event in its stream; rows from before have none until they are checked.
alter table entry add column version integer check (version >= 1);

create table log (
    ledger text collate "C" not null,
    service text collate "C" not null,
    generation integer not null default 1 check (generation >= 1),
    origin text collate "C" not null,
    size bigint not null default 0 check (size >= 0),
    root bytea not null check (octet_length(root) = 32),
    frozen_at timestamptz,
    constraint log_place primary key (ledger, service, generation),
    constraint log_origin unique (origin)
) with (fillfactor = 50);
-- Of the generations of one ledger one grows; the others ended with an incident.
create unique index log_growing on log (ledger, service) where frozen_at is null;

create table tile (
    ledger text collate "C" not null,
    service text collate "C" not null,
    generation integer not null,
    level smallint not null check (level between 0 and 7),
    n bigint not null check (n >= 0),
    hashes bytea not null
        check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
    constraint tile_place primary key (ledger, service, generation, level, n),
    constraint tile_log foreign key (ledger, service, generation) references log
);
-- Hashes do not compress; trying costs more than storing them.
alter table tile alter hashes set storage external;

create table sealed (
    origin text collate "C" not null,
    size bigint not null check (size >= 0),
    root bytea not null check (octet_length(root) = 32),
    note text not null check (octet_length(note) <= 65536),
    sealed_at timestamptz not null default clock_timestamp(),
    served boolean not null default false,
    constraint sealed_place primary key (origin, size, sealed_at)
);

create table refusal (
    id bigint generated always as identity primary key,
    origin text collate "C" not null,
    kind text not null,
    seq bigint,
    expected text not null default '',
    found text not null default '',
    refused_at timestamptz not null default clock_timestamp()
);
create index refusal_newest on refusal (origin, refused_at desc);

create function guard_sealed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or not new.served
        or (new.origin, new.size, new.root, new.note, new.sealed_at)
            is distinct from (old.origin, old.size, old.root, old.note, old.sealed_at) then
        raise exception '% on sealed: what was sealed is never changed', tg_op
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger guard_sealed before update or delete on sealed
    for each row execute function guard_sealed();
create trigger refuse_truncate before truncate on sealed
    for each statement execute function refuse_change();
create trigger refuse_change before update or delete on refusal
    for each row execute function refuse_change();
create trigger refuse_truncate before truncate on refusal
    for each statement execute function refuse_change();

-- Audit says what it has handed out, and can change nothing else of what was sealed.
create function mark_served(p_origin text, p_size bigint) returns void
language sql security definer set search_path = public, pg_temp as $$
    update sealed set served = true where origin = p_origin and size = p_size and not served
$$;
"""


def upgrade() -> None:
    run_sql(TABLES)
    sealer = roles().sealer
    _create_role(sealer)
    app = quoted(roles().app)
    run_sql(f"""
        revoke all on log, tile, sealed, refusal from public;
        revoke all on function mark_served, guard_sealed from public;
        grant select, insert, update on log, tile to {app};
        grant select on sealed, refusal to {app};
        grant execute on function mark_served to {app};
        grant usage on schema public to {quoted(sealer)};
        grant select on log to {quoted(sealer)};
        grant select, insert on sealed, refusal to {quoted(sealer)};
    """)


def _create_role(sealer: str) -> None:
    """Who makes databases makes it with a password; without one nobody logs in as it."""
    bind = op.get_bind()
    found = bind.execute(text("select 1 from pg_roles where rolname = :r"), {"r": sealer})
    if found.first() is None:
        owner = quoted(roles().owner)
        run_sql(f"reset role; create role {quoted(sealer)} nologin; set local role {owner};")
