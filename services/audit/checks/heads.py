"""Heads entries derived again from the bodies of the producer's log that they speak of."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.ledger import logs
from services.audit.proofs.heads import HeadLine, heads_tree, in_order, subject_hash
from services.audit.proofs.tree import EMPTY
from shared.contracts.audit import HeadsCommitted, HeadsOf
from shared.event import UNREADABLE, Envelope, read
from shared.integrity import Findings

# The sealer derived every one of them before it signed; here the newest are, once more.
NEWEST_ENTRIES = 3
ENTRIES = text(
    "select body from entry where ledger = :ledger and service = 'audit'"
    " and type = 'audit.HeadsCommitted' order by seq desc limit :limit"
)


@dataclass(slots=True)
class HeadsOfLog:
    """The streams of a log by subject, as far as it was read; sizes in `wanted` are compared."""

    findings: Findings
    wanted: dict[int, list[tuple[int, HeadsOf]]]
    _streams: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    async def see(self, envelopes: Iterable[Envelope]) -> None:
        for one in envelopes:
            if one.subject:
                line = self._streams.setdefault((one.subject, one.stream), [0, 0, 0])
                line[0], line[1], line[2] = one.streamversion, one.ledgerseq, line[2] + 1
            for seq, heads in self.wanted.pop(one.ledgerseq, ()):
                await self._compare(seq, heads)

    async def _compare(self, seq: int, heads: HeadsOf) -> None:
        # Two hundred thousand lines take half a second, which nobody else should wait for.
        root = await asyncio.to_thread(root_of, dict(self._streams))
        for column, derived, held in (
            ("heads_root", root, heads.heads_root),
            ("streams", len(self._streams), heads.streams),
        ):
            if derived != held:
                said = f"{held} in audit's entry {seq}"
                self.findings.add(heads.size, "heads", column, derived, said)


def root_of(streams: dict[tuple[str, str], list[int]]) -> str:
    """Root over the head lines, in base64."""
    lines = [HeadLine(subject_hash(who), name, *line) for (who, name), line in streams.items()]
    return b64encode(heads_tree(in_order(lines)).root() if lines else EMPTY).decode()


async def heads_of(conn: AsyncConnection, log: logs.Log, findings: Findings) -> HeadsOfLog | None:
    """What the newest heads entries say of a log; None where they say nothing."""
    wanted: dict[int, list[tuple[int, HeadsOf]]] = {}
    params = {"ledger": log.ledger, "limit": NEWEST_ENTRIES}
    for row in (await conn.execute(ENTRIES, params)).all():
        for seq, heads in _of_log(bytes(row.body), log.origin):
            await _compare_root(conn, log, seq, heads, findings)
            if 0 < heads.size <= log.size:
                wanted.setdefault(heads.size, []).append((seq, heads))
    return HeadsOfLog(findings, wanted) if wanted else None


def _of_log(body: bytes, origin: str) -> Sequence[tuple[int, HeadsOf]]:
    try:
        envelope = read(body)
        entry = msgspec.json.decode(envelope.data, type=HeadsCommitted)
    except UNREADABLE:
        return []  # the check of audit's own log says so
    return [(envelope.ledgerseq, one) for one in entry.logs if one.origin == origin]


async def _compare_root(
    conn: AsyncConnection, log: logs.Log, seq: int, heads: HeadsOf, findings: Findings
) -> None:
    try:
        root = b64encode(await logs.root_at(conn, log, heads.size)).decode()
    except (logs.LogTooShort, logs.TileMissing) as error:
        root = type(error).__name__
    if root != heads.root:
        said = f"{heads.root} in audit's entry {seq}"
        findings.add(heads.size, "heads", "root", root, said)
