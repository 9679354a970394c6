"""Entries of a log page by page: their bodies, and every column that was read out of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.checks.logs import Log
from services.audit.ledger.logs import read_tiles
from services.audit.projections.entries import ENTRY_COLUMNS, NotItsPlace, row_of
from services.audit.proofs.tiles import touched
from services.audit.proofs.tree import leaf_hash
from shared.contracts.topics import source_of
from shared.event import UNREADABLE, Envelope, read
from shared.integrity import Findings
from shared.subscription import Entry

ROWS = text(
    f"select {', '.join(ENTRY_COLUMNS)} from entry where ledger = :ledger and service = :service"
    " and seq > :after and seq <= :upto order by seq"
)
SEQ, BODY = ENTRY_COLUMNS.index("seq"), ENTRY_COLUMNS.index("body")
# Rows from before the column was there have none in it; reading a log does not need it.
OPTIONAL = frozenset(("version",))


@dataclass(slots=True)
class Page:
    """The leaves after `after`: body and leaf hash of each, None where there is no entry."""

    after: int
    bodies: list[bytes | None]
    envelopes: list[Envelope]
    tiles: dict[tuple[int, int], bytes]

    @property
    def upto(self) -> int:
        return self.after + len(self.bodies)

    def leaves(self) -> list[bytes | None]:
        return [leaf_hash(body) if body is not None else None for body in self.bodies]


async def page_of(
    conn: AsyncConnection, log: Log, after: int, upto: int, findings: Findings | None
) -> Page:
    """Read the page and compare its columns; without `findings` only bodies and tiles are read."""
    place = {"ledger": log.ledger, "service": log.service}
    rows = (await conn.execute(ROWS, place | {"after": after, "upto": upto})).all()
    tiles = await read_tiles(conn, log, list(touched(after, upto)))
    page = Page(after, [None] * (upto - after), [], tiles)
    for row in rows:
        page.bodies[row[SEQ] - after - 1] = bytes(row[BODY])
        if findings and (envelope := compare(row, log, findings)):
            page.envelopes.append(envelope)
    return page


def compare(row: Sequence[Any], log: Log, findings: Findings) -> Envelope | None:
    """Name each column that is not what the body says."""
    seq = row[SEQ]
    source = source_of(log.service, log.ledger)
    try:
        expected = row_of(Entry(source, log.ledger, seq, bytes(row[BODY])))
        envelope = read(bytes(row[BODY]))
    except NotItsPlace:
        _other_place(row, log, findings)
        return None
    except UNREADABLE:
        findings.add(seq, "entry", "body", "an envelope", "unreadable")
        return None
    if tuple(row) != expected:
        for column, wanted, found in zip(ENTRY_COLUMNS, expected, row, strict=True):
            if wanted != found and not (found is None and column in OPTIONAL):
                findings.add(seq, "entry", column, wanted, found)
    return envelope


def _other_place(row: Sequence[Any], log: Log, findings: Findings) -> None:
    body = read(bytes(row[BODY]))
    says = f"{body.ledger}/{body.service} {body.ledgerseq}"
    column = "seq" if body.ledgerseq != row[SEQ] else "ledger"
    findings.add(row[SEQ], "entry", column, says, f"{log.ledger}/{log.service} {row[SEQ]}")
