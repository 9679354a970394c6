"""Search: tokens of what is sealed, one role that reads them, and its doors."""

from alembic import op
from sqlalchemy import text

from shared.ledger_schema import quoted
from shared.migration_steps import roles, run_sql

revision = "audit_0005"
down_revision = "audit_0004"

TABLES = """
create table entry_token (
    county text collate "C" not null,
    ledger text collate "C" not null,
    service text collate "C" not null,
    seq bigint not null,
    book text collate "C" not null,
    type text collate "C" not null,
    stream text collate "C" not null,
    subject uuid,
    children uuid[] not null,
    path text collate "C" not null,
    township text collate "C",
    school text collate "C",
    klass text collate "C",
    actor text collate "C" not null,
    actorrole text collate "C" not null,
    via text collate "C" not null,
    policyversion text collate "C" not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    late boolean not null,
    tokens bigint[] not null,
    constraint entry_token_place primary key (ledger, service, seq)
);
create index entry_token_recorded on entry_token (county, recorded_at desc, service, seq desc);
create index entry_token_occurred on entry_token (county, occurred_at desc, service, seq desc);
create index entry_token_subject on entry_token (subject);
create index entry_token_children on entry_token using gin (children);
create index entry_token_tokens on entry_token using gin (tokens);

-- What a subject is or was called: old names and numbers stay findable.
create table subject_text (
    subject uuid not null,
    county text collate "C" not null,
    field text collate "C" not null,
    class text collate "C" not null,
    sealed text not null,
    commitment text collate "C" not null,
    path text collate "C" not null,
    number bytea,
    tokens bigint[] not null,
    constraint subject_text_value primary key (subject, field, commitment)
);
create index subject_text_number on subject_text (number) where number is not null;
create index subject_text_tokens on subject_text using gin (tokens);
"""

# No row-level security here: under it an operator that is not leakproof cannot be an index
# condition. Instead these functions are the only door, and put the jurisdiction in themselves.
# It is the transaction's, as `row_security.enter` sets it; without it nothing is found.
WITHIN = """({path} || '/') ^@ any
    (string_to_array(coalesce(current_setting('app.paths', true), ''), ','))"""

ENTRIES = """
create function search_entries(
    p_county text, p_sets text[], p_filters jsonb, p_by text,
    p_walk integer, p_limit integer, p_offset integer
) returns table (
    ledger text, service text, seq bigint, book text, type text, stream text, subject uuid,
    path text, township text, school text, klass text, actor text, actorrole text,
    policyversion text, occurred_at timestamptz, recorded_at timestamptz, late boolean,
    own boolean, about boolean
) language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    by_column text := case p_by when 'recorded' then 'recorded_at' else 'occurred_at' end;
    sorted text := format('e.%I desc, e.service, e.seq desc', by_column);
    is_own text;
    named text;
    narrowed text := '';
    rows_of text;
    is_about text;
    facet text;
begin
    select string_agg(format('e.tokens @> %L::bigint[]', s::bigint[]), ' or '),
        string_agg(format('s.tokens @> %L::bigint[]', s::bigint[]), ' or ')
        into is_own, named from unnest(p_sets) as u(s);
    if is_own is null then return; end if;
    foreach facet in array array['book', 'service', 'type', 'stream', 'township', 'school', 'klass',
        'actor', 'actorrole', 'via', 'policyversion'] loop
        if p_filters ? facet then
            narrowed := narrowed || format(' and e.%I = any(%L::text[])', facet,
                array(select jsonb_array_elements_text(p_filters -> facet)));
        end if;
    end loop;
    if p_filters ? 'child' then
        narrowed := narrowed || format(' and e.children && %L::uuid[]',
            array(select jsonb_array_elements_text(p_filters -> 'child')));
    end if;
    if p_filters ? 'late' then narrowed := narrowed || ' and e.late'; end if;
    if p_filters ? 'from' then
        narrowed := narrowed
            || format(' and e.%I >= %L::timestamptz', by_column, p_filters ->> 'from');
    end if;
    if p_filters ? 'below' then
        narrowed := narrowed
            || format(' and e.%I < %L::timestamptz', by_column, p_filters ->> 'below');
    end if;
    if p_walk > 0 then
        rows_of := format('(select * from entry_token e where e.county = $1 order by %s limit %s)',
            sorted, p_walk);
        is_about := format('exists (select 1 from subject_text s'
            ' where s.subject = e.subject and (%s))', named);
    else
        is_about := format('e.subject = any(array(select s.subject from subject_text s'
            ' where s.county = $1 and (%s)))', named);
        rows_of := format('(select * from entry_token e where e.county = $1 and (%s or %s))',
            is_own, is_about);
    end if;
    return query execute format(
        'select e.ledger, e.service, e.seq, e.book, e.type, e.stream, e.subject,'
        ' coalesce(c.path, e.path), e.township, e.school, e.klass, e.actor, e.actorrole,'
        ' e.policyversion, e.occurred_at, e.recorded_at, e.late, (%1$s), coalesce(%2$s, false)'
        ' from %3$s e left join child c on c.child = e.subject'
        ' where ((%1$s) or %2$s) %4$s and %5$s order by %6$s limit %7$s offset %8$s',
        is_own, is_about, rows_of, narrowed, 'within_jurisdiction', sorted, p_limit, p_offset)
        using p_county;
end $$;
""".replace("'within_jurisdiction'", "$w$" + WITHIN.format(path="coalesce(c.path, e.path)") + "$w$")

PEOPLE = f"""
create function search_people(
    p_county text, p_sets text[], p_number bytea, p_subjects uuid[], p_limit integer
) returns table (
    subject uuid, county text, field text, class text, sealed text, path text, whole boolean
) language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    named text;
begin
    select string_agg(format('s.tokens @> %L::bigint[]', s::bigint[]), ' or ')
        into named from unnest(p_sets) as u(s);
    return query execute format(
        'select s.subject, s.county, s.field, s.class, s.sealed, coalesce(c.path, s.path),'
        ' coalesce(s.number = $2, false)'
        ' from subject_text s left join child c on c.child = s.subject'
        ' where (s.county = $1 and (%s) or s.number = $2)'
        ' and ($3 is null or s.subject = any($3)) and %s'
        ' order by s.number = $2 desc nulls last, s.subject, s.field limit %s',
        coalesce(named, 'false'), $w${WITHIN.format(path="coalesce(c.path, s.path)")}$w$, p_limit)
        using p_county, p_number, p_subjects;
end $$;
"""

MENTIONS = f"""
create function search_mentions(p_child uuid, p_books text[], p_limit integer)
returns table (ledger text, service text, seq bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.ledger, e.service, e.seq from entry_token e
    where e.children @> array[p_child] and e.book = any(p_books)
        and {WITHIN.format(path="e.path")}
    order by e.recorded_at desc limit p_limit
$$;
"""

DOORS = (
    "search_entries(text, text[], jsonb, text, integer, integer, integer)",
    "search_people(text, text[], bytea, uuid[], integer)",
    "search_mentions(uuid, text[], integer)",
)


def upgrade() -> None:
    run_sql(TABLES + ENTRIES + PEOPLE + MENTIONS)
    search = f"{roles().owner.removesuffix('_owner')}_search"
    _create_role(search)
    _give_doors(quoted(search))


def _create_role(search: str) -> None:
    """The owner of a database makes no roles; whoever runs the migration does."""
    bind = op.get_bind()
    owner = quoted(roles().owner)
    found = bind.execute(text("select 1 from pg_roles where rolname = :r"), {"r": search})
    create = "" if found.first() else f"create role {quoted(search)} nologin;"
    run_sql(f"reset role; {create} grant {quoted(search)} to {owner}; set local role {owner};")


def _give_doors(search: str) -> None:
    app = quoted(roles().app)
    tables = "entry_token, subject_text"
    run_sql(f"""
        grant insert on {tables} to {app};
        grant select on {tables}, child to {search};
        grant usage, create on schema public to {search};
        create policy search_reads on child to {search} using (true);
        revoke all on {tables} from public;
    """)
    for door in DOORS:
        run_sql(f"""
            alter function {door} owner to {search};
            revoke all on function {door} from public;
            grant execute on function {door} to {app};
        """)
    run_sql(f"revoke create on schema public from {search}")
