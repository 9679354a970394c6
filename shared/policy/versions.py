"""Which version of a pack or calendar is in force for a unit on a day: pure, from a dated list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from shared.policy.day import business_day

# The unit of what ships with the software: in force everywhere unless somebody nearer says more.
EVERYWHERE = ""


class Dated(Protocol):
    @property
    def unit(self) -> str: ...
    @property
    def valid_from(self) -> date: ...


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Activation:
    """A pack put in force for a unit and all below it; `sha256` of the file's bytes."""

    unit: str
    sha256: str
    valid_from: date


def units_of(path: str) -> tuple[str, ...]:
    """The unit codes of a path from the nearest up, ending with everywhere."""
    return (*reversed(path.split("/")), EVERYWHERE) if path else (EVERYWHERE,)


def latest(dated: Iterable[D], on: date) -> D | None:
    """The one that started last on or before `on`; of two from one day, the later in the list."""
    found: D | None = None
    for entry in dated:
        if entry.valid_from <= on and (found is None or entry.valid_from >= found.valid_from):
            found = entry
    return found


def in_force(activations: Sequence[D], path: str, on: date) -> D | None:
    """What holds on `on` for the unit at `path`: the nearest unit's, and of those the latest.

    None when nobody on the path had activated anything by then: the caller refuses, saying so.
    """
    for unit in units_of(path):
        found = latest((entry for entry in activations if entry.unit == unit), on)
        if found is not None:
            return found
    return None


def earliest_start(now: datetime) -> date:
    """The first day that a version activated now may be in force from: never today or before."""
    return business_day(now) + timedelta(days=1)
