"""The search projections, computed again from the bodies and compared row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.checks.logs import Log
from services.audit.projections.rows import (
    SUBJECT_COLUMNS,
    TOKEN_COLUMNS,
    county_of,
    entry_row,
    is_late,
    subject_rows,
)
from services.audit.projections.search import NAME
from services.audit.projections.texts import PLAIN, Text, keys_of, opened, texts_of, token_keys
from shared.contracts.topics import source_of
from shared.event import Envelope
from shared.integrity import Findings
from shared.keyring import Keyring, Keys
from shared.policy.pack import seed_pack
from shared.rulebook import Rulebook, Rules
from shared.sealed import CLASSES

INDEXED = text(
    "select seq from checkpoint where subscription = :name and source = :source"
    " and ledger = :ledger"
)
TOKENS = text("select seq, field from check_entry_token(cast(:rows as jsonb))")
SUBJECTS = text("select * from check_subject_text(cast(:rows as jsonb))")
# The same value may stand in several entries; its row tells of the one that was indexed first.
TOLD_BY = text(
    "select ledger, unitpath from entry where subject = :subject"
    " and position(convert_to(:commitment, 'UTF8') in body) > 0"
)
# How far the index is, and what stands beyond, are of one snapshot: the index goes on meanwhile.
GHOSTS = text(
    "select seq from check_entry_token_beyond(:ledger, :service, greatest(:last, coalesce("
    "(select seq from checkpoint where subscription = :name and source = :source"
    " and ledger = :ledger), 0)))"
)
LATE = [name.split()[0] for name in TOKEN_COLUMNS].index("late")


@dataclass(slots=True)
class Searchable:
    """Compares through doors that name what differs and show nothing of what is held."""

    engine: AsyncEngine
    keyring: Keyring
    rulebook: Rulebook

    async def reached(self, log: Log) -> int:
        """How far the projection is; beyond it there is nothing to compare yet."""
        source = source_of(log.service, log.ledger)
        async with self.engine.connect() as conn:
            params = {"name": NAME, "source": source, "ledger": log.ledger}
            return (await conn.execute(INDEXED, params)).scalar() or 0

    async def check(self, log: Log, envelopes: Sequence[Envelope], findings: Findings) -> None:
        """Compare the rows of some entries of one log. Raises KeyringAway."""
        read = [(one, _texts(one, findings)) for one in envelopes]
        said = [(one, its) for one, its in read if its is not None]
        if not said:
            return  # nothing to ask the keyring or the rules for
        every = [text for _, its in said for text in its]
        keys = await keys_of(self.keyring, every, self.keyring.classes)
        county = county_of(log.ledger)
        token_key = await token_keys(self.keyring, county, frozenset((*CLASSES, PLAIN)))
        number_key = await self.keyring.number_key()
        async with self.engine.connect() as conn:
            rules = await self.rulebook.rules(conn)
        deriving = _Deriving(county, keys, token_key, number_key, rules)
        rows = [deriving.rows(one, its, findings) for one, its in said]
        derived = [one for one in rows if one is not None]
        try:
            await self._compare(derived, findings)
        except DBAPIError:
            for one in derived:
                await self._compare_alone(one, findings)

    async def _compare_alone(self, one: "_Derived", findings: Findings) -> None:
        """A value that no column could hold stops no other entry."""
        try:
            await self._compare([one], findings)
        except DBAPIError as error:
            _unreadable(one.seq, error, findings)

    async def _compare(self, derived: Sequence["_Derived"], findings: Findings) -> None:
        entries = [one.entry for one in derived]
        asked: dict[tuple[Any, ...], dict[str, Any]] = {}
        for one in derived:
            for row in one.subjects:
                key = (row["subject"], row["field"], row["commitment"])
                asked.setdefault(key, {**row, "seq": one.seq})
        async with self.engine.connect() as conn:
            told = (await conn.execute(TOKENS, {"rows": _json(entries)})).all()
            names = {"rows": _json(list(asked.values()))}
            others = (await conn.execute(SUBJECTS, names)).all() if asked else ()
            for row in told:
                findings.add(row.seq, "entry_token", row.field, "what the body gives", "another")
            for row in others:
                if row.field in ("county", "path") and await _told_elsewhere(conn, row):
                    continue
                found = f"another, of {row.name}"
                findings.add(row.seq, "subject_text", row.field, "what the body gives", found)

    async def beyond(self, log: Log, last: int, findings: Findings) -> None:
        """Rows of entries that do not exist: after `last`, and after what is indexed by now."""
        source = source_of(log.service, log.ledger)
        params = {"ledger": log.ledger, "service": log.service, "last": last}
        params |= {"name": NAME, "source": source}
        async with self.engine.connect() as conn:
            for row in await conn.execute(GHOSTS, params):
                findings.add(row.seq, "entry_token", "seq", f"nothing after {last}", row.seq)


async def _told_elsewhere(conn: AsyncConnection, row: Row[Any]) -> bool:
    """Whether some other entry with the same value gives what the row has."""
    params = {"subject": row.subject, "commitment": row.commitment}
    told = (await conn.execute(TOLD_BY, params)).all()
    return row.held in {county_of(one.ledger) for one in told} | {one.unitpath for one in told}


@dataclass(frozen=True, slots=True)
class _Derived:
    """The rows that an entry's body gives."""

    seq: int
    entry: dict[str, Any]
    subjects: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Deriving:
    """What rows are computed with."""

    county: str
    keys: Keys
    token_key: Mapping[str, bytes]
    number_key: bytes
    rules: Rules

    def rows(
        self, envelope: Envelope, texts: Sequence[Text], findings: Findings
    ) -> _Derived | None:
        """None, and told, where the body gives none."""
        try:
            return self._rows(envelope, texts)
        except Exception as error:  # whoever changed a body may have put anything there
            return _unreadable(envelope.ledgerseq, error, findings)

    def _rows(self, envelope: Envelope, texts: Sequence[Text]) -> _Derived:
        clear, whole = _clear(texts, self.keys, self.token_key)
        late = is_late(envelope, self.rules)
        row = entry_row(self.county, envelope, clear, self.token_key, late)
        entry = _named(TOKEN_COLUMNS, row)
        entry["tokens_whole"], entry["late_seed"] = whole, _late_by_seed(envelope)
        named = subject_rows(self.county, envelope, clear, self.token_key, self.number_key)
        return _Derived(envelope.ledgerseq, entry, [_named(SUBJECT_COLUMNS, one) for one in named])


def _texts(envelope: Envelope, findings: Findings) -> list[Text] | None:
    try:
        return texts_of(envelope)
    except Exception as error:  # whoever changed a body may have put anything there
        return _unreadable(envelope.ledgerseq, error, findings)


def _unreadable(seq: int, error: Exception, findings: Findings) -> None:
    findings.add(seq, "entry", "body", "a body that can be searched", type(error).__name__)


def _clear(
    texts: Sequence[Text], keys: Any, token_key: Mapping[str, bytes]
) -> tuple[list[tuple[Text, str]], bool]:
    """Texts with what they say, and whether every one that is searched for could be opened."""
    held = [(one, opened(one, keys)) for one in texts if one.cls in token_key]
    clear = [(one, said) for one, said in held if said is not None]
    return clear, len(clear) == len(held)


def _late_by_seed(envelope: Envelope) -> bool:
    """As it was marked before the county's own rules had come."""
    return is_late(envelope, _SeedRules())  # type: ignore[arg-type]


class _SeedRules:
    """The rules that shipped, for every unit on every day."""

    def pack(self, *_place: object) -> Any:
        return seed_pack()


def _named(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row of the projection as JSON takes it; its lists are JSON already."""
    named: dict[str, Any] = {}
    for column, value in zip(columns, row, strict=True):
        name, kind = column.split()
        if kind == "jsonb":
            value = msgspec.Raw(value.encode())
        elif kind == "bytea":
            value = f"\\x{value.hex()}" if value is not None else None
        named[name] = value
    return named


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
