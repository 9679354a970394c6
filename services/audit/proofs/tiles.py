"""Tiles of C2SP tlog-tiles: their paths, their widths, what an append adds, reading from them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.audit.proofs.tree import HASH_BYTES, SIZE_LIMIT, Hashes, node_hash

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
LEVELS_LIMIT: Final = 8
"""Tile levels 0..7 hold more leaves than a log may have."""
_PATH: Final = re.compile(r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)

ReadTile = Callable[[int, int], bytes]
"""(tile level, n) -> the hashes of that tile, 1 to 256 of 32 bytes."""


class TilePathWrong(ValueError):
    """A text is not the path of a tile."""


@dataclass(frozen=True, slots=True)
class Part:
    """Hashes that an append adds to a tile: from `offset` on, 32 bytes each, to `width` in all."""

    level: int
    n: int
    offset: int
    hashes: bytes

    @property
    def width(self) -> int:
        """How many hashes the tile has afterwards."""
        return self.offset + len(self.hashes) // HASH_BYTES


def index_path(n: int, width: int = TILE_WIDTH) -> str:
    """`x001/x234/067`, with `.p/8` for a partial tile of 8 hashes."""
    if not 0 <= n < SIZE_LIMIT or not 0 < width <= TILE_WIDTH:
        raise TilePathWrong(f"no tile {n} of width {width}")
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03d}")
    return "/".join(groups) + ("" if width == TILE_WIDTH else f".p/{width}")


def tile_path(level: int, n: int, width: int = TILE_WIDTH) -> str:
    """`tile/<level>/<index path>`."""
    return f"tile/{level}/{index_path(n, width)}"


def parse_index_path(text: str) -> tuple[int, int]:
    """(n, width) of an index path; raises TilePathWrong unless it is the one spelling of them."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise TilePathWrong(f"{text!r} is no tile path")
    n = int(found[1].replace("x", "").replace("/", ""))
    width = int(found[2] or TILE_WIDTH)
    if width > TILE_WIDTH or index_path(n, width) != text:
        raise TilePathWrong(f"{text!r} is no tile path")
    return n, width


def parse_tile_path(text: str) -> tuple[int, int, int]:
    """(level, n, width) of `<level>/<index path>`; raises TilePathWrong."""
    level, slash, rest = text.partition("/")
    if not slash or len(level) != 1 or level not in "01234567":
        raise TilePathWrong(f"{text!r} is no tile path")
    return int(level), *parse_index_path(rest)


def width_at(level: int, n: int, size: int) -> int:
    """How many hashes this tile has in a log of that size, 0 to 256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - n * TILE_WIDTH))


def touched(old: int, new: int) -> Iterator[tuple[int, int]]:
    """(level, n) of every tile that changes when a log grows from `old` to `new` leaves."""
    for level in range(LEVELS_LIMIT):
        begin, end = old >> TILE_HEIGHT * level, new >> TILE_HEIGHT * level
        if begin == end:
            return
        for n in range(begin // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1):
            yield level, n


def parts(size: int, grown: Sequence[Sequence[bytes]]) -> Iterator[Part]:
    """What an append to a log of `size` adds, from the rows that `Edge.grown` gave."""
    for level in range((len(grown) + TILE_HEIGHT - 1) // TILE_HEIGHT):
        row, begin = grown[level * TILE_HEIGHT], size >> TILE_HEIGHT * level
        at = 0
        while at < len(row):
            n, offset = divmod(begin + at, TILE_WIDTH)
            taken = row[at : at + TILE_WIDTH - offset]
            yield Part(level, n, offset, b"".join(taken))
            at += len(taken)


def hashes_in(read: ReadTile) -> Hashes:
    """Subtree hashes out of tiles; raises IndexError when a tile does not reach that far."""

    def hashes(level: int, index: int) -> bytes:
        n, offset, count = _within(level, index)
        begin = offset * HASH_BYTES
        row = read(level // TILE_HEIGHT, n)[begin : begin + count * HASH_BYTES]
        if len(row) != count * HASH_BYTES:
            raise IndexError(f"tile {level // TILE_HEIGHT}/{n} ends before subtree {level}/{index}")
        return _subtree([row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)])

    return hashes


def tiles_for(compute: Callable[[Hashes], object]) -> set[tuple[int, int]]:
    """(tile level, n) of the tiles that a computation will read: run it once without any.

    Which subtrees a proof takes depends on sizes alone, never on their hashes.
    """
    asked = set[tuple[int, int]]()

    def hashes(level: int, index: int) -> bytes:
        asked.add((level // TILE_HEIGHT, _within(level, index)[0]))
        return bytes(HASH_BYTES)

    compute(hashes)
    return asked


def _within(level: int, index: int) -> tuple[int, int, int]:
    """(n, offset, count): where in its tile a subtree's hashes stand."""
    height = level % TILE_HEIGHT
    n, offset = divmod(index << height, TILE_WIDTH)
    return n, offset, 1 << height


def _subtree(row: list[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
