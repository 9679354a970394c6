"""What the sealer remembers outside the database: every leaf it read, and what it signed last."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.audit.proofs.hashing import HASH_BYTES
from services.audit.proofs.heads import HeadLine
from services.audit.proofs.tree import Edge
from services.audit.sealer.body import Leaf

FILE = "state.sqlite"
SNAPSHOT_LEAVES = 1024
LOCKED_SECONDS = 10.0

SCHEMA = """
create table if not exists log (
    id integer primary key,
    origin text not null unique,
    service text not null,
    ledger text not null,
    size integer not null default 0,
    edge blob not null default x'',
    digest text not null default '',
    signed_size integer not null default -1,
    signed_root blob not null default x'',
    signed_digest text not null default '',
    signed_at real not null default 0,
    note text not null default '',
    frozen text not null default '',
    constraint signed_what_was_read check (signed_size <= size)
);
create table if not exists pair (
    id integer primary key,
    log integer not null,
    subject blob not null,
    stream text not null,
    version integer not null,
    seq integer not null,
    count integer not null,
    constraint pair_place unique (log, subject, stream)
);
create table if not exists leaf (
    log integer not null,
    seq integer not null,
    hash blob not null,
    pair integer,
    version integer not null,
    primary key (log, seq)
) without rowid;
create index if not exists leaf_pair on leaf (pair, seq, version) where pair is not null;
create table if not exists snapshot (
    log integer not null,
    size integer not null,
    edge blob not null,
    primary key (log, size)
) without rowid;
"""
COLUMNS = "id, origin, service, ledger, size, edge, digest, signed_size, signed_root"
COLUMNS += ", signed_digest, signed_at, note, frozen"
LOGS = f"select {COLUMNS} from log order by origin"
LOG = f"select {COLUMNS} from log where origin = ?"
FIND = "insert into log (origin, service, ledger) values (?, ?, ?) on conflict do nothing"
PAIR = """
insert into pair (log, subject, stream, version, seq, count) values (?, ?, ?, ?, ?, ?)
on conflict (log, subject, stream) do update set
    version = excluded.version, seq = excluded.seq, count = count + excluded.count
returning id
"""
# The condition is the fence: a second process on this file moves nothing that has moved.
MOVE = "update log set size = ?, edge = ?, digest = ? where id = ? and size = ?"
SIGN = """
update log set signed_size = :size, signed_root = :root, signed_digest = digest,
    signed_at = :at, note = :note
where id = :id and size = :size and frozen = ''
    and (signed_size < :size or (signed_size = :size and signed_root = :root))
"""
NEAREST = "select size, edge from snapshot where log = ? and size <= ? order by size desc limit 1"
HASHES = "select hash from leaf where log = ? and seq > ? and seq <= ? order by seq"
# Of the group's row with the greatest seq, SQLite takes the version beside `max`.
HEADS = """
select subject, stream, version, seq, count from pair where log = :log and seq <= :size
union all
select p.subject, p.stream, l.version, max(l.seq), count(*)
    from pair p join leaf l on l.pair = p.id
    where p.log = :log and p.seq > :size and l.seq <= :size group by p.id
order by subject, stream
"""
TOUCHED = """
create temp table touched as
    select distinct pair from leaf where log = ? and seq > ? and pair is not null
"""
SHORTEN = """
update pair set (version, seq, count) =
    (select leaf.version, max(leaf.seq), count(*) from leaf where leaf.pair = pair.id)
where id in (select t.pair from touched t join leaf l on l.pair = t.pair)
"""
UNUSED = """
delete from pair where id in (select pair from touched)
    and not exists (select 1 from leaf where leaf.pair = pair.id)
"""


class StateMoved(Exception):
    """Another process works on the same state: this one stops what it was about to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """One log. `edge`, `digest`: what was read; `signed_*`: what was signed (size -1: nothing).

    `digest` is the SHA-256 (hex) of the last body read, as feeds are asked with.
    """

    id: int
    origin: str
    service: str
    ledger: str
    edge: Edge
    digest: str
    signed_size: int
    signed_root: bytes
    signed_digest: str
    signed_at: float
    note: str
    frozen: str

    @property
    def size(self) -> int:
        return self.edge.size


class State:
    """The SQLite file. One step of the sealer is one transaction, on disk before it returns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / FILE
        self._db = sqlite3.connect(
            self.path, timeout=LOCKED_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(SCHEMA)
        self.path.chmod(0o600)

    def close(self) -> None:
        self._db.close()

    def logs(self) -> dict[str, Known]:
        return {row[1]: _known(row) for row in self._db.execute(LOGS)}

    def log(self, origin: str) -> Known:
        """One log that is known."""
        return _known(self._db.execute(LOG, (origin,)).fetchone())

    def find(self, origin: str, service: str, ledger: str) -> Known:
        """The log of an origin, begun when it is new."""
        with self._step():
            self._db.execute(FIND, (origin, service, ledger))
        return self.log(origin)

    def take(
        self, log: Known, leaves: Sequence[Leaf], hashes: Sequence[bytes], digest: str
    ) -> Edge:
        """Remember the leaves after `log.size`; the new edge. Raises StateMoved."""
        edge = log.edge.extended(hashes)
        with self._step():
            self._move(log, edge, digest)
            pairs = self._add_pairs(log, leaves)
            self._db.executemany(
                "insert into leaf (log, seq, hash, pair, version) values (?, ?, ?, ?, ?)",
                [
                    (log.id, leaf.seq, hashed, pairs.get((leaf.subject, leaf.stream)), leaf.version)
                    for leaf, hashed in zip(leaves, hashes, strict=True)
                ],
            )
            if edge.size // SNAPSHOT_LEAVES > log.size // SNAPSHOT_LEAVES:
                row = (log.id, edge.size, b"".join(edge.hashes))
                self._db.execute("insert into snapshot values (?, ?, ?)", row)
        return edge

    def sign(self, log: Known, size: int, root: bytes, note: str, at: float) -> None:
        """Remember a note before anyone sees it. Raises StateMoved if it must not be signed."""
        row = {"id": log.id, "size": size, "root": root, "note": note, "at": at}
        with self._step():
            if self._db.execute(SIGN, row).rowcount != 1:
                raise StateMoved(f"{log.origin} at {size}")

    def root_at(self, log: Known, size: int) -> bytes:
        """The root over the first `size` leaves; `size` is at most what was read."""
        return self._edge_at(log, size).root()

    def heads(self, log: Known, size: int) -> list[HeadLine]:
        """The head lines of the first `size` leaves, in order."""
        rows = self._db.execute(HEADS, {"log": log.id, "size": size})
        return [HeadLine(*row) for row in rows]

    def forget_unsigned(self, log: Known) -> None:
        """Back to what was signed: the source lost what it had not shown to anyone."""
        size = max(log.signed_size, 0)
        edge = self._edge_at(log, size)
        with self._step():
            self._move(log, edge, log.signed_digest)
            self._db.execute(TOUCHED, (log.id, size))
            self._db.execute("delete from leaf where log = ? and seq > ?", (log.id, size))
            self._db.execute("delete from snapshot where log = ? and size > ?", (log.id, size))
            for statement in (SHORTEN, UNUSED, "drop table touched"):
                self._db.execute(statement)

    def freeze(self, origin: str, reason: str) -> None:
        """No more notes for this origin."""
        with self._step():
            self._db.execute("update log set frozen = ? where origin = ?", (reason, origin))

    def _add_pairs(self, log: Known, leaves: Sequence[Leaf]) -> dict[tuple[bytes | None, str], int]:
        last: dict[tuple[bytes | None, str], tuple[int, int, int]] = {}
        for leaf in leaves:
            if leaf.subject is not None:
                count = last.get((leaf.subject, leaf.stream), (0, 0, 0))[2]
                last[leaf.subject, leaf.stream] = (leaf.version, leaf.seq, count + 1)
        return {
            place: self._db.execute(PAIR, (log.id, *place, *head)).fetchone()[0]
            for place, head in last.items()
        }

    def _move(self, log: Known, edge: Edge, digest: str) -> None:
        row = (edge.size, b"".join(edge.hashes), digest, log.id, log.size)
        if self._db.execute(MOVE, row).rowcount != 1:
            raise StateMoved(f"{log.origin} is no longer at {log.size}")

    def _edge_at(self, log: Known, size: int) -> Edge:
        assert size <= log.size, f"{log.origin}: {size} was not read"
        row = self._db.execute(NEAREST, (log.id, size)).fetchone()
        near = Edge(row[0], _split(row[1])) if row else Edge()
        rows = self._db.execute(HASHES, (log.id, near.size, size))
        return near.extended(row[0] for row in rows)

    @contextmanager
    def _step(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise


def _known(row: tuple[object, ...]) -> Known:
    id, origin, service, ledger, size, edge, *rest = row
    return Known(id, origin, service, ledger, Edge(size, _split(edge)), *rest)  # type: ignore[arg-type]


def _split(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES))
