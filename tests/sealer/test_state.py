"""The sealer's memory against a plain list of leaves, and what it lets nobody sign."""

import random
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from services.audit.proofs.heads import HeadLine, in_order
from services.audit.proofs.tree import Edge
from services.audit.sealer.body import Leaf
from services.audit.sealer.state import Known, State, StateMoved

ORIGIN = "d/990101/casework"


class Grown:
    """A log in the state, and the same leaves in a list."""

    def __init__(self, state: State, seed: int) -> None:
        self.state, self.rng = state, random.Random(seed)
        self.leaves: list[Leaf] = []
        self.hashes: list[bytes] = []
        state.find(ORIGIN, "casework", "990101")

    @property
    def log(self) -> Known:
        return self.state.log(ORIGIN)

    def grow(self, count: int) -> None:
        leaves = [self.leaf(len(self.leaves) + n) for n in range(1, count + 1)]
        hashes = [sha256(repr(leaf).encode()).digest() for leaf in leaves]
        self.state.take(self.log, leaves, hashes, f"digest {leaves[-1].seq}")
        self.leaves += leaves
        self.hashes += hashes

    def leaf(self, seq: int) -> Leaf:
        subject = sha256(bytes([self.rng.randrange(40)])).digest()
        stream = f"case-{self.rng.randrange(90)}"
        return Leaf(seq, "t", stream, seq * 2, subject if self.rng.random() < 0.9 else None, {})

    def heads(self, size: int) -> list[HeadLine]:
        found: dict[tuple[bytes, str], tuple[int, int, int]] = {}
        for leaf in self.leaves[:size]:
            if leaf.subject is not None:
                count = found.get((leaf.subject, leaf.stream), (0, 0, 0))[2] + 1
                found[leaf.subject, leaf.stream] = (leaf.version, leaf.seq, count)
        return in_order(HeadLine(*place, *head) for place, head in found.items())

    def sign(self, note: str = "note") -> None:
        self.state.sign(self.log, self.log.size, self.log.edge.root(), note, 1.0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path / "sealer")
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(3))
def test_roots_and_heads_of_any_earlier_size_are_those_of_the_leaves(
    state: State, seed: int
) -> None:
    grown = Grown(state, seed)
    for _ in range(6):
        grown.grow(grown.rng.randrange(1, 1100))
    sizes = [0, 1, 2, 1024, grown.log.size, *(grown.rng.randrange(grown.log.size) for _ in "12345")]
    for size in sizes:
        assert state.root_at(grown.log, size) == Edge().extended(grown.hashes[:size]).root()
        assert state.heads(grown.log, size) == grown.heads(size)


def test_what_was_not_signed_is_forgotten_without_a_trace(state: State) -> None:
    grown = Grown(state, 7)
    grown.grow(1500)
    grown.sign()
    before = (grown.log, grown.heads(1500))
    grown.grow(900)
    grown.grow(700)
    state.forget_unsigned(grown.log)
    assert (grown.log, state.heads(grown.log, 1500)) == before
    del grown.leaves[1500:], grown.hashes[1500:]
    grown.grow(40)
    assert state.heads(grown.log, 1540) == grown.heads(1540)
    assert state.root_at(grown.log, 1540) == Edge().extended(grown.hashes).root()


def test_nothing_is_signed_below_or_beside_what_was_signed(state: State) -> None:
    grown = Grown(state, 1)
    grown.grow(10)
    old = grown.log
    grown.sign()
    grown.grow(5)
    grown.sign()
    root = grown.log.edge.root()
    with pytest.raises(StateMoved):
        state.sign(old, 10, old.edge.root(), "smaller", 2.0)
    with pytest.raises(StateMoved):
        state.sign(grown.log, 15, b"\0" * 32, "another root", 2.0)
    state.sign(grown.log, 15, root, "again", 2.0)
    assert (grown.log.note, grown.log.signed_at) == ("again", 2.0)


def test_a_frozen_log_is_never_signed_again(state: State) -> None:
    grown = Grown(state, 1)
    grown.grow(10)
    grown.sign()
    state.freeze(ORIGIN, "lost")
    grown.grow(1)
    with pytest.raises(StateMoved):
        grown.sign()


def test_a_second_process_on_the_same_state_moves_nothing_that_has_moved(
    state: State, tmp_path: Path
) -> None:
    grown = Grown(state, 1)
    grown.grow(10)
    other, stale = State(tmp_path / "sealer"), grown.log
    grown.grow(1)
    with pytest.raises(StateMoved):
        other.take(stale, [grown.leaf(11)], [b"\1" * 32], "other")
    assert other.log(ORIGIN) == grown.log
    with pytest.raises(StateMoved):
        other.sign(replace(stale), 10, stale.edge.root(), "note", 1.0)
    other.close()
