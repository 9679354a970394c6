"""The check of one log from its first entry, or of its tail; memory and transactions stay small."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.checks.entries import Page, page_of
from services.audit.checks.heads import HeadsOfLog, heads_of
from services.audit.checks.logs import Anchor, Log, anchors
from services.audit.checks.searchable import Searchable
from services.audit.checks.stores import Store, StoreAway, pointers, stored
from services.audit.checks.trees import Rebuilt
from services.audit.ledger.logs import TileMissing, proved
from services.audit.proofs.note import Verifier
from services.audit.proofs.tiles import TILE_WIDTH
from services.audit.proofs.tree import Edge, edge_at, leaf_hash
from shared.integrity import Finding, Findings
from shared.keyring import KeyringAway

PAGE_ENTRIES = 8 * TILE_WIDTH
# The tail that is looked at every few seconds, and the checkpoints with it.
TAIL_ENTRIES = 256
TAIL_NOTES = 8
# What a check looks at; one that leaves a part out finds less.
PARTS = frozenset(("tree", "columns", "notes", "index", "store", "self", "heads"))


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a log is checked. `state`: still running, or what it came to."""

    service: str
    ledger: str
    origin: str
    done: int
    size: int
    findings: int
    state: Literal["running", "clean", "tampered"] = "running"
    away: str = ""


Told: TypeAlias = Finding | Progress


@dataclass(slots=True, kw_only=True)
class Checker:
    """What checks need: audit's tables, the producers, the keys that sealed, the index.

    `parts` can leave something out; a check without one of them finds less.
    """

    engine: AsyncEngine
    stores: Mapping[str, Store]
    verifiers: Sequence[Verifier]
    searchable: Searchable | None = None
    parts: frozenset[str] = PARTS

    def asks(self, log: Log) -> bool:
        """Whether the producer's bodies are compared too."""
        return "store" in self.parts and log.service in self.stores

    async def log(self, log: Log) -> AsyncIterator[Told]:
        """Findings of a whole log as they come, and progress after each page."""
        findings = Findings(log.service, log.ledger, log.origin)
        run = await _Run.begin(self, log, findings)
        told = 0
        for after in range(0, log.end, PAGE_ENTRIES):
            await run.page(after, min(after + PAGE_ENTRIES, log.end))
            for finding in findings.found[told:]:
                yield finding
            told = len(findings.found)
            yield run.progress(min(after + PAGE_ENTRIES, log.end))
        await run.finish()
        for finding in findings.found[told:]:
            yield finding
        yield run.progress(log.end, ended=True)

    async def tail(self, log: Log) -> tuple[list[Finding], str]:
        """What is wrong at the end of a log, and which side could not be asked."""
        findings = Findings(log.service, log.ledger, log.origin)
        run = await _Run.begin_tail(self, log, findings)
        begun = run.rebuilt.size
        while run.rebuilt.size < log.end:
            after = run.rebuilt.size
            await run.page(after, min(after + PAGE_ENTRIES, log.end))
        await run.finish(begun, tail=True)
        return findings.found, run.away


@dataclass(slots=True)
class _Run:
    checker: Checker
    log: Log
    findings: Findings
    rebuilt: Rebuilt
    indexed: int
    away: str = ""

    heads: HeadsOfLog | None = None

    @classmethod
    async def begin(cls, checker: Checker, log: Log, findings: Findings) -> "_Run":
        parts = checker.parts
        async with checker.engine.connect() as conn:
            known = await _anchors(checker, conn, log, findings)
            heads = await heads_of(conn, log, findings) if "heads" in parts else None
        searchable = checker.searchable if "index" in parts else None
        indexed = await searchable.reached(log) if searchable else 0
        rebuilt = Rebuilt(log, findings, known, asked=checker.asks(log))
        return cls(checker, log, findings, rebuilt, min(indexed, log.end), heads=heads)

    @classmethod
    async def begin_tail(cls, checker: Checker, log: Log, findings: Findings) -> "_Run":
        """From the last full tile on, with the edge that the tiles before it give."""
        after = max(0, log.end - TAIL_ENTRIES) // TILE_WIDTH * TILE_WIDTH
        async with checker.engine.connect() as conn:
            known = await _anchors(checker, conn, log, findings, TAIL_NOTES)
            begun = await _edge(conn, log, min(after, log.hashed), findings)
        searchable = checker.searchable if "index" in checker.parts else None
        indexed = await searchable.reached(log) if searchable else 0
        rebuilt = Rebuilt(log, findings, known, asked=checker.asks(log), begun=begun)
        return cls(checker, log, findings, rebuilt, min(indexed, log.end))

    async def page(self, after: int, upto: int) -> None:
        columns = self.findings if "columns" in self.checker.parts else None
        if columns is None and (self.heads or "index" in self.checker.parts):
            columns = Findings(self.log.service, self.log.ledger)  # read, and not told
        async with self.checker.engine.connect() as conn:
            page = await page_of(conn, self.log, after, upto, columns)
        leaves = page.leaves()
        self.rebuilt.add(leaves, await self._stored(page, leaves), page.tiles)
        if self.heads is not None:
            await self.heads.see(page.envelopes)
        await self._index(page)

    async def _stored(self, page: Page, leaves: Sequence[bytes | None]) -> list[bytes | None]:
        """Leaf hashes of the producer's own bodies; what differs inside them is remembered."""
        if not self.rebuilt.asked or self.away:
            return list(leaves)
        try:
            store = self.checker.stores[self.log.service]
            bodies = await stored(store, self.log.ledger, page.after, page.upto)
        except StoreAway as error:
            self.away = str(error)
            return list(leaves)
        found: list[bytes | None] = []
        for at, (own, theirs) in enumerate(zip(page.bodies, bodies, strict=True)):
            if own == theirs:
                found.append(leaves[at])
                continue
            found.append(leaf_hash(theirs) if theirs is not None else None)
            if own is not None and theirs is not None:
                self.rebuilt.pointers[page.after + at + 1] = pointers(own, theirs)
        return found

    async def _index(self, page: Page) -> None:
        searchable = self.checker.searchable
        if searchable is None or "index" not in self.checker.parts:
            return
        reached = [one for one in page.envelopes if one.ledgerseq <= self.indexed]
        try:
            await searchable.check(self.log, reached, self.findings)
        except KeyringAway:
            self.away = self.away or "keyring"

    async def finish(self, after: int = 0, *, tail: bool = False) -> None:
        if "tree" in self.checker.parts:
            self.rebuilt.finish()
        searchable = self.checker.searchable
        if searchable is not None and "index" in self.checker.parts:
            await searchable.beyond(self.log, self.indexed, self.findings)
        if "self" in self.checker.parts:
            await self._itself(after, tail=tail)

    async def _itself(self, after: int, *, tail: bool) -> None:
        """The producer's own check of its columns, versions and states."""
        store = self.checker.stores.get(self.log.service)
        while store is not None and not self.away:
            try:
                page = await store.check(self.log.ledger, after, tail=tail)
            except StoreAway as error:
                self.away = str(error)
                return
            for one in page.findings:
                self.findings.add(one.seq, one.where, one.field, one.expected, one.found)
            if page.upto >= page.head or page.upto <= after:
                return
            after = page.upto

    def progress(self, done: int, *, ended: bool = False) -> Progress:
        count = len(self.findings.found) + self.findings.more
        state: Any = ("tampered" if count else "clean") if ended else "running"
        return Progress(
            service=self.log.service,
            ledger=self.log.ledger,
            origin=self.log.origin,
            done=done,
            size=self.log.end,
            findings=count,
            state=state,
            away=self.away,
        )


async def _anchors(
    checker: Checker,
    conn: AsyncConnection,
    log: Log,
    findings: Findings,
    newest: int | None = None,
) -> list[Anchor]:
    if "notes" not in checker.parts:
        return []
    return await anchors(conn, log, checker.verifiers, findings, newest)


async def _edge(conn: AsyncConnection, log: Log, size: int, findings: Findings) -> Edge:
    """The edge at a size out of the tiles; from the beginning where they do not hold it."""
    try:
        return await proved(conn, log, lambda hashes: edge_at(size, hashes))
    except TileMissing:
        findings.add(size, "tile", "edge", "hashes of its subtrees", "missing")
        return Edge()
