"""The asynchronous projection that makes entries findable; it follows the table `entry`."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.projections.entries import LEDGERS, uuid_of
from services.audit.projections.texts import (
    CALLED_BY,
    NUMBERS,
    PLAIN,
    Text,
    keys_of,
    opened,
    texts_of,
    token_keys,
)
from shared.contracts.topics import ACCESS_SUFFIX, is_access
from shared.event import Envelope, business_day, read
from shared.keyring import Keyring, KeyringAway, Keys
from shared.policy.pack import seed_pack
from shared.rulebook import Rulebook, Rules, RulesMissing
from shared.sealed import CLASSES
from shared.tokens import number_token, tokens
from shared.waking import Ear

log = structlog.get_logger()

NAME = "audit.search"
BATCH_LIMIT_ENTRIES = 500
IDLE_SECONDS = 0.25
RETRY_SECONDS = 1.0
# The province, city and county of a path come first; then township, school, class.
TOWNSHIP, SCHOOL, KLASS = 3, 4, 5

HEADS = text(
    "select c.source, c.ledger, c.seq as head, coalesce(d.seq, 0) as seq from checkpoint c"
    " left join checkpoint d on d.subscription = :name and d.source = c.source"
    " and d.ledger = c.ledger where c.subscription = any(:ledgers) and c.seq > coalesce(d.seq, 0)"
    " order by c.source, c.ledger"
)
START = text(
    "insert into checkpoint (subscription, source, ledger) values (:name, :source, :ledger)"
    " on conflict do nothing"
)
LOCK = text(
    "select seq from checkpoint where subscription = :name and source = :source"
    " and ledger = :ledger for update"
)
ADVANCE = text(
    "update checkpoint set seq = :seq where subscription = :name and source = :source"
    " and ledger = :ledger"
)
BODIES = text(
    "select body from entry where ledger = :ledger and service = :service and seq > :seq"
    " order by seq limit :limit"
)
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


@dataclass(slots=True)
class SearchIndex:
    """Runs the projection; any number of copies may, each ledger's place is locked.

    While the keyring is away it waits: everything else of audit goes on.
    """

    engine: AsyncEngine
    keyring: Keyring
    rulebook: Rulebook
    state: str = "starting"
    lag: int = 0
    unopened: int = 0

    async def run(self, ear: Ear) -> None:
        """For ever."""
        while True:
            try:
                moved = await self.once()
                self.state = "following"
                if not moved:
                    await ear.wait(IDLE_SECONDS)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self.state = "keyring away" if isinstance(error, KeyringAway) else "waiting"
                log.warning("search_waits", reason=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(RETRY_SECONDS)

    async def once(self) -> int:
        """Index a batch of each ledger that has something new; returns how many entries."""
        async with self.engine.connect() as conn:
            behind = (await conn.execute(HEADS, {"name": NAME, "ledgers": list(LEDGERS)})).all()
        self.lag = sum(row.head - row.seq for row in behind)
        moved = 0
        for row in behind:
            moved += await self._index(row.source, row.ledger)
        return moved

    async def _index(self, source: str, ledger: str) -> int:
        place = {"name": NAME, "source": source, "ledger": ledger}
        async with self.engine.begin() as conn:
            await conn.execute(START, place)
            seq = (await conn.execute(LOCK, place)).scalar_one()
            service = source.partition(".")[0]
            params = {"ledger": ledger, "service": service, "seq": seq}
            found = await conn.execute(BODIES, params | {"limit": BATCH_LIMIT_ENTRIES})
            envelopes = [read(row.body) for row in found]
            if not envelopes:
                return 0
            rules = await self.rulebook.rules(conn)
            await self._write(conn, county_of(ledger), envelopes, rules)
            await conn.execute(ADVANCE, place | {"seq": envelopes[-1].ledgerseq})
        return len(envelopes)

    async def _write(
        self, conn: AsyncConnection, county: str, envelopes: Sequence[Envelope], rules: Rules
    ) -> None:
        texts = [texts_of(envelope) for envelope in envelopes]
        keys = await keys_of(self.keyring, list(chain.from_iterable(texts)), self.keyring.classes)
        token_key = await token_keys(self.keyring, county, frozenset((*CLASSES, PLAIN)))
        number_key = await self.keyring.number_key()
        entries: list[tuple[Any, ...]] = []
        subjects: list[tuple[Any, ...]] = []
        for envelope, its in zip(envelopes, texts, strict=True):
            clear = self._clear(its, keys, token_key)
            late = is_late(envelope, late_after(envelope, rules))
            entries.append(entry_row(county, envelope, clear, token_key, late))
            subjects += subject_rows(county, envelope, clear, token_key, number_key)
        await conn.exec_driver_sql(INSERT_TOKENS, _columns(entries))
        if subjects:
            await conn.exec_driver_sql(INSERT_SUBJECTS, _columns(subjects))

    def _clear(
        self, texts: Sequence[Text], keys: Keys, token_key: Mapping[str, bytes]
    ) -> list[tuple[Text, str]]:
        """Texts with what they say; what cannot be opened is not found, and counted."""
        found: list[tuple[Text, str]] = []
        for one in texts:
            if one.cls in token_key:
                clear = opened(one, keys)
                self.unopened += clear is None
                if clear is not None:
                    found.append((one, clear))
        return found


def late_after(envelope: Envelope, rules: Rules) -> timedelta:
    """After how long an entry is late, by the rules of its unit on the day it was recorded."""
    day = business_day(envelope.recorded_at)
    try:
        pack = rules.pack(envelope.unitpath, day)
    except RulesMissing:
        pack = seed_pack()  # before a county's first rules came, those that shipped held
    return timedelta(hours=pack.values.late.hours)


def is_late(envelope: Envelope, after: timedelta) -> bool:
    """补录: recorded much later than it happened. A county's past brought in is not late."""
    if envelope.via == "migration" or is_access(envelope.ledger):
        return False
    return envelope.recorded_at - envelope.occurred_at > after


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
    data = msgspec.json.decode(envelope.data)
    named: list[Any] = [envelope.subject]
    if isinstance(data, dict):
        named += data.get("subjects") or []
        named += [one["child"] for one in data.get("absent") or [] if isinstance(one, dict)]
        named.append(data.get("child"))
    found = {str(uuid) for uuid in map(uuid_of, filter(None, named)) if uuid}
    return sorted(found)


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


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


async def indexed(engine: AsyncEngine) -> Mapping[tuple[str, str], int]:
    """How far the index reaches: (source, ledger) → sequence."""
    places: dict[tuple[str, str], int] = defaultdict(int)
    asked = text("select source, ledger, seq from checkpoint where subscription = :name")
    async with engine.connect() as conn:
        for row in await conn.execute(asked, {"name": NAME}):
            places[row.source, row.ledger] = row.seq
    return places
