"""Head lines: what streams a subject has in a log, and the proof that there are no others."""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from services.audit.proofs.tree import (
    EMPTY,
    HASH_BYTES,
    ProofWrong,
    Tree,
    leaf_hash,
    range_proof,
    verify_range,
)

STREAM_LIMIT_BYTES: Final = 65_535
NUMBER_LIMIT: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class HeadLine:
    """Last version, last sequence and number of the events of one subject in one stream."""

    subject_hash: bytes
    stream: str
    version: int
    seq: int
    count: int

    @property
    def place(self) -> tuple[bytes, bytes]:
        """What lines are sorted by."""
        return self.subject_hash, self.stream.encode()


@dataclass(frozen=True, slots=True)
class SubjectProof:
    """A subject's lines with their neighbours, as a range of the heads tree from `first` on."""

    first: int
    lines: tuple[HeadLine, ...]
    left: tuple[bytes, ...]
    right: tuple[bytes, ...]


def subject_hash(subject: str) -> bytes:
    """SHA-256 of the subject's text, 32 bytes."""
    return sha256(subject.encode()).digest()


def encoded(line: HeadLine) -> bytes:
    """The line's bytes, big-endian; raises ProofWrong when a field does not fit."""
    stream, numbers = line.stream.encode(), (line.version, line.seq, line.count)
    if len(line.subject_hash) != HASH_BYTES or len(stream) > STREAM_LIMIT_BYTES:
        raise ProofWrong(f"head line of {line.stream[:80]!r}: subject or stream has no such length")
    if not all(0 < number < NUMBER_LIMIT for number in numbers):
        raise ProofWrong(f"head line of {line.stream[:80]!r}: a number is out of its limits")
    return struct.pack(f">32sH{len(stream)}sQQQ", line.subject_hash, len(stream), stream, *numbers)


def leaf(line: HeadLine) -> bytes:
    """The line's leaf hash."""
    return leaf_hash(encoded(line))


def in_order(lines: Iterable[HeadLine]) -> list[HeadLine]:
    """Lines in the order of the heads tree."""
    return sorted(lines, key=lambda line: line.place)


def heads_tree(lines: Iterable[HeadLine]) -> Tree:
    """The tree over lines that are in order; raises ProofWrong when they are not."""
    checked = list(lines)
    _ascending(checked)
    return Tree(leaf(line) for line in checked)


def prove_subject(
    lines: Sequence[HeadLine], subject: str, tree: Tree | None = None
) -> SubjectProof:
    """The subject's lines and the neighbours (or edges) that show there are no others.

    `lines` are in order; `tree` is theirs, if it was built already.
    """
    if not lines:
        return SubjectProof(0, (), (), ())
    known = tree if tree is not None else heads_tree(lines)
    wanted = subject_hash(subject)
    low = bisect_left(lines, wanted, key=lambda line: line.subject_hash)
    high = bisect_right(lines, wanted, key=lambda line: line.subject_hash)
    first, last = max(low - 1, 0), min(high, len(lines) - 1)
    left, right = range_proof(first, last, known.size, known.hashes)
    return SubjectProof(first, tuple(lines[first : last + 1]), tuple(left), tuple(right))


def verify_subject(
    subject: str, proof: SubjectProof, size: int, root: bytes
) -> tuple[HeadLine, ...]:
    """All head lines of the subject; raises ProofWrong unless the proof shows just these."""
    if not proof.lines:
        if size != 0 or root != EMPTY or proof.first or proof.left or proof.right:
            raise ProofWrong("no head lines, though the heads tree is not empty")
        return ()
    _ascending(proof.lines)
    leaves = [leaf(line) for line in proof.lines]
    verify_range(leaves, proof.first, size, proof.left, proof.right, root)
    wanted = subject_hash(subject)
    own = tuple(line for line in proof.lines if line.subject_hash == wanted)
    before = sum(line.subject_hash < wanted for line in proof.lines)
    after = len(proof.lines) - len(own) - before
    at_start, at_end = proof.first == 0, proof.first + len(proof.lines) == size
    if before != 1 and not (before == 0 and at_start):
        raise ProofWrong("no neighbour before the subject's head lines")
    if after != 1 and not (after == 0 and at_end):
        raise ProofWrong("no neighbour after the subject's head lines")
    return own


def _ascending(lines: Sequence[HeadLine]) -> None:
    for one, other in pairwise(lines):
        if one.place >= other.place:
            raise ProofWrong(f"head lines out of order at {other.stream[:80]!r}")
