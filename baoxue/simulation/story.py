"""What people do about a child that stays away: scripts of steps, counted from the alert's day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from baoxue.simulation.county import County
from baoxue.simulation.people import Child

# The fourth unexcused school day raises the alert: three days of absence lie before it.
DAYS_BEFORE_ALERT = 3
FOR_GOOD = 10_000


@dataclass(frozen=True, slots=True)
class OnDay:
    """The date of the script's school day `day`, and `plus` calendar days."""

    day: int
    plus: int = 0


@dataclass(frozen=True, slots=True)
class At:
    """A time of day, `ago` calendar days before the step: entered later is 补录."""

    ago: int
    clock: str


@dataclass(frozen=True, slots=True)
class Person:
    """The staff id of whoever holds the role for this child."""

    role: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number for a document of this child, always the same."""

    kind: str


Value: TypeAlias = str | bool | list[str] | OnDay | At | Person | Number


@dataclass(frozen=True, slots=True)
class Step:
    """`action`: a command's name, or `correct_roll`. `day`: school days after the alert."""

    day: int
    action: str
    values: Mapping[str, Value] = field(default_factory=dict)
    by: str = "homeroom_teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`away`: spans of school days, both ends included; without spans a deed begins it.

    `weight`: how many of all scripts, at least one where the county is large enough.
    """

    name: str
    weight: int
    steps: tuple[Step, ...]
    away: tuple[tuple[int, int], ...] = ()
    reason: str = "not_known"

    @property
    def length(self) -> int:
        return max((step.day for step in self.steps), default=0)

    def is_away(self, day: int) -> bool:
        return any(first <= day <= last for first, last in self.away)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A script for a child; `first` is the place of the alert's day in the county's days."""

    child: Child
    script: Script
    first: int

    def is_away(self, place: int) -> bool:
        return self.script.is_away(place - self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """How many children have a story, within which school days it may begin."""

    count: int
    days: int
    scripts: Sequence[Script]


def cast(county: County, casting: Casting) -> tuple[Episode, ...]:
    """Each script once, then by weight; likelier where life is harder, never two for one child."""
    rng = Random(f"{county.seed} {county.code} stories")
    weights = [script.weight for script in casting.scripts]
    more = max(0, casting.count - len(casting.scripts))
    chosen = [*casting.scripts, *rng.choices(casting.scripts, weights, k=more)][: casting.count]
    children = _drawn(rng, county.children, len(chosen))
    found = []
    for script, child in zip(chosen, children, strict=True):
        found.append(Episode(child=child, script=script, first=_first(rng, script, casting.days)))
    return tuple(sorted(found, key=lambda one: (one.first, one.child.key)))


def _first(rng: Random, script: Script, days: int) -> int:
    """Early enough to come to its end, if the time allows it at all."""
    latest = max(DAYS_BEFORE_ALERT + 1, days - script.length - 1)
    return rng.randint(DAYS_BEFORE_ALERT + 1, latest)


def _drawn(rng: Random, children: Sequence[Child], count: int) -> list[Child]:
    """Weighted by hardship, without repetition (Efraimidis and Spirakis)."""
    keyed = sorted(children, key=lambda one: rng.random() ** (1 / one.hardship), reverse=True)
    return keyed[:count]


def facts(episode: Episode) -> dict[str, Any]:
    """What tells one story from another, for tests of repetition."""
    return {"child": episode.child.key, "script": episode.script.name, "first": episode.first}
