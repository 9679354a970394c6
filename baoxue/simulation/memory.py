"""How far a run has come, kept outside the databases after each day: it can be taken up there."""

from datetime import date, datetime
from pathlib import Path

import msgspec


class Corrected(msgspec.Struct, frozen=True):
    """On the school day at `place` the roll of `on` was made to say `mark` of a child (key)."""

    place: int
    child: int
    on: date
    mark: str


class CountyMemory(msgspec.Struct, frozen=True):
    """`going`: of each story the place of its day 0 and how many of its steps are done."""

    days: int
    rolls_sent: int
    absences: int
    going: list[tuple[int | None, int]]
    corrected: list[Corrected]


class Memory(msgspec.Struct, frozen=True):
    """`now`: when the run was first asked for; `counties` is empty until all are entered."""

    now: datetime
    children: int
    days: int = 0
    counties: list[CountyMemory] = []


def read(file: Path) -> Memory | None:
    """None where no run has begun. Raises msgspec.DecodeError for a file that is none of ours."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Memory)
    except FileNotFoundError:
        return None


def write(file: Path, memory: Memory) -> None:
    """Whole or not at all."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(memory))
    fresh.replace(file)
