"""Collects what a bundle proves: entries, paths, heads and consistency, from audit's own tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.export.contents import BundleClass, Consistency, LogPart
from services.audit.export.heads import Sealed, lines_of
from services.audit.ledger import logs
from services.audit.ledger.logs import Log, Seal
from services.audit.proofs.heads import prove_subject

PAGE_ENTRIES = 1000
CONSISTENCY_LIMIT = 200  # the newest checkpoints that were handed out, of each log
OF_SUBJECT = text(
    "select seq, body from entry where ledger = :ledger and service = :service"
    " and subject = :subject and seq <= :size order by seq"
)
AT = text(
    "select seq, body from entry where ledger = :ledger and service = :service"
    " and seq = any(:seqs) and seq <= :size order by seq"
)
PAGE = text(
    "select body from entry where ledger = :ledger and service = :service"
    " and seq > :after and seq <= :last order by seq limit :limit"
)
SERVED = text(
    "select distinct size from sealed where origin = :origin and served and size > 0"
    " and size < :size order by size desc limit :limit"
)


async def case_part(
    conn: AsyncConnection, one: Sealed, subject: str, mentioned: Sequence[int]
) -> LogPart:
    """The subject's entries of one log, with those that merely name it. `one` has a seal."""
    assert one.log is not None and one.seal is not None
    place = {"ledger": one.ledger, "service": one.service, "size": one.size}
    own = (await conn.execute(OF_SUBJECT, place | {"subject": UUID(subject)})).all()
    named = (await conn.execute(AT, place | {"seqs": list(mentioned)})).all()
    bodies = sorted({row.seq: bytes(row.body) for row in (*own, *named)}.items())
    indices = [seq - 1 for seq, _ in bodies]
    paths = await logs.inclusions(conn, one.log, indices, one.size) if indices else []
    found = dict(zip(indices, paths, strict=True))
    return LogPart(
        service=one.service,
        ledger=one.ledger,
        origin=one.origin,
        size=one.size,
        root=one.root,
        note=one.seal.note,
        kind="CASE",
        count=len(bodies),
        entries=lambda: bodies,
        path=lambda seq: found[seq - 1],
        heads=prove_subject(await lines_of(conn, one), subject),
    )


async def range_part(
    conn: AsyncConnection, log: Log, seal: Seal, first: int, last: int, spool: Path
) -> LogPart:
    """Consecutive entries of one log; the bodies wait in a file, for they may be many."""
    after = first - 1
    with spool.open("wb") as out:
        while after < last:
            params = {"ledger": log.ledger, "service": log.service, "after": after, "last": last}
            page = (await conn.execute(PAGE, params | {"limit": PAGE_ENTRIES})).scalars().all()
            if not page:
                break
            out.writelines(bytes(body) + b"\n" for body in page)
            after += len(page)
    kind: BundleClass = "RANGE"
    return LogPart(
        service=log.service,
        ledger=log.ledger,
        origin=log.origin,
        size=seal.size,
        root=seal.root,
        note=seal.note,
        kind=kind,
        count=last - first + 1,
        entries=lambda: _spooled(spool, first),
        beside=await logs.range_proof(conn, log, first - 1, last - 1, seal.size),
    )


def _spooled(spool: Path, first: int) -> Iterator[tuple[int, bytes]]:
    with spool.open("rb") as file:
        for seq, line in enumerate(file, first):
            yield seq, line.rstrip(b"\n")


async def consistency_of(conn: AsyncConnection, log: Log, size: int) -> list[Consistency]:
    """From every checkpoint of this log that was handed out before (at most CONSISTENCY_LIMIT)."""
    params = {"origin": log.origin, "size": size, "limit": CONSISTENCY_LIMIT}
    sizes = sorted((await conn.execute(SERVED, params)).scalars())
    return [
        Consistency(log.origin, old, size, await logs.consistency(conn, log, old, size))
        for old in sizes
    ]
