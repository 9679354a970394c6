"""A store looks itself over: do columns, versions and states follow from the bodies?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.event import UNREADABLE, Envelope, read
from shared.event_store import Aggregate
from shared.folding import current_of, ghosts

PAGE_LIMIT_ROWS = 5000
SAID_LIMIT = 300
FINDINGS_LIMIT = 200
# A look at the tail folds no stream longer than this; the full check folds every one.
TAIL_STREAM_EVENTS = 1000

ROWS = text(
    "select seq, stream, version, command, ordinal, type, recorded_at, body from events"
    " where ledger = :ledger and seq > :after and seq <= :upto order by seq"
)
HEAD = text(
    "select l.last_seq, (select max(seq) from events where ledger = :ledger) as newest"
    " from ledger l where l.ledger = :ledger"
)
BEFORE_VERSION = text(
    "select u.stream as who, e.seq from unnest(cast(:names as text[]), cast(:numbers as int[]))"
    " as u(stream, version) join events e on e.ledger = :ledger and e.stream = u.stream"
    " and e.version = u.version"
)
BEFORE_ORDINAL = text(
    "select u.command as who, e.seq from unnest(cast(:names as uuid[]), cast(:numbers as int[]))"
    " as u(command, ordinal) join events e on e.ledger = :ledger and e.command = u.command"
    " and e.ordinal = u.ordinal"
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One place that is not what the record says: `where` is the table, `field` the column.

    `expected` and `found` are short and never personal: places, names of kinds, digests.
    """

    service: str
    ledger: str
    seq: int | None
    where: str
    field: str
    expected: str
    found: str
    origin: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a check: rows after `after` up to `upto`, of a ledger that ends at `head`."""

    after: int
    upto: int
    head: int
    rows: int
    findings: list[Finding]


@dataclass(slots=True)
class Findings:
    """Collects what is wrong in one ledger of one service; `more` is what did not fit."""

    service: str
    ledger: str
    origin: str = ""
    found: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, seq: int | None, where: str, field: str, expected: object, found: object) -> None:
        if len(self.found) >= FINDINGS_LIMIT:
            self.more += 1
            return
        self.found.append(
            Finding(
                service=self.service,
                ledger=self.ledger,
                origin=self.origin,
                seq=seq,
                where=where,
                field=field,
                expected=_said(expected),
                found=_said(found),
            )
        )


def _said(value: object) -> str:
    """Whatever somebody put there, in few characters that a table and a terminal can hold."""
    text = str(value)[:SAID_LIMIT]
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


@dataclass(slots=True)
class _Numbered:
    """Numbers that must go up by one for each name, such as the versions of a stream."""

    column: str
    first: int
    last: dict[Any, int] = field(default_factory=dict)
    begun: dict[Any, tuple[int, int]] = field(default_factory=dict)

    def see(self, name: Any, number: int, seq: int, findings: Findings) -> None:
        before = self.last.get(name)
        if before is None and number != self.first:
            self.begun[name] = (number, seq)
        elif before is not None and number != before + 1:
            findings.add(seq, "events", self.column, before + 1, number)
        self.last[name] = number

    async def look_back(
        self, conn: AsyncConnection, statement: Any, ledger: str, findings: Findings
    ) -> None:
        """What begins in the middle on this page must have its predecessor before it."""
        if not self.begun:
            return
        names = list(self.begun)
        numbers = [self.begun[name][0] - 1 for name in names]
        params = {"ledger": ledger, "names": names, "numbers": numbers}
        rows = await conn.execute(statement, params)
        places = {row.who: row.seq for row in rows}
        for name, (number, seq) in self.begun.items():
            if not 0 < places.get(name, 0) < seq:
                findings.add(seq, "events", self.column, f"after {number - 1}", number)


def facts(row: Row[Any], envelope: Envelope, ledger: str, service: str) -> Iterator[Any]:
    """(column, what the body says, what the row says), cheapest comparisons only."""
    yield "seq", envelope.ledgerseq, row.seq
    yield "ledger", envelope.source, f"/{ledger}/{service}"
    yield "stream", envelope.stream, row.stream
    yield "version", envelope.streamversion, row.version
    yield "command", envelope.commandid, str(row.command)
    yield "type", envelope.type, row.type
    yield "recorded_at", envelope.recorded_at, row.recorded_at


def _check_row(row: Row[Any], findings: Findings) -> Envelope | None:
    try:
        envelope = read(row.body)
        told = list(facts(row, envelope, findings.ledger, findings.service))
    except UNREADABLE:
        findings.add(row.seq, "events", "body", "an envelope", "unreadable")
        return None
    for column, expected, found in told:
        if expected != found:
            findings.add(row.seq, "events", column, expected, found)
    return envelope


async def check_page(
    engine: AsyncEngine,
    service: str,
    aggregates: Sequence[Aggregate[Any, Any, Any]],
    ledger: str,
    after: int,
    limit: int = PAGE_LIMIT_ROWS,
    *,
    tail: bool = False,
) -> Checked:
    """Look over `limit` rows after `after`, in one snapshot. A `tail` leaves long streams out."""
    findings = Findings(service, ledger)
    async with engine.connect() as raw:
        conn = await raw.execution_options(isolation_level="REPEATABLE READ")
        head = (await conn.execute(HEAD, {"ledger": ledger})).first()
        if head is None:
            return Checked(after=after, upto=after, head=0, rows=0, findings=[])
        upto = min(after + limit, max(head.last_seq, head.newest or 0))
        params = {"ledger": ledger, "after": after, "upto": upto}
        rows = (await conn.execute(ROWS, params)).all()
        last = await _check_rows(conn, rows, after, upto, findings)
        longest = TAIL_STREAM_EVENTS if tail else None
        await current_of(conn, findings, aggregates, last, upto, longest)
        if upto >= head.last_seq and not tail:
            await ghosts(conn, findings)
    if upto > head.last_seq:
        findings.add(upto, "ledger", "last_seq", upto, head.last_seq)
    return Checked(
        after=after, upto=upto, head=head.last_seq, rows=len(rows), findings=findings.found
    )


async def _check_rows(
    conn: AsyncConnection, rows: Sequence[Row[Any]], after: int, upto: int, findings: Findings
) -> dict[str, Envelope]:
    """Columns and numbers of a page; the last envelope of each stream that was read."""
    versions, ordinals = _Numbered("version", 1), _Numbered("ordinal", 0)
    last: dict[str, Envelope] = {}
    expected, time = after + 1, ""
    for row in rows:
        if row.seq != expected:
            findings.add(expected, "events", "seq", expected, "missing")
        expected = row.seq + 1
        envelope = _check_row(row, findings)
        versions.see(row.stream, row.version, row.seq, findings)
        ordinals.see(row.command, row.ordinal, row.seq, findings)
        if envelope:
            if envelope.time <= time:
                findings.add(row.seq, "events", "recorded_at", f"after {time}", envelope.time)
            last[row.stream], time = envelope, envelope.time
    if expected <= upto:
        findings.add(expected, "events", "seq", expected, "missing")
    await versions.look_back(conn, BEFORE_VERSION, findings.ledger, findings)
    await ordinals.look_back(conn, BEFORE_ORDINAL, findings.ledger, findings)
    return last


def router(
    engine: AsyncEngine,
    service: str,
    aggregates: Sequence[Aggregate[Any, Any, Any]],
    allow: Callable[..., Any],
) -> APIRouter:
    """`allow` is the dependency that lets only services of ours ask."""
    api = APIRouter(dependencies=[Depends(allow)])

    @api.get("/feed/{ledger}/check")
    async def check(
        ledger: str,
        after: int = Query(ge=0),
        limit: int = Query(PAGE_LIMIT_ROWS, ge=1, le=PAGE_LIMIT_ROWS),
        tail: bool = False,
    ) -> Response:
        """One page of the store's own check, as JSON `Checked`."""
        found = await check_page(engine, service, aggregates, ledger, after, limit, tail=tail)
        return Response(msgspec.json.encode(found), media_type="application/json")

    return api
