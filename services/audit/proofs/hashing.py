"""Hashes of leaves and nodes, and the limits that every proof keeps to."""

from collections.abc import Sequence
from functools import reduce
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
SIZE_LIMIT: Final = 1 << 62
"""More leaves than any log will have; with it no proof is longer than 2 × 62 hashes."""

EMPTY: Final = sha256(b"").digest()


class ProofWrong(ValueError):
    """A proof does not show what it is said to show; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def leaf_hash(body: bytes) -> bytes:
    """Hash of a leaf with this body, 32 bytes."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def folded(parts: Sequence[bytes]) -> bytes:
    return reduce(lambda right, left: node_hash(left, right), reversed(parts))
