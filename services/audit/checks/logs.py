"""What a check begins with: the logs as they stand, and the notes that seal them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.audit.ledger import logs
from services.audit.proofs import checkpoint, note
from services.audit.proofs.checkpoint import CheckpointWrong
from services.audit.proofs.note import NoteUnverified, NoteWrong, Verifier
from shared.integrity import Findings

# One statement, so that sizes, entries and tiles are those of one moment: an append moves all.
LOGS = text(
    "select l.ledger, l.service, l.generation, l.origin, l.size, l.root, l.frozen_at,"
    " (select max(e.seq) from entry e where e.ledger = l.ledger and e.service = l.service)"
    " as newest, (select t.n * 256 + octet_length(t.hashes) / 32 from tile t"
    " where t.ledger = l.ledger and t.service = l.service and t.generation = l.generation"
    " and t.level = 0 order by t.n desc limit 1) as hashed"
    " from log l where l.frozen_at is null order by l.ledger, l.service"
)
NOTES = text(
    "select size, root, note from sealed where origin = :origin"
    " order by size desc, sealed_at desc limit :newest"
)


@dataclass(frozen=True, slots=True)
class Log(logs.Log):
    """A log as audit's database has it: `newest` entry and number of `hashed` leaves in tiles."""

    newest: int = 0
    hashed: int = 0

    @property
    def end(self) -> int:
        """How far anything of it reaches."""
        if not self.size and not self.hashed:
            return 0  # a log that has just begun takes up older entries with its first append
        return max(self.size, self.newest, self.hashed)


SIZE = text("select size from log where origin = :origin")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A size and root that a known key signed."""

    size: int
    root: bytes


async def standing(engine: AsyncEngine) -> list[Log]:
    """Every log that still grows, by ledger and service; its entries are its own."""
    async with engine.connect() as conn:
        rows = await conn.execute(LOGS)
        return [_standing(row) for row in rows]


def _standing(row: Row[Any]) -> Log:
    ledger, service, generation, origin, size, root, frozen_at, newest, hashed = tuple(row)
    return Log(
        ledger,
        service,
        generation,
        origin,
        size,
        bytes(root),
        frozen_at,
        newest=newest or 0,
        hashed=hashed or 0,
    )


async def anchors(
    conn: AsyncConnection,
    log: Log,
    verifiers: Sequence[Verifier],
    findings: Findings,
    newest: int | None = None,
) -> list[Anchor]:
    """The log's checkpoints (the `newest` ones) whose signature holds; others are findings."""
    found: list[Anchor] = []
    for row in await conn.execute(NOTES, {"origin": log.origin, "newest": newest}):
        anchor = _opened(row.note, log.origin, verifiers, row.size, findings)
        if anchor is None:
            continue
        found.append(anchor)
        for column, signed, held in (
            ("size", anchor.size, row.size),
            ("root", anchor.root.hex(), bytes(row.root).hex()),
        ):
            if signed != held:
                findings.add(row.size, "sealed", column, signed, held)
    return await _reached(conn, log, found, findings)


async def _reached(
    conn: AsyncConnection, log: Log, found: list[Anchor], findings: Findings
) -> list[Anchor]:
    """What was sealed while the log was looked at belongs to the next check; what is larger
    than the log even now was cut off it.
    """
    beyond = max((one.size for one in found), default=0)
    if beyond > log.end:
        size = (await conn.execute(SIZE, {"origin": log.origin})).scalar() or 0
        if size < beyond:
            findings.add(beyond, "log", "size", f"at least {beyond}, as signed", size)
    return [one for one in found if one.size <= log.end]


def _opened(
    text_: str, origin: str, verifiers: Sequence[Verifier], size: int, findings: Findings
) -> Anchor | None:
    try:
        signed, _ = note.open_note(text_, verifiers)
        read = checkpoint.parse(signed)
    except NoteUnverified:
        findings.add(size, "sealed", "note", "a signature of a known key", "none")
        return None
    except (NoteWrong, CheckpointWrong) as error:
        findings.add(size, "sealed", "note", "a signed checkpoint", error)
        return None
    if read.origin != origin:
        findings.add(size, "sealed", "note", origin, read.origin)
        return None
    return Anchor(read.size, read.root)
