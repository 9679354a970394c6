"""Who was in which class when, rolls by class and day, absences, leave, long runs."""

from shared.migration_steps import grant_tables, run_sql, secure_tables

revision = "enrollment_0004"
down_revision = "enrollment_0003"

TABLES = """
create table membership (
    child uuid not null,
    klass uuid not null,
    ledger text collate "C" not null,
    seat integer,
    since date not null,
    until date,
    path text collate "C" not null,
    primary key (child, klass, since)
);
create index membership_klass on membership (klass);
create index membership_path on membership (path);

-- `submission` is the version of the submission that stands, `version` that of the stream.
create table roll_day (
    klass uuid not null,
    day date not null,
    ledger text collate "C" not null,
    school text collate "C" not null,
    path text collate "C" not null,
    version integer not null,
    submission integer,
    expected integer,
    present integer,
    author text,
    submitted_at timestamptz,
    settles_at timestamptz,
    corrected boolean not null default false,
    recalled_at timestamptz,
    missing_at timestamptz,
    primary key (klass, day)
);
create index roll_day_path on roll_day (path, day);
create index roll_day_school on roll_day (school, day);

-- What the roll says and what became of it stand beside each other: leave excuses a day whose roll
-- still says unexcused, in whatever order the two arrive.
create table absence (
    child uuid not null,
    day date not null,
    klass uuid not null,
    ledger text collate "C" not null,
    school text collate "C" not null,
    path text collate "C" not null,
    roll_mark text,
    reason text,
    settled_mark text,
    mark text generated always as (
        case when roll_mark = 'unexcused' and settled_mark in ('sick', 'personal')
        then settled_mark else roll_mark end) stored,
    primary key (child, day)
);
create index absence_klass on absence (klass, day);
create index absence_path on absence (path, day);
create index absence_school on absence (school, day);

create table leave_given (
    child uuid not null,
    ledger text collate "C" not null,
    seq bigint not null,
    kind text not null,
    first_on date not null,
    last_on date not null,
    path text collate "C" not null,
    primary key (ledger, seq)
);
create index leave_given_child on leave_given (child);
create index leave_given_path on leave_given (path);

create table long_run (
    child uuid not null,
    first_on date not null,
    last_on date not null,
    days integer not null,
    ended boolean not null,
    ledger text collate "C" not null,
    seq bigint not null,
    path text collate "C" not null,
    primary key (ledger, seq)
);
create index long_run_child on long_run (child);
create index long_run_path on long_run (path);

-- Names are sealed; these keyed tokens find them.
create table name_index (
    child uuid primary key,
    tokens bigint[] not null
);
create index name_index_tokens on name_index using gin (tokens);
"""


def upgrade() -> None:
    run_sql(TABLES)
    secured = ("membership", "roll_day", "absence", "leave_given", "long_run")
    grant_tables(*secured, "name_index")
    secure_tables(*secured)
