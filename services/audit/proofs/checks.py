"""How proofs are checked: inclusion, consistency, and a range of leaves with what is beside it."""

from collections.abc import Sequence

from services.audit.proofs.hashing import (
    EMPTY,
    HASH_BYTES,
    SIZE_LIMIT,
    ProofWrong,
    node_hash,
    split,
)


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Raise ProofWrong unless the leaf with this hash stands at `index` of the tree."""
    if not 0 <= index < size < SIZE_LIMIT:
        raise ProofWrong(f"index {index} is not below the size {size}")
    _well_formed(leaf, root, *path)
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        raise ProofWrong(f"inclusion path has {len(path)} hashes, not as many as it must have")
    found = leaf
    for level, sibling in enumerate(path):
        is_left = level < inner and not index >> level & 1
        found = node_hash(found, sibling) if is_left else node_hash(sibling, found)
    if found != root:
        raise ProofWrong(f"leaf {index} does not lead to the root of size {size}")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Raise ProofWrong unless the old tree is the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new < SIZE_LIMIT:
        raise ProofWrong(f"old size {old} is not at most the new size {new}")
    _well_formed(old_root, new_root, *path)
    if old in (0, new):
        _verify_trivial(old, new, old_root, new_root, path)
        return
    shift = (old & -old).bit_length() - 1
    # A perfect old tree is a subtree of the new one: the proof does not repeat its root.
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    inner = ((old - 1) ^ (new - 1)).bit_length() - shift
    if len(hashes) != 1 + inner + ((old - 1) >> shift >> inner).bit_count():
        raise ProofWrong(f"consistency path has {len(path)} hashes, not as many as it must have")
    before = after = hashes[0]
    for level, sibling in enumerate(hashes[1:]):
        if level < inner and not (old - 1) >> shift >> level & 1:
            after = node_hash(after, sibling)
        else:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
    if before != old_root:
        raise ProofWrong(f"the path does not lead to the old root of size {old}")
    if after != new_root:
        raise ProofWrong(f"the path does not lead to the new root of size {new}")


def verify_range(
    leaves: Sequence[bytes],
    first: int,
    size: int,
    left: Sequence[bytes],
    right: Sequence[bytes],
    root: bytes,
) -> None:
    """Raise ProofWrong unless these leaf hashes stand from `first` on in the tree."""
    end = first + len(leaves)
    if not 0 <= first < end <= size < SIZE_LIMIT:
        raise ProofWrong(f"{len(leaves)} leaves from {first} do not fit the size {size}")
    _well_formed(root, *leaves, *left, *right)
    middles = _middles(end - 1, size)
    if len(left) != first.bit_count() or len(right) != len(middles):
        raise ProofWrong(f"range has {len(left)} + {len(right)} hashes beside it, not as it must")
    known = [*left, *leaves, *reversed(right)]
    bounds = [*_bounds(first), *range(first, end), *reversed(middles)]
    if _joined(known, bounds, size) != root:
        raise ProofWrong(f"leaves {first}..{end - 1} do not lead to the root of size {size}")


def _verify_trivial(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    if path:
        raise ProofWrong(f"nothing proves sizes {old} and {new}, yet there are {len(path)} hashes")
    if 0 in (old, new) and old_root != EMPTY:
        raise ProofWrong("the old tree is empty, its root is not that of the empty tree")
    if old == new and old_root != new_root:
        raise ProofWrong(f"two roots of one size {new}")


def _well_formed(*hashes: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise ProofWrong(f"a hash is not {HASH_BYTES} bytes long")


def _middles(last: int, size: int) -> list[int]:
    """Where the right siblings on the path to leaf `last` begin, from the root downwards."""
    low, high, found = 0, size, list[int]()
    while high - low > 1:
        middle = low + split(high - low)
        if last < middle:
            found.append(middle)
            high = middle
        else:
            low = middle
    return found


def _bounds(first: int) -> list[int]:
    """Where the perfect subtrees of [0, first) begin."""
    found, low = list[int](), 0
    while low < first:
        found.append(low)
        low += 1 << (first - low).bit_length() - 1
    return found


def _joined(known: list[bytes], bounds: list[int], size: int) -> bytes:
    """Root of adjacent nodes, each given by its hash and the leaf where it begins.

    Level by level, every node that begins at an even multiple of the level's width and has its
    sibling is joined with it; what has none is promoted, as the tree does at its right edge.
    """
    for level in range(SIZE_LIMIT.bit_length()):
        if len(known) == 1:
            return known[0]
        known, bounds = _level_up(known, bounds, level, size)
    return known[0]


def _level_up(
    known: list[bytes], bounds: list[int], level: int, size: int
) -> tuple[list[bytes], list[int]]:
    width, at = 1 << level, 0
    hashes, begins = list[bytes](), list[int]()
    while at < len(known):
        low = bounds[at]
        end = bounds[at + 1] if at + 1 < len(bounds) else size
        is_left = not low >> level & 1 and end - low <= width and at + 1 < len(known)
        if is_left and bounds[at + 1] == low + width:
            hashes.append(node_hash(known[at], known[at + 1]))
            at += 2
        else:
            hashes.append(known[at])
            at += 1
        begins.append(low)
    return hashes, begins
