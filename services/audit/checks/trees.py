"""A log's tree computed again from entries, tiles and store, against what was signed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from services.audit.checks.logs import Anchor, Log
from services.audit.proofs.tiles import TILE_WIDTH, Part, parts
from services.audit.proofs.tree import EMPTY, HASH_BYTES, Edge
from shared.integrity import Findings

Tiles = Mapping[tuple[int, int], bytes]
# What is remembered of differing leaves until a signed root says which side is the true one.
DIFFERING_LIMIT = 1000


class Leaf(NamedTuple):
    """One leaf's hash in audit's entry, its tile, and the producer's store; None: not there."""

    entry: bytes | None
    tile: bytes | None
    store: bytes | None


@dataclass(slots=True)
class Rebuilt:
    """The trees side by side, extended page after page.

    `anchors` stand largest first; `signed` is the largest. `asked`: whether the producer's store
    is read too. `pointers`: what differs inside a body.
    """

    log: Log
    findings: Findings
    anchors: list[Anchor]
    signed: int = 0
    asked: bool = False
    size: int = 0
    differing: dict[int, Leaf] = field(default_factory=dict)
    pointers: dict[int, str] = field(default_factory=dict)
    begun: Edge = field(default_factory=Edge)
    _edges: list[Edge] = field(init=False)
    # Whether entries, tiles and store lead to a signed root, by its size.
    _judged: list[tuple[int, tuple[bool, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._edges, self.size = [self.begun] * 3, self.begun.size
        self.signed = max((one.size for one in self.anchors), default=0)
        # From the back, so that each is taken off the list as it is reached.
        self.anchors = sorted(self.anchors, key=lambda one: -one.size)
        while self.anchors and self.anchors[-1].size <= self.size:
            self.anchors.pop()

    def add(
        self, entries: Sequence[bytes | None], stored: Sequence[bytes | None], tiles: Tiles
    ) -> None:
        """The next leaves and the tiles that they touch; `stored` is empty when not asked."""
        first = self.size
        hashed = [_leaf_in(tiles, first + at) for at in range(len(entries))]
        theirs = stored if self.asked else entries
        rows = (list(entries), hashed, list(theirs))
        if rows[0] != rows[1] or rows[0] != rows[2] or None in rows[0]:
            self._remember(first, rows)
        end = first + len(entries)
        cuts: list[int] = []
        for one in reversed(self.anchors):
            if one.size >= end:
                break
            cuts.append(one.size)
        edges = sorted({first, *cuts, end})
        for begin, end in pairwise(edges):
            self._extend([row[begin - first : end - first] for row in rows], tiles)

    def _remember(self, first: int, rows: Sequence[Sequence[bytes | None]]) -> None:
        for at, leaf in enumerate(map(Leaf._make, zip(*rows, strict=True))):
            whole = leaf.entry is not None and len(set(leaf)) == 1
            if not whole and len(self.differing) < DIFFERING_LIMIT:
                self.differing[first + at] = leaf

    def _extend(self, rows: Sequence[list[bytes | None]], tiles: Tiles) -> None:
        before = list(self._edges)
        grown: list[list[Part]] = []
        for at, row in enumerate(rows):
            twin = next((n for n in range(at) if before[n] == before[at] and rows[n] == row), None)
            if twin is not None:
                self._edges[at] = self._edges[twin]
                continue
            self._edges[at], levels = before[at].grown(leaf or EMPTY for leaf in row)
            grown.append(list(parts(self.size, levels)))
        for same in zip(*grown, strict=True):
            if same[0].level and not any(_holds(tiles, one) for one in same):
                self._tile(same[0])
        self.size += len(rows[0])
        # Signed sizes are few on a page and many in a year: each is looked at once.
        while self.anchors and self.anchors[-1].size <= self.size:
            anchor = self.anchors.pop()
            if anchor.size == self.size:
                self._judged.append((self.size, self._fitting(anchor.root)))

    def _fitting(self, root: bytes) -> tuple[bool, ...]:
        return tuple(edge.root() == root for edge in self._edges)

    def _tile(self, part: Part) -> None:
        seq = (part.n * TILE_WIDTH + part.offset << 8 * part.level) + 1
        found = "another" if seq <= self.log.hashed else "missing"
        self.findings.add(seq, "tile", f"{part.level}/{part.n}", "what lies below it", found)

    def finish(self) -> None:
        """Say which side was changed, and whether size and root of the log are what is signed."""
        unsigned = self._fitting(self.log.root) if self.size == self.log.size else ()
        for index, leaf in self.differing.items():
            self._blame(index, leaf, unsigned)
        self._size()
        if self.size == self.log.size and not any(unsigned):
            expected, found = self._edges[0].root().hex(), self.log.root.hex()
            self.findings.add(self.log.size, "log", "root", expected, found)
        self._never_signed()

    def _blame(self, index: int, leaf: Leaf, unsigned: tuple[bool, ...]) -> None:
        """Where the true hash is known, every place that holds another one is named."""
        seq = index + 1
        if leaf.entry is None and leaf.tile is None:
            self.findings.add(seq, "log", "size", index, self.log.size)
        elif index >= self.log.size and leaf.tile is None:
            self.findings.add(seq, "entry", "seq", f"nothing after {self.log.size}", seq)
        else:
            true = self._true(index, leaf, unsigned)
            for where, found in zip(("entry", "tile", "events"), leaf, strict=True):
                if found != true:
                    self._changed(seq, where, true, found)

    def _true(self, index: int, leaf: Leaf, unsigned: tuple[bool, ...]) -> bytes | None:
        verdicts = [fits for size, fits in self._judged if size > index]
        for fits in (*verdicts, unsigned):
            for source, fitting in enumerate(fits):
                if fitting:
                    return leaf[source]
        # No side is whole, so at each place the two that agree are believed, else the tile.
        (hash, votes), *_ = Counter(leaf).most_common()
        return hash if votes > 1 and hash else leaf.tile or leaf.entry

    def _changed(self, seq: int, where: str, true: bytes | None, found: bytes | None) -> None:
        expected = true.hex() if true else "none"
        if where == "tile":
            name, missing = f"0/{(seq - 1) // TILE_WIDTH}", found is None
        else:
            name, missing = ("seq" if found is None else "body"), found is None
        inside = self.pointers.get(seq, "") if name == "body" else ""
        said = "missing" if missing or found is None else f"{found.hex()}{inside}"
        self.findings.add(seq, where, name, expected, said)

    def _size(self) -> None:
        reached = max(self.signed, min(self.log.newest, self.log.hashed))
        if self.log.size < reached:
            self.findings.add(reached, "log", "size", reached, self.log.size)

    def _never_signed(self) -> None:
        """Everything agrees, and yet it is not what was signed."""
        for size, fits in self._judged:
            if not any(fits):
                self.findings.add(size, "sealed", "root", "the root of the entries", "another")
                return


def _leaf_in(tiles: Tiles, index: int) -> bytes | None:
    n, offset = divmod(index, TILE_WIDTH)
    return tiles.get((0, n), b"")[offset * HASH_BYTES : (offset + 1) * HASH_BYTES] or None


def _holds(tiles: Tiles, part: Part) -> bool:
    begin = part.offset * HASH_BYTES
    return tiles.get((part.level, part.n), b"")[begin : begin + len(part.hashes)] == part.hashes
