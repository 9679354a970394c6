"""The rulebook: packs and calendars in force, followed from casework, kept with their bytes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.casework import CalendarPublished, PolicyVersionActivated
from shared.contracts.decode import decode
from shared.faults import NotNow
from shared.policy.calendar import Publication, SchoolCalendar, UnitTerm
from shared.policy.layer import load_layer, shipped_layer_bytes
from shared.policy.merging import chain, shipped_pack
from shared.policy.pack import Pack, load_pack
from shared.policy.versions import Activation, in_force
from shared.pool import reading
from shared.subscription import Entry

log = structlog.get_logger()

TABLES = ("rule_activation", "rule_content")
SCHEMA = Path(__file__).parent / "sql" / "0003_rules.sql"
RULE_TYPES = frozenset(("casework.PolicyVersionActivated", "casework.CalendarPublished"))
FRESH_SECONDS = 1.0
FETCH_PAUSE_SECONDS = 1.0

MARK = text(
    "select (select count(*) from ledger l where l.ledger not like '%-access' and not exists"
    " (select 1 from rule_activation r where r.ledger = l.ledger and r.kind = 'pack')) as without,"
    " (select count(*) from rule_activation) as a, (select count(*) from rule_content) as c,"
    " (select coalesce(sum(hashtextextended(unit || term || opens_on || ends_on, 0)::numeric), 0)"
    " from term) as t"
)
ACTIVATIONS = text(
    "select ledger, seq, kind, unit, layer, sha256, valid_from from rule_activation"
    " order by ledger, seq"
)
CONTENTS = text("select sha256, content from rule_content")
TERMS = text("select unit, term, opens_on, ends_on from term order by unit, term")
INSERT = text(
    "insert into rule_activation (ledger, seq, kind, unit, layer, sha256, valid_from)"
    " values (:ledger, :seq, :kind, :unit, :layer, :sha256, :valid_from) on conflict do nothing"
)
KEEP = text(
    "insert into rule_content (sha256, content) values (:sha256, :content) on conflict do nothing"
)
MISSING = text(
    "select distinct a.sha256 from rule_activation a left join rule_content c using (sha256)"
    " where c.sha256 is null"
)
PACKS = text(
    "select sha256, content from rule_content where sha256 not in"
    " (select sha256 from rule_activation where kind = 'calendar')"
)


class RulesMissing(NotNow):
    """No version in force is at hand: what needs it waits. Answered 503 with what is missing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force, as of one look at the tables."""

    activations: Sequence[Activation]
    packs: Mapping[str, Pack]
    calendar: SchoolCalendar
    lacking: frozenset[str]
    # Told when something was not found: the next look is a new one.
    missed: Callable[[], None] = lambda: None
    # Looked up for every fact and every row; what is found stays so for this one look.
    _found: dict[tuple[str, date], Pack] = field(
        init=False, repr=False, compare=False, default_factory=dict[tuple[str, date], Pack]
    )

    def pack(self, path: str, on: date) -> Pack:
        """The pack in force for the unit at `path` on a day. Raises RulesMissing."""
        if pack := self._found.get((path, on)):
            return pack
        found = in_force(self.activations, path, on)
        if found is None or found.sha256 not in self.packs:
            self.missed()
            raise RulesMissing(f"no policy pack in force for {path} on {on}")
        return self._found.setdefault((path, on), self.packs[found.sha256])

    def school_calendar(self) -> SchoolCalendar:
        """Raises RulesMissing while a published calendar has not been fetched."""
        if self.lacking:
            self.missed()
            raise RulesMissing(f"calendar or pack {sorted(self.lacking)[0][:16]} not fetched yet")
        return self.calendar


@dataclass(slots=True)
class Rulebook:
    """Caches `Rules` for FRESH_SECONDS; one a process.

    While a county has no rules yet, or something was just not found, every look is a new one.
    """

    _rules: Rules | None = None
    _mark: tuple[Any, ...] = ()
    _looked: float = -1.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def rules(self, conn: AsyncConnection) -> Rules:
        now = asyncio.get_running_loop().time()
        if self._rules is not None and now - self._looked < FRESH_SECONDS:
            return self._rules
        async with self._lock:
            mark = tuple((await conn.execute(MARK)).one())
            if self._rules is None or mark != self._mark:
                known = self._rules.packs if self._rules else {}
                read = await read_rules(conn, known)
                self._rules, self._mark = replace(read, missed=self.forget), mark
            self._looked = -1.0 if mark[0] else now
            return self._rules

    @property
    def fresh(self) -> Rules | None:
        """The rules, if they were looked at so lately that nobody would look again."""
        age = asyncio.get_running_loop().time() - self._looked
        return self._rules if self._looked >= 0 and age < FRESH_SECONDS else None

    def forget(self) -> None:
        """After the own process has changed the tables, or did not find what it needs."""
        self._looked = -1.0


async def read_rules(conn: AsyncConnection, known: Mapping[str, Pack] | None = None) -> Rules:
    """Build the rules from the tables; `known` packs, by SHA-256, are not read again."""
    rows = (await conn.execute(ACTIVATIONS)).all()
    contents = {row.sha256: bytes(row.content) for row in await conn.execute(CONTENTS)}
    named = {row.sha256 for row in rows if row.kind == "pack"}
    held = {sha for sha in named & contents.keys() if not below(contents[sha], contents)}
    packs = {sha: (known or {}).get(sha) or load_pack(contents[sha], contents.get) for sha in held}
    publications = [
        Publication(row.unit, row.sha256, load_layer(contents[row.sha256]), row.valid_from)
        for row in rows
        if _held(row, contents, "calendar")
    ]
    terms = [
        UnitTerm(row.unit, row.term, row.opens_on, row.ends_on) for row in await conn.execute(TERMS)
    ]
    return Rules(
        [Activation(r.unit, r.sha256, r.valid_from) for r in rows if r.kind == "pack"],
        packs,
        SchoolCalendar(publications, terms),
        frozenset(
            row.sha256
            for row in rows
            if row.sha256 not in (held if row.kind == "pack" else contents)
        ),
    )


def below(content: bytes, contents: Mapping[str, bytes]) -> list[str]:
    """What a pack rests on and is not at hand: it is read when all of its chain is."""
    return [name for name, found in chain(content, contents.get) if found is None]


def _held(row: Any, contents: Mapping[str, bytes], kind: str) -> bool:
    return row.kind == kind and row.sha256 in contents


async def project_rules(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Note activations and publications; what ships with the software is at hand at once."""
    for entry in entries:
        envelope = entry.envelope
        event = decode(envelope.type, envelope.dataversion, envelope.data)
        row = {"ledger": entry.ledger, "seq": entry.seq, "layer": ""}
        match event:
            case PolicyVersionActivated():
                row |= {"kind": "pack", "unit": event.unit, "sha256": event.pack}
            case CalendarPublished():
                row |= {"kind": "calendar", "unit": event.unit, "sha256": event.sha256}
                row["layer"] = event.layer
            case _:
                continue
        await conn.execute(INSERT, row | {"valid_from": event.valid_from})
        if content := shipped(row["sha256"]):
            await keep(conn, content)


def shipped(sha: str) -> bytes | None:
    """The bytes of a pack or calendar that ships with this version, by its SHA-256."""
    if (pack := shipped_pack(sha)) is not None:
        return pack
    try:
        return shipped_layer_bytes(sha)
    except LookupError:
        return None


async def kept_packs(conn: AsyncConnection) -> dict[str, bytes]:
    """The bytes of every pack at hand, by its hash."""
    return {row.sha256: bytes(row.content) for row in await conn.execute(PACKS)}


async def keep(conn: AsyncConnection, content: bytes) -> str:
    """Store a pack's or calendar's bytes under their SHA-256, which is returned."""
    name = sha256(content).hexdigest()
    await conn.execute(KEEP, {"sha256": name, "content": content})
    return name


async def fetch_missing(
    engine: AsyncEngine, http: httpx2.AsyncClient, base_url: str, token: Callable[[], str]
) -> None:
    """For ever: fetch from casework what is named but not held; verified by its own name."""
    while True:
        try:
            async with reading(engine) as conn:
                names = [row.sha256 for row in await conn.execute(MISSING)]
                contents = await kept_packs(conn)
            names += [one for content in contents.values() for one in below(content, contents)]
            for name in names:
                await _fetch(engine, http, f"{base_url}/casework/packs/{name}", token())
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.info("rules_not_fetched", reason=type(error).__name__)
        await asyncio.sleep(FETCH_PAUSE_SECONDS)


async def _fetch(engine: AsyncEngine, http: httpx2.AsyncClient, url: str, token: str) -> None:
    answer = await http.get(url, headers={"authorization": f"Bearer {token}"})
    answer.raise_for_status()
    async with engine.begin() as conn:
        await keep(conn, answer.content)
