"""The Merkle tree of RFC 6962 with SHA-256: roots, proofs and how each is checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.audit.proofs.checks import verify_consistency, verify_inclusion, verify_range
from services.audit.proofs.hashing import (
    EMPTY,
    HASH_BYTES,
    SIZE_LIMIT,
    ProofWrong,
    folded,
    leaf_hash,
    node_hash,
    split,
)

__all__ = [
    "EMPTY",
    "HASH_BYTES",
    "SIZE_LIMIT",
    "Edge",
    "Hashes",
    "ProofWrong",
    "Tree",
    "consistency",
    "edge_at",
    "inclusion",
    "leaf_hash",
    "node_hash",
    "range_proof",
    "root_at",
    "verify_consistency",
    "verify_inclusion",
    "verify_range",
]

Hashes = Callable[[int, int], bytes]
"""(level, index) -> hash of the perfect subtree of 2^level leaves, the index-th of its level."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A compact range: the roots of the perfect subtrees of a tree, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size < SIZE_LIMIT or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"edge: {len(self.hashes)} hashes do not fit the size {self.size}")

    def extended(self, leaves: Iterable[bytes]) -> "Edge":
        """The edge after more leaves, given by their hashes, were appended."""
        return self.grown(leaves)[0]

    def grown(self, leaves: Iterable[bytes]) -> tuple["Edge", list[list[bytes]]]:
        """The edge after these leaf hashes, and by level the subtrees completed by them.

        The subtrees of level l stand at the indices from `size >> l` on.
        """
        row, new = list(leaves), []
        size, stack, rest = self.size + len(row), list(self.hashes), []
        for level in range(SIZE_LIMIT.bit_length()):
            if not row:
                break
            new.append(row)
            pending = [stack.pop()] if self.size >> level & 1 else []
            nodes = pending + row
            if len(nodes) & 1:
                rest.append(nodes[-1])
            row = _paired(nodes)
        return Edge(size, (*stack, *reversed(rest))), new

    def root(self) -> bytes:
        """The tree's root, 32 bytes."""
        return folded(self.hashes) if self.hashes else EMPTY


class Tree:
    """A small tree held in memory, from the hashes of its leaves."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        edge, self._rows = Edge().grown(leaves)
        self.size, self._root = edge.size, edge.root()

    def root(self) -> bytes:
        """The tree's root, 32 bytes."""
        return self._root

    def hashes(self, level: int, index: int) -> bytes:
        """Hash of a perfect subtree; raises IndexError when the tree does not hold it."""
        if level < 0 or index < 0:
            raise IndexError(f"no subtree at level {level}, index {index}")
        return self._rows[level][index]


def root_at(size: int, hashes: Hashes) -> bytes:
    """Root over the first `size` leaves."""
    return _span(0, size, hashes) if size else EMPTY


def edge_at(size: int, hashes: Hashes) -> Edge:
    """Compact range over the first `size` leaves."""
    return Edge(size, tuple(_perfect(0, size, hashes)))


def inclusion(index: int, size: int, hashes: Hashes) -> list[bytes]:
    """Audit path of a leaf in the tree of this size, from the leaf upwards."""
    if not 0 <= index < size < SIZE_LIMIT:
        raise ValueError(f"index {index} is not below the size {size}")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append(_span(middle, high, hashes))
            high = middle
        else:
            path.append(_span(low, middle, hashes))
            low = middle
    return path[::-1]


def consistency(old: int, new: int, hashes: Hashes) -> list[bytes]:
    """Proof that the tree of size `old` is the beginning of the one of size `new`."""
    if not 0 <= old <= new < SIZE_LIMIT:
        raise ValueError(f"old size {old} is not at most the new size {new}")
    low, high, path = 0, new, list[bytes]()
    while old and old != high:
        middle = low + split(high - low)
        if old <= middle:
            path.append(_span(middle, high, hashes))
            high = middle
        else:
            path.append(_span(low, middle, hashes))
            low = middle
    if low:
        path.append(_span(low, high, hashes))
    return path[::-1]


def range_proof(
    first: int, last: int, size: int, hashes: Hashes
) -> tuple[list[bytes], list[bytes]]:
    """Hashes beside the leaves first..last (inclusive), each side from the root downwards.

    Left are the left siblings on the path to `first`, right the right siblings on the path to
    `last`: both largest first.
    """
    if not 0 <= first <= last < size < SIZE_LIMIT:
        raise ValueError(f"leaves {first}..{last} are not below the size {size}")
    left, right = list(_perfect(0, first, hashes)), list[bytes]()
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if last < middle:
            right.append(_span(middle, high, hashes))
            high = middle
        else:
            low = middle
    return left, right


def _perfect(low: int, high: int, hashes: Hashes) -> Iterable[bytes]:
    while low < high:
        level = (high - low).bit_length() - 1
        yield hashes(level, low >> level)
        low += 1 << level


def _span(low: int, high: int, hashes: Hashes) -> bytes:
    """Hash over leaves [low, high), a node of the tree: perfect or at its right edge."""
    return folded(tuple(_perfect(low, high, hashes)))


def _paired(nodes: list[bytes]) -> list[bytes]:
    each = iter(nodes)
    return [node_hash(left, right) for left, right in zip(each, each, strict=False)]
