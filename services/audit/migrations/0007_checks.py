"""What re-verification has found, and doors that say which column of the index differs."""

from shared.ledger_schema import quoted
from shared.migration_steps import roles, run_sql

revision = "audit_0007"
down_revision = "audit_0006"

TABLES = """
-- The newest check of each kind of each log; its times are the machine's.
create table checked (
    kind text collate "C" not null check (kind in ('tail', 'full')),
    ledger text collate "C" not null,
    service text collate "C" not null,
    began_at timestamptz not null,
    ended_at timestamptz not null,
    entries bigint not null,
    findings bigint not null,
    away text not null default '',
    constraint checked_place primary key (kind, ledger, service)
);

-- What stands in it is also an incident in audit's own log; here it is only found faster.
create table finding (
    ledger text collate "C" not null,
    service text collate "C" not null,
    seq bigint not null,
    place text collate "C" not null,
    field text collate "C" not null,
    origin text collate "C" not null,
    expected text not null,
    found text not null,
    found_by text not null,
    first_at timestamptz not null default clock_timestamp(),
    last_at timestamptz not null default clock_timestamp(),
    cleared_at timestamptz,
    constraint finding_place primary key (ledger, service, seq, place, field)
);
"""

ENTRY_TOKEN = """
create function check_entry_token(p_rows jsonb) returns table (seq bigint, field text)
language sql stable security definer set search_path = public, pg_temp as $$
    select w.seq, d.field
    from jsonb_to_recordset(p_rows) as w(
        county text collate "C", ledger text collate "C", service text collate "C", seq bigint,
        book text collate "C", type text collate "C", stream text collate "C", subject uuid,
        children uuid[], path text collate "C", township text collate "C",
        school text collate "C", klass text collate "C", actor text collate "C",
        actorrole text collate "C", via text collate "C", policyversion text collate "C",
        occurred_at timestamptz, recorded_at timestamptz, late boolean, tokens bigint[],
        tokens_whole boolean, late_seed boolean)
    left join entry_token e
        on e.ledger = w.ledger and e.service = w.service and e.seq = w.seq
    cross join lateral (values
        ('seq', e.seq is null),
        ('county', e.county is distinct from w.county),
        ('book', e.book is distinct from w.book),
        ('type', e.type is distinct from w.type),
        ('stream', e.stream is distinct from w.stream),
        ('subject', e.subject is distinct from w.subject),
        ('children', e.children is distinct from w.children),
        ('path', e.path is distinct from w.path),
        ('township', e.township is distinct from w.township),
        ('school', e.school is distinct from w.school),
        ('klass', e.klass is distinct from w.klass),
        ('actor', e.actor is distinct from w.actor),
        ('actorrole', e.actorrole is distinct from w.actorrole),
        ('via', e.via is distinct from w.via),
        ('policyversion', e.policyversion is distinct from w.policyversion),
        ('occurred_at', e.occurred_at is distinct from w.occurred_at),
        ('recorded_at', e.recorded_at is distinct from w.recorded_at),
        ('late', e.late <> w.late and e.late <> w.late_seed),
        ('tokens', case when w.tokens_whole then e.tokens is distinct from w.tokens
            else not e.tokens @> w.tokens end)
    ) as d(field, differs)
    where d.differs and (e.seq is not null or d.field = 'seq')
$$;
create function check_entry_token_beyond(p_ledger text, p_service text, p_last bigint)
returns table (seq bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.seq from entry_token e
    where e.ledger = p_ledger and e.service = p_service and (e.seq > p_last or e.seq < 1)
    order by e.seq limit 100
$$;
"""

# County and path are those of the entry that was indexed first: whoever asks looks them up.
SUBJECT_TEXT = """
create function check_subject_text(p_rows jsonb) returns table (
    seq bigint, field text, subject uuid, name text, commitment text, held text
) language sql stable security definer set search_path = public, pg_temp as $$
    select w.seq, d.field, w.subject, w.field, w.commitment, d.held
    from jsonb_to_recordset(p_rows) as w(
        seq bigint, subject uuid, county text collate "C", field text collate "C",
        class text collate "C", sealed text, commitment text collate "C",
        path text collate "C", number bytea, tokens bigint[])
    left join subject_text s
        on s.subject = w.subject and s.field = w.field and s.commitment = w.commitment
    cross join lateral (values
        ('subject', s.subject is null, ''),
        ('county', s.county is distinct from w.county, s.county),
        ('class', s.class is distinct from w.class, ''),
        ('sealed', s.sealed is distinct from w.sealed, ''),
        ('path', s.path is distinct from w.path, s.path),
        ('number', s.number is distinct from w.number, ''),
        ('tokens', s.tokens is distinct from w.tokens, '')
    ) as d(field, differs, held)
    where d.differs and (s.subject is not null or d.field = 'subject')
$$;
"""

DOORS = (
    "check_entry_token(jsonb)",
    "check_entry_token_beyond(text, text, bigint)",
    "check_subject_text(jsonb)",
)


def upgrade() -> None:
    run_sql(TABLES + ENTRY_TOKEN + SUBJECT_TEXT)
    app = quoted(roles().app)
    search = quoted(f"{roles().owner.removesuffix('_owner')}_search")
    run_sql(f"""
        revoke all on checked, finding from public;
        grant select, insert, update on checked, finding to {app};
        grant create on schema public to {search};
    """)
    for door in DOORS:
        run_sql(f"""
            alter function {door} owner to {search};
            revoke all on function {door} from public;
            grant execute on function {door} to {app};
        """)
    run_sql(f"revoke create on schema public from {search}")
