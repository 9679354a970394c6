"""Which logs there are, their roots and proofs at any size, read out of their tiles."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.proofs import tiles, tree
from services.audit.proofs.tree import Hashes

Found = TypeVar("Found")

COLUMNS = "ledger, service, generation, origin, size, root, frozen_at"
LOGS = text(f"select {COLUMNS} from log order by origin")
NAMED = text(f"select {COLUMNS} from log where origin = :origin")
GROWING = text(
    f"select {COLUMNS} from log where ledger = :ledger and service = :service"
    " order by generation desc limit 1"
)
TILES = text(
    "select t.level, t.n, t.hashes from tile t join"
    " unnest(cast(:levels as smallint[]), cast(:ns as bigint[])) as u(level, n) using (level, n)"
    " where t.ledger = :ledger and t.service = :service and t.generation = :generation"
)
NEWEST = text(
    "select size, root, note, sealed_at, served from sealed where origin = :origin"
    " order by size desc, sealed_at desc limit 1"
)
ALL_NEWEST = text(
    "select distinct on (origin) origin, size, root, note, sealed_at, served from sealed"
    " order by origin, size desc, sealed_at desc"
)
SEALED_WITHIN = text(
    "select exists (select 1 from sealed where origin = :origin and size >= :low and size < :high)"
)
MARK = text("select mark_served(:origin, :size)")


@dataclass(frozen=True, slots=True)
class Log:
    """A log as it stands: `size` leaves under `root` (32 bytes)."""

    ledger: str
    service: str
    generation: int
    origin: str
    size: int
    root: bytes
    frozen_at: datetime | None = None

    @property
    def place(self) -> dict[str, Any]:
        """Its key, as parameters of a statement."""
        return {"ledger": self.ledger, "service": self.service, "generation": self.generation}


@dataclass(frozen=True, slots=True)
class Seal:
    """A checkpoint that the sealer signed: `note` is the whole signed note."""

    size: int
    root: bytes
    note: str
    sealed_at: datetime
    served: bool


class LogTooShort(LookupError):
    """A size or an index beyond what the log holds."""


class TileMissing(LookupError):
    """A log's tiles do not hold what its size promises: run `baoxue fsck`."""


async def logs_of(conn: AsyncConnection) -> list[Log]:
    """Every log, by origin; frozen ones too."""
    return [log_of(row) for row in await conn.execute(LOGS)]


async def log_named(conn: AsyncConnection, origin: str) -> Log | None:
    """The log of this origin."""
    row = (await conn.execute(NAMED, {"origin": origin})).first()
    return log_of(row) if row else None


async def log_at(conn: AsyncConnection, ledger: str, service: str) -> Log | None:
    """The newest generation of a ledger's log."""
    row = (await conn.execute(GROWING, {"ledger": ledger, "service": service})).first()
    return log_of(row) if row else None


async def newest_seal(conn: AsyncConnection, origin: str) -> Seal | None:
    """The checkpoint of the greatest size, if the sealer has signed one."""
    row = (await conn.execute(NEWEST, {"origin": origin})).first()
    return Seal(row.size, bytes(row.root), row.note, row.sealed_at, row.served) if row else None


async def newest_seals(conn: AsyncConnection) -> dict[str, Seal]:
    """The checkpoint of the greatest size of every origin that has one."""
    return {
        row.origin: Seal(row.size, bytes(row.root), row.note, row.sealed_at, row.served)
        for row in await conn.execute(ALL_NEWEST)
    }


async def mark_served(conn: AsyncConnection, origin: str, size: int) -> None:
    """Note that this checkpoint left the house: every later bundle is consistent with it."""
    await conn.execute(MARK, {"origin": origin, "size": size})


async def sealed_between(conn: AsyncConnection, origin: str, low: int, high: int) -> bool:
    """Whether a checkpoint was signed at a size from `low` to below `high`."""
    params = {"origin": origin, "low": low, "high": high}
    return bool((await conn.execute(SEALED_WITHIN, params)).scalar_one())


async def read_tiles(
    conn: AsyncConnection, log: Log, places: Collection[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """The tiles (level, n) that there are of these, read at once."""
    levels, ns = zip(*places, strict=True) if places else ((), ())
    rows = await conn.execute(TILES, log.place | {"levels": list(levels), "ns": list(ns)})
    return {(row.level, row.n): bytes(row.hashes) for row in rows}


def hashes_of(log: Log, read: Mapping[tuple[int, int], bytes]) -> Hashes:
    """Subtree hashes out of tiles that were read; they raise TileMissing."""
    inner = tiles.hashes_in(lambda level, n: read[level, n])

    def hashes(level: int, index: int) -> bytes:
        try:
            return inner(level, index)
        except LookupError as error:
            raise TileMissing(f"{log.origin}: no subtree {level}/{index} in its tiles") from error

    return hashes


async def proved(conn: AsyncConnection, log: Log, compute: Callable[[Hashes], Found]) -> Found:
    """The outcome of a computation over subtree hashes, after one read of the tiles it needs."""
    return compute(hashes_of(log, await read_tiles(conn, log, tiles.tiles_for(compute))))


async def root_at(conn: AsyncConnection, log: Log, size: int) -> bytes:
    """Root of the log when it had `size` leaves. Raises LogTooShort, TileMissing."""
    _within(log, size)
    return await proved(conn, log, lambda hashes: tree.root_at(size, hashes))


async def inclusion(conn: AsyncConnection, log: Log, index: int, size: int) -> list[bytes]:
    """Path of leaf `index` (0-based) at `size`. Raises LogTooShort, TileMissing."""
    (path,) = await inclusions(conn, log, [index], size)
    return path


async def inclusions(
    conn: AsyncConnection, log: Log, indices: Sequence[int], size: int
) -> list[list[bytes]]:
    """Paths of several leaves, in their order, with one read. Raises LogTooShort, TileMissing."""
    _within(log, size)
    for index in indices:
        if not 0 <= index < size:
            raise LogTooShort(f"{log.origin}: no leaf {index} at size {size}")
    return await proved(
        conn, log, lambda hashes: [tree.inclusion(index, size, hashes) for index in indices]
    )


async def consistency(conn: AsyncConnection, log: Log, old: int, new: int) -> list[bytes]:
    """Proof that the log at `old` begins the one at `new`. Raises LogTooShort, TileMissing."""
    _within(log, new)
    if not 0 <= old <= new:
        raise LogTooShort(f"{log.origin}: {old} is not at most {new}")
    return await proved(conn, log, lambda hashes: tree.consistency(old, new, hashes))


async def range_proof(
    conn: AsyncConnection, log: Log, first: int, last: int, size: int
) -> tuple[list[bytes], list[bytes]]:
    """What stands beside leaves first..last (0-based, inclusive).

    Raises LogTooShort, TileMissing.
    """
    _within(log, size)
    if not 0 <= first <= last < size:
        raise LogTooShort(f"{log.origin}: no leaves {first}..{last} at size {size}")
    return await proved(conn, log, lambda hashes: tree.range_proof(first, last, size, hashes))


def _within(log: Log, size: int) -> None:
    if not 0 <= size <= log.size:
        raise LogTooShort(f"{log.origin} has {log.size} leaves, not {size}")


def log_of(row: Any) -> Log:
    """A row of COLUMNS."""
    ledger, service, generation, origin, size, root, frozen_at = row
    return Log(ledger, service, generation, origin, size, bytes(root), frozen_at)
