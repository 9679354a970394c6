"""The stored examples: one body of every shape ever stored, in the bytes in which it was stored."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec

HERE = Path(__file__).parent


class Example(NamedTuple):
    """A body, and its data as it stands in it."""

    type: str
    stream: str
    dataversion: int
    data: bytes
    body: bytes

    @property
    def name(self) -> str:
        return self.type.partition(".")[2]


class _Head(msgspec.Struct):
    type: str
    stream: str
    dataversion: int
    data: msgspec.Raw


def examples() -> list[Example]:
    """Every example in file order; one body a line, between the brackets of a JSON array."""
    lines = (HERE / "stored_events.json").read_bytes().splitlines()[1:-1]
    return [_example(line.removesuffix(b",")) for line in lines]


def _example(body: bytes) -> Example:
    head = msgspec.json.decode(body, type=_Head)
    return Example(head.type, head.stream, head.dataversion, bytes(head.data), body)


def recorded_digests() -> list[str]:
    """The SHA-256 that each example had when it was added, in the same order."""
    lines = (HERE / "stored_events.sha256").read_text().splitlines()
    return [line.split()[0] for line in lines]


def digest(example: Example) -> str:
    return hashlib.sha256(example.body).hexdigest()
