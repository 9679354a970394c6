-- Who is where: units, classes, people, children, as enrollment's events tell them.
-- Every service keeps its own copy; personal values stay sealed.

create table unit (
    unit text collate "C" primary key,
    ledger text collate "C" not null,
    kind text not null,
    name text not null,
    parent text collate "C",
    path text collate "C" not null,
    valid_from date not null,
    closed_on date
);
create index unit_path on unit (path);

create table term (
    unit text collate "C" not null,
    term text not null,
    name text not null,
    opens_on date not null,
    ends_on date not null,
    primary key (unit, term)
);

create table klass (
    klass uuid primary key,
    ledger text collate "C" not null,
    school text collate "C" not null,
    grade integer not null,
    name text not null,
    path text collate "C" not null,
    valid_from date not null,
    closed_on date
);
create index klass_school on klass (school);
create index klass_path on klass (path);

create table homeroom (
    klass uuid not null,
    staff uuid not null,
    valid_from date not null,
    valid_to date,
    primary key (klass, staff, valid_from)
);
create index homeroom_staff on homeroom (staff);

create table person (
    staff uuid primary key,
    ledger text collate "C" not null,
    unit text collate "C" not null,
    staff_number text,
    fields jsonb not null
);
create index person_unit on person (unit);

create table role_grant (
    staff uuid not null,
    role text not null,
    unit text collate "C" not null,
    path text collate "C" not null,
    valid_from date not null,
    valid_to date,
    primary key (staff, role, unit, valid_from)
);

create table account (
    account text collate "C" primary key,
    ledger text collate "C" not null,
    staff uuid not null,
    closed boolean not null default false
);
create index account_staff on account (staff);

create table child (
    child uuid primary key,
    ledger text collate "C" not null,
    fields jsonb not null default '{}',
    klass uuid,
    school text collate "C",
    grade integer,
    seat integer,
    since date,
    left_on date,
    path text collate "C" not null
);
create index child_klass on child (klass);
create index child_path on child (path);
