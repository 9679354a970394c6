"""Rows of the index: what an entry and its people are found by, and when an entry is late."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from services.audit.projections.entries import uuid_of
from services.audit.projections.texts import CALLED_BY, NUMBERS, Text
from shared.contracts.topics import ACCESS_SUFFIX, is_access
from shared.event import Envelope, business_day
from shared.policy.pack import seed_pack
from shared.rulebook import Rules, RulesMissing
from shared.tokens import number_token, tokens

# The province, city and county of a path come first; then township, school, class.
TOWNSHIP, SCHOOL, KLASS = 3, 4, 5
# Fields that name other people than the subject; `about` stands beside a notice's child.
NAMING = (b'"subjects"', b'"absent"', b'"about"')

TOKEN_COLUMNS = (
    "county text",
    "ledger text",
    "service text",
    "seq bigint",
    "book text",
    "type text",
    "stream text",
    "subject uuid",
    "children jsonb",
    "path text",
    "township text",
    "school text",
    "klass text",
    "actor text",
    "actorrole text",
    "via text",
    "policyversion text",
    "occurred_at timestamptz",
    "recorded_at timestamptz",
    "late boolean",
    "tokens jsonb",
)
SUBJECT_COLUMNS = (
    "subject uuid",
    "county text",
    "field text",
    "class text",
    "sealed text",
    "commitment text",
    "path text",
    "number bytea",
    "tokens jsonb",
)
# Arrays of arrays must be rectangular, so a row's own list travels as JSON.
LISTS = {"children": "uuid", "tokens": "bigint"}


def _insert(table: str, columns: Sequence[str]) -> str:
    names = [column.split()[0] for column in columns]
    arrays = ", ".join(f"${n}::{column.split()[1]}[]" for n, column in enumerate(columns, 1))
    values = ", ".join(
        f"array(select x::{LISTS[name]} from jsonb_array_elements_text(u.{name}) as l(x))"
        if name in LISTS
        else f"u.{name}"
        for name in names
    )
    listed = ", ".join(names)
    return (
        f"insert into {table} ({listed}) select {values} from unnest({arrays})"
        f" as u({listed}) on conflict do nothing"
    )


INSERT_TOKENS = _insert("entry_token", TOKEN_COLUMNS)
INSERT_SUBJECTS = _insert("subject_text", SUBJECT_COLUMNS)


def late_after(envelope: Envelope, rules: Rules) -> timedelta:
    """After how long an entry is late, by the rules of its unit on the day it was recorded."""
    day = business_day(envelope.recorded_at)
    try:
        pack = rules.pack(envelope.unitpath, day)
    except RulesMissing:
        pack = seed_pack()  # before a county's first rules came, those that shipped held
    return timedelta(hours=pack.values.late.hours)


def is_late(envelope: Envelope, rules: Rules) -> bool:
    """补录: recorded much later than it happened. A county's past brought in is not late."""
    delay = envelope.recorded_at - envelope.occurred_at
    if delay <= timedelta() or envelope.via == "migration" or is_access(envelope.ledger):
        return False
    return delay > late_after(envelope, rules)


def county_of(ledger: str) -> str:
    return ledger.removesuffix(ACCESS_SUFFIX)


def county_path(county: str) -> str:
    """The path of a county: province and city are named by the digits of its code."""
    return f"{county[:2]}0000/{county[:4]}00/{county}"


def path_of(envelope: Envelope) -> str:
    """The path an entry belongs to; the access ledgers name their county alone."""
    county = county_of(envelope.ledger)
    return county_path(county) if envelope.unitpath == county else envelope.unitpath


def children_of(envelope: Envelope) -> list[str]:
    """The people an entry is about: its subject, those a page showed, those a roll misses."""
    named: list[Any] = [envelope.subject]
    if any(word in bytes(envelope.data) for word in NAMING):
        data = msgspec.json.decode(envelope.data)
        absent = [one.get("child") for one in _list(data, "absent") if isinstance(one, dict)]
        named += [*_list(data, "subjects"), *absent, data.get("child")]
    found = {uuid_of(name) for name in named if isinstance(name, str)}
    return sorted(str(uuid) for uuid in found if uuid)


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    """The list under a name; a newer shape may hold something else there."""
    value = data.get(name)
    return value if isinstance(value, list) else []


def entry_row(
    county: str,
    envelope: Envelope,
    clear: Sequence[tuple[Text, str]],
    token_key: Mapping[str, bytes],
    late: bool,
) -> tuple[Any, ...]:
    """One row of `entry_token`, in the order of TOKEN_COLUMNS."""
    path = path_of(envelope)
    parts = [*path.split("/"), None, None, None, None, None, None]
    found = {token for one, said in clear for token in tokens(said, token_key[one.cls])}
    return (
        county,
        envelope.ledger,
        envelope.service,
        envelope.ledgerseq,
        "access" if is_access(envelope.ledger) else envelope.service,
        envelope.type,
        envelope.stream,
        uuid_of(envelope.subject),
        _json(children_of(envelope)),
        path,
        parts[TOWNSHIP],
        parts[SCHOOL],
        parts[KLASS],
        envelope.actorid,
        envelope.actorrole,
        envelope.via,
        envelope.policyversion,
        envelope.occurred_at,
        envelope.recorded_at,
        late,
        _json(sorted(found)),
    )


def subject_rows(
    county: str,
    envelope: Envelope,
    clear: Sequence[tuple[Text, str]],
    token_key: Mapping[str, bytes],
    number_key: bytes,
) -> list[tuple[Any, ...]]:
    """Rows of `subject_text`: what the entry's people are or were called."""
    rows: list[tuple[Any, ...]] = []
    for one, said in clear:
        owner = uuid_of(one.owner)
        if one.sealed is None or one.field not in CALLED_BY or owner is None:
            continue
        number = number_token(said, number_key) if one.field in NUMBERS else None
        keyed = _json(tokens(said, token_key[one.cls]))
        sealed = _json(one.sealed)
        place = (one.sealed.commit, path_of(envelope), number, keyed)
        rows.append((owner, county, one.field, one.cls, sealed, *place))
    return rows


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    """Rows turned into the arrays that `unnest` takes."""
    return tuple(map(list, zip(*rows, strict=True)))
