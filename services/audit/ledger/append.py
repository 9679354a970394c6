"""Appends what audit follows: entries, right-edge tiles and head of a log in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.ledger.logs import COLUMNS, Log, TileMissing, hashes_of, log_of, read_tiles
from services.audit.projections.entries import ENTRY_COLUMNS, check_chain, row_of
from services.audit.proofs import tiles, tree
from services.audit.proofs.tree import EMPTY, Edge
from shared.faults import NotNow, PastRewritten
from shared.founding import origin_of
from shared.subscription import BATCH_LIMIT_EVENTS, Apply, Entry

LOCK = text(
    f"select {COLUMNS} from log where ledger = :ledger and service = :service"
    " order by generation desc limit 1 for update"
)
SIMULATED = text("select simulated from clock")
CREATE = text(
    "insert into log (ledger, service, origin, root) values (:ledger, :service, :origin, :root)"
    " on conflict do nothing"
)
ADVANCE = text(
    "update log set size = :size, root = :root"
    " where ledger = :ledger and service = :service and generation = :generation"
)
# The row of the log is locked, so a tile that grows is written whole: nobody else grows it.
PUT = (
    "insert into tile (ledger, service, generation, level, n, hashes)"
    " select $1, $2, $3, * from unnest($4::smallint[], $5::bigint[], $6::bytea[])"
    " on conflict (ledger, service, generation, level, n) do update set hashes = excluded.hashes"
)
STORED = text(
    "select body from entry where ledger = :ledger and service = :service"
    " and seq > :after and seq <= :last order by seq limit :limit"
)


class LogFrozen(NotNow):
    """The log ended with an incident; its successor does not exist yet."""


class LogBroken(PastRewritten):
    """A log's tiles or entries are not what its head says: nothing is appended over it."""


@dataclass(slots=True)
class _Growth:
    """A log under its lock, with the right edge that its next leaf goes to."""

    log: Log
    edge: Edge
    partial: dict[tuple[int, int], bytes]


def storing(domain: str) -> Apply:
    """What a subscription on ledgers applies; `domain` begins the origins of new logs."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        await append_entries(conn, entries, domain)

    return apply


async def append_entries(conn: AsyncConnection, entries: Sequence[Entry], domain: str) -> None:
    """Keep a batch of new entries of one source, byte for byte, each ledger without a hole.

    Raises NotItsPlace, PastRewritten, LogFrozen, LogBroken; nothing of the batch is stored then.
    """
    check_chain(entries)
    by_ledger: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        by_ledger[one.ledger].append(one)
    rows = {ledger: [row_of(one) for one in some] for ledger, some in by_ledger.items()}
    for ledger in sorted(by_ledger):
        service = by_ledger[ledger][0].source.partition(".")[0]
        log = await _locked(conn, ledger, service, domain)
        await _append(conn, log, by_ledger[ledger], rows[ledger])


async def _locked(conn: AsyncConnection, ledger: str, service: str, domain: str) -> Log:
    """The growing log of a ledger under its row's lock, made when it is the first time."""
    params = {"ledger": ledger, "service": service}
    row = (await conn.execute(LOCK, params)).first()
    if row is None:
        simulated = (await conn.execute(SIMULATED)).scalar_one()
        origin = origin_of(domain, ledger, service, simulated=simulated)
        await conn.execute(CREATE, params | {"origin": origin, "root": EMPTY})
        row = (await conn.execute(LOCK, params)).one()
    log = log_of(row)
    if log.frozen_at is not None:
        raise LogFrozen(f"{log.origin} was frozen at {log.size}")
    return log


async def _append(
    conn: AsyncConnection, log: Log, entries: Sequence[Entry], rows: Sequence[tuple[Any, ...]]
) -> None:
    growth = await _edge_of(conn, log)
    await _catch_up(conn, growth, entries[0].seq - 1)
    if entries[0].seq != growth.edge.size + 1:
        raise LogBroken(f"{log.origin}: entry {entries[0].seq} after size {growth.edge.size}")
    raw: Any = (await conn.get_raw_connection()).driver_connection
    await raw.copy_records_to_table("entry", records=rows, columns=ENTRY_COLUMNS)
    await _grow(conn, growth, [tree.leaf_hash(one.body) for one in entries])


async def _edge_of(conn: AsyncConnection, log: Log) -> _Growth:
    """The right edge out of the tiles. Raises LogBroken when it is not the head's."""
    size = log.size
    wanted = tiles.tiles_for(lambda hashes: tree.edge_at(size, hashes))
    read = await read_tiles(conn, log, wanted)
    try:
        edge = tree.edge_at(size, hashes_of(log, read))
    except TileMissing as error:
        raise LogBroken(str(error)) from error
    if edge.root() != log.root:
        raise LogBroken(f"{log.origin}: the tiles do not lead to the head of size {size}")
    return _Growth(log, edge, read)


async def _catch_up(conn: AsyncConnection, growth: _Growth, last: int) -> None:
    """Bring in entries that were stored before there were logs."""
    params = {"ledger": growth.log.ledger, "service": growth.log.service}
    while growth.edge.size < last:
        place = {"after": growth.edge.size, "last": last, "limit": BATCH_LIMIT_EVENTS}
        bodies = (await conn.execute(STORED, params | place)).scalars().all()
        if not bodies:
            return
        await _grow(conn, growth, [tree.leaf_hash(bytes(body)) for body in bodies])


async def _grow(conn: AsyncConnection, growth: _Growth, leaves: Sequence[bytes]) -> None:
    """Tiles and head with these leaves; the edge in hand moves on."""
    before = growth.edge.size
    growth.edge, grown = growth.edge.grown(leaves)
    written: dict[tuple[int, int], bytes] = {}
    for part in tiles.parts(before, grown):
        begun = growth.partial.get((part.level, part.n), b"") if part.offset else b""
        assert len(begun) == part.offset * tree.HASH_BYTES, f"tile {part.level}/{part.n} is torn"
        written[part.level, part.n] = begun + part.hashes
    full = tiles.TILE_WIDTH * tree.HASH_BYTES
    kept = growth.partial | written
    growth.partial = {place: held for place, held in kept.items() if len(held) < full}
    log = growth.log
    levels, ns = map(list, zip(*written, strict=True))
    place = (log.ledger, log.service, log.generation)
    await conn.exec_driver_sql(PUT, (*place, levels, ns, list(written.values())))
    await conn.execute(ADVANCE, log.place | {"size": growth.edge.size, "root": growth.edge.root()})
