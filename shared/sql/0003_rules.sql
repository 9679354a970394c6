-- Which packs and calendars are in force where, as casework's events say, and their exact bytes.

create table rule_activation (
    ledger text collate "C" not null,
    seq bigint not null,
    kind text not null check (kind in ('pack', 'calendar')),
    unit text collate "C" not null,
    layer text not null default '',
    sha256 text not null,
    valid_from date not null,
    primary key (ledger, seq)
);

create table rule_content (
    sha256 text primary key,
    content bytea not null,
    constraint content_is_what_its_name_says check (encode(sha256(content), 'hex') = sha256)
);
