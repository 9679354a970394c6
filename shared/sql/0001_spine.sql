-- The spine of every service's database: clock, ledgers, events, what follows them.
-- Run as the owner (no login); what the others may do is granted in shared/ledger_schema.py.

create table clock (
    one boolean primary key default true check (one),
    simulated boolean not null,
    sim_at timestamptz,
    real_at timestamptz,
    running boolean not null default true,
    constraint a_simulated_clock_has_a_time check (simulated = (sim_at is not null and real_at is not null))
);

create function clock() returns timestamptz language sql volatile parallel safe as $$
    select case
        when not simulated then clock_timestamp()
        when running then sim_at + (clock_timestamp() - real_at)
        else sim_at
    end from clock
$$;

-- Born simulated stays simulated, and time is only ever moved forward.
create function guard_clock() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or new.simulated <> old.simulated then
        raise exception 'a clock is written at birth and stays what it is';
    end if;
    if new.sim_at < old.sim_at then
        raise exception 'a clock is never moved back (% is before %)', new.sim_at, old.sim_at;
    end if;
    return new;
end $$;
create trigger guard_clock before update or delete on clock for each row execute function guard_clock();

create table ledger (
    ledger text collate "C" primary key,
    origin text not null unique,
    last_seq bigint not null default 0,
    last_at timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- A table of its own, so that the relay never takes the lock that appends take.
create table published (
    ledger text collate "C" primary key references ledger,
    seq bigint not null default 0
) with (fillfactor = 50);

create table events (
    ledger text collate "C" not null,
    seq bigint not null,
    stream text collate "C" not null,
    version integer not null check (version >= 1),
    command uuid not null,
    ordinal integer not null check (ordinal >= 0),
    type text collate "C" not null,
    recorded_at timestamptz not null,
    body text not null check (octet_length(body) <= 32768),
    previous integer generated always as (case when version > 1 then version - 1 end) stored,
    constraint events_seq primary key (ledger, seq),
    constraint events_version unique (ledger, stream, version),
    constraint events_command unique (ledger, command, ordinal),
    -- A version that jumps is no unique violation; only this refuses 1 then 7.
    constraint events_previous foreign key (ledger, stream, previous)
        references events (ledger, stream, version)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %: what was recorded is never changed; record a correction', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger refuse_change before update or delete on events for each row execute function refuse_change();
create trigger refuse_truncate before truncate on events for each statement execute function refuse_change();

create table current (
    ledger text collate "C" not null,
    stream text collate "C" not null,
    version integer not null,
    seq bigint not null,
    unitpath text collate "C" not null,
    state text collate "C" not null,
    doc text not null,
    primary key (ledger, stream)
);

create table checkpoint (
    subscription text collate "C" not null,
    source text collate "C" not null,
    ledger text collate "C" not null,
    seq bigint not null default 0,
    hash text not null default '',
    primary key (subscription, source, ledger)
) with (fillfactor = 50);

create table parked (
    subscription text collate "C" not null,
    source text collate "C" not null,
    ledger text collate "C" not null,
    seq bigint not null,
    subject text not null,
    body text not null,
    reason text not null,
    parked_at timestamptz not null default clock_timestamp(),
    primary key (subscription, source, ledger, seq)
);
create index parked_subject on parked (subscription, subject);

create table stranger (
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    value bytea,
    reason text not null,
    seen_at timestamptz not null default clock_timestamp(),
    primary key (topic, partition, "offset")
);

create table timer (
    key text collate "C" primary key,
    due_at timestamptz not null,
    kind text not null,
    ledger text collate "C" not null,
    args text not null,
    failures integer not null default 0
);
create index timer_due on timer (due_at);

create table moved_ledger (
    ledger text collate "C" primary key,
    partition integer not null
);

create function found_ledger(p_ledger text, p_origin text) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into ledger (ledger, origin) values (p_ledger, p_origin) on conflict do nothing;
    insert into published (ledger) values (p_ledger) on conflict do nothing;
$$;

-- The only way in. Inserts everything or fails; never filters, for a filtered row would still have
-- moved the sequence: a hole for ever. An unknown ledger answers no row.
create function append(
    p_ledger text, p_cause timestamptz,
    p_stream text[], p_version integer[], p_command uuid[], p_ordinal integer[], p_type text[],
    p_head text[], p_tail text[],
    c_stream text[], c_version integer[], c_place integer[], c_unitpath text[], c_state text[], c_doc text[]
) returns table (first_seq bigint, first_at timestamptz)
language sql security definer set search_path = public, pg_temp as $$
    with l as (
        update ledger set
            last_seq = last_seq + cardinality(p_stream),
            last_at = greatest(clock(), last_at + interval '1 microsecond', p_cause + interval '1 microsecond')
                + (cardinality(p_stream) - 1) * interval '1 microsecond'
        where ledger.ledger = p_ledger
        returning
            last_seq - cardinality(p_stream) as base,
            last_at - (cardinality(p_stream) - 1) * interval '1 microsecond' as at,
            extract(epoch from last_at - clock()) as behind_seconds
    ), e as (
        insert into events (ledger, seq, stream, version, command, ordinal, type, recorded_at, body)
        select p_ledger, l.base + n, u.stream, u.version, u.command, u.ordinal, u.type,
            l.at + (n - 1) * interval '1 microsecond',
            u.head || (l.base + n) || ',"time":"'
                || to_char((l.at + (n - 1) * interval '1 microsecond') at time zone 'UTC',
                           'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                || '","streamversion":' || u.version
                || case when l.behind_seconds > 60
                       then ',"clockbehindms":' || floor(l.behind_seconds * 1000)::bigint else '' end
                || u.tail
        from l, unnest(p_stream, p_version, p_command, p_ordinal, p_type, p_head, p_tail) with ordinality
            as u(stream, version, command, ordinal, type, head, tail, n)
    ), c as (
        insert into current as had (ledger, stream, version, seq, unitpath, state, doc)
        select p_ledger, u.stream, u.version, l.base + u.place, u.unitpath, u.state, u.doc
        from l, unnest(c_stream, c_version, c_place, c_unitpath, c_state, c_doc)
            as u(stream, version, place, unitpath, state, doc)
        on conflict (ledger, stream) do update set
            version = excluded.version, seq = excluded.seq, unitpath = excluded.unitpath,
            state = excluded.state, doc = excluded.doc
    )
    select l.base + 1, l.at from l
$$;
