"""Every proof of every small tree holds, and no other does in its place."""

import random
from collections.abc import Callable

import pytest

from services.audit.proofs.tree import (
    EMPTY,
    SIZE_LIMIT,
    Edge,
    ProofWrong,
    Tree,
    consistency,
    edge_at,
    inclusion,
    leaf_hash,
    node_hash,
    range_proof,
    root_at,
    verify_consistency,
    verify_inclusion,
    verify_range,
)

LARGEST = 300
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(LARGEST)]
HASHES = Tree(LEAVES).hashes
STRAY = leaf_hash(b"never logged")


def _root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return node_hash(_root(leaves[:cut]), _root(leaves[cut:]))


ROOTS = [_root(LEAVES[:size]) for size in range(LARGEST + 1)]


def _refused(verify: Callable[..., None], *values: object) -> None:
    with pytest.raises(ProofWrong):
        verify(*values)


def _turns(index: int, size: int) -> list[bool]:
    """Which way the path to a leaf turns: the same for two sizes only when their proofs are."""
    turns, low, high = list[bool](), 0, size
    while high - low > 1:
        cut = 1
        while cut * 2 < high - low:
            cut *= 2
        turns.append(index < low + cut)
        low, high = (low, low + cut) if turns[-1] else (low + cut, high)
    return turns


def test_roots_are_those_of_the_definition_however_the_tree_grew() -> None:
    chance = random.Random(1)
    for size, root in enumerate(ROOTS):
        cut = chance.randint(0, size)
        assert root_at(size, HASHES) == root
        grown = Edge().extended(LEAVES[:cut]).extended(LEAVES[cut:size])
        assert grown == edge_at(size, HASHES)
        assert grown.root() == root


def test_each_inclusion_proof_holds_at_its_place_alone() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            path = inclusion(index, size, HASHES)
            verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
            _is_its_own(index, size, path)


def _is_its_own(index: int, size: int, path: list[bytes]) -> None:
    leaf, root = LEAVES[index], ROOTS[size]
    other = (index + 1) % size if size > 1 else size
    for wrong in (
        (leaf, other, size, path, root),
        (leaf, index, index, path, root),
        (leaf, index, size - 1, path, ROOTS[size - 1]),
        (leaf, index, size, [*path, STRAY], root),
        (leaf, index, size, [STRAY, *path], root),
        (STRAY, index, size, path, root),
        *([(leaf, index, size, path[:-1], root), (leaf, index, size, path[1:], root)] * bool(path)),
    ):
        _must_fail(wrong)
    if size < LARGEST and _turns(index, size + 1) != _turns(index, size):
        _must_fail((leaf, index, size + 1, path, root))


def _must_fail(wrong: tuple) -> None:
    try:
        verify_inclusion(*wrong)
    except ProofWrong:
        return
    raise AssertionError(f"a wrong proof holds: {wrong}")


def test_each_consistency_proof_holds_for_its_sizes_alone() -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            path = consistency(old, new, HASHES)
            verify_consistency(old, new, ROOTS[old], ROOTS[new], path)
            for wrong in _other_consistencies(old, new, path):
                try:
                    verify_consistency(*wrong)
                except ProofWrong:
                    continue
                raise AssertionError(f"a wrong proof holds: {old} {new} {wrong}")


def _other_consistencies(old: int, new: int, path: list[bytes]) -> list[tuple]:
    before, after = ROOTS[old], ROOTS[new]
    found: list[tuple] = [
        (old, new, before, after, [*path, STRAY]),
        (old, new, before, after, [STRAY, *path]),
        (old, new, STRAY, after, path),
        (new + 1, new, before, after, path),
    ]
    if old:
        found += [(old, new, before, STRAY, path), (old - 1, new, ROOTS[old - 1], after, path)]
    if path:
        found += [(old, new, before, after, path[1:]), (old, new, before, after, path[:-1])]
        found += [(old, new - 1, before, ROOTS[new - 1], path)]
    # Wrong ones must be wrong: a shorter old tree of size 0 has the empty proof for every size.
    return [one for one in found if not (one[0] == 0 and not one[4] and one[2] == EMPTY)]


def _ranges(size: int) -> list[tuple[int, int]]:
    """Every range of the small trees; of the larger ones those at edges and around tiles."""
    if size <= 40:
        return [(first, last) for first in range(size) for last in range(first, size)]
    ends = {0, size // 2, size - 2, size - 1}
    near = [(first, min(first + step, size - 1)) for first in range(0, size, 7) for step in (0, 5)]
    return [*near, *((min(a, b), max(a, b)) for a in ends for b in range(0, size, 29))]


def test_each_range_proof_holds_for_its_leaves_alone() -> None:
    for size in range(1, LARGEST + 1):
        for first, last in _ranges(size):
            left, right = range_proof(first, last, size, HASHES)
            leaves = LEAVES[first : last + 1]
            verify_range(leaves, first, size, left, right, ROOTS[size])


@pytest.mark.parametrize("size", [1, 2, 3, 8, 13, 21, 32])
def test_a_changed_range_is_refused(size: int) -> None:
    for first, last in _ranges(size):
        left, right = range_proof(first, last, size, HASHES)
        leaves, root = LEAVES[first : last + 1], ROOTS[size]
        _refused(verify_range, [*leaves[:-1], STRAY], first, size, left, right, root)
        _refused(verify_range, [*leaves, STRAY], first, size, left, right, root)
        _refused(verify_range, leaves[:-1], first, size, left, right, root)
        _refused(verify_range, leaves, first + 1, size, left, right, root)
        _refused(verify_range, leaves, first - 1, size, left, right, root)
        _refused(verify_range, leaves, first, size - 1, left, right, ROOTS[size - 1])
        _refused(verify_range, leaves, first, size, [*left, STRAY], right, root)
        _refused(verify_range, leaves, first, size, left, [*right, STRAY], root)
        if left:
            _refused(verify_range, leaves, first, size, left[:-1], right, root)
            _refused(verify_range, leaves, first, size, [*left[:-1], STRAY], right, root)
        if right:
            _refused(verify_range, leaves, first, size, left, right[1:], root)
            _refused(verify_range, leaves, first, size, left, [STRAY, *right[1:]], root)
        if len(leaves) > 1:
            _refused(verify_range, leaves[::-1], first, size, left, right, root)


def test_absurd_sizes_and_lengths_are_refused_at_once() -> None:
    root = ROOTS[8]
    for size in (0, -1, SIZE_LIMIT, 1 << 200):
        _refused(verify_inclusion, LEAVES[0], 0, size, [], root)
        _refused(verify_range, LEAVES[:1], 0, size, [], [], root)
        _refused(verify_consistency, 1, size, root, root, [])
    _refused(verify_inclusion, LEAVES[0], 0, SIZE_LIMIT - 1, [STRAY] * 10_000, root)
    _refused(verify_consistency, 1, SIZE_LIMIT - 1, root, root, [STRAY] * 10_000)
    _refused(verify_range, LEAVES[:1], SIZE_LIMIT - 2, SIZE_LIMIT - 1, [STRAY], [], root)
    _refused(verify_inclusion, LEAVES[0][:-1], 0, 1, [], LEAVES[0][:-1])
    _refused(verify_range, [], 0, 8, [], [], root)


def test_an_edge_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Edge(3, (STRAY,))
    with pytest.raises(ValueError, match="not below"):
        inclusion(3, 3, HASHES)
    with pytest.raises(IndexError):
        HASHES(0, -1)
