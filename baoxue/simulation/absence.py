"""Who is away on which day: illness in waves, errands, rain on long ways, friends and siblings."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import TypeVar

from baoxue.simulation.county import County
from baoxue.simulation.people import Child

SICK, PERSONAL, UNEXCUSED = "sick", "personal", "unexcused"
# Spells that begin, for a child of ordinary hardship on an ordinary day.
SICK_STARTS, PERSONAL_STARTS, UNEXCUSED_STARTS = 0.0085, 0.0036, 0.0026
SICK_DAYS = ((1, 2, 3, 4, 5), (34, 33, 19, 9, 5))
PERSONAL_DAYS = ((1, 2, 3), (66, 25, 9))
# Shorter than a streak: the long ones are the story's.
UNEXCUSED_DAYS = ((1, 2, 3), (74, 21, 5))
SICK_BY_MONTH = {1: 1.9, 2: 1.4, 3: 1.2, 4: 0.9, 5: 0.8, 6: 0.7, 9: 0.7, 10: 0.9, 11: 1.3, 12: 1.8}
HARVEST = {9: 1.5, 10: 1.9, 5: 1.3}
WEEKDAY = {0: 1.5, 4: 1.7}
RAIN_STARTS, RAIN_ENDS = 0.09, 0.45
WAVE_STARTS, WAVE_DAYS, WAVE_STRENGTH = 0.008, 7, 6.0
# Drawn more often than needed by the first, then kept by the child's own hardship.
MEAN_HARDSHIP, MOST_HARDSHIP = 3.0, 6.0
WITH_FRIENDS, WITH_SIBLINGS = 0.35, 0.3
# What a teacher writes who does not know why.
UNEXCUSED_REASONS = ("not_known", "truant", "unreachable", "refused")
UNEXCUSED_WEIGHTS = (52, 22, 16, 10)


G = TypeVar("G", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Mark:
    mark: str
    reason: str


@dataclass(slots=True)
class Spell:
    """Away for the next `days` school days."""

    mark: Mark
    days: int


@dataclass(slots=True)
class Weather:
    """Rain over the county, and illness that goes round in one school after the other."""

    rng: Random
    raining: bool = False
    waves: dict[str, int] = field(default_factory=dict)

    def next_day(self, schools: Sequence[str]) -> None:
        if self.rng.random() < (RAIN_ENDS if self.raining else RAIN_STARTS):
            self.raining = not self.raining
        for school in schools:
            left = self.waves.get(school, 0) - 1
            begins = left < 0 and self.rng.random() < WAVE_STARTS
            self.waves[school] = WAVE_DAYS if begins else max(left, -1)

    def sick(self, school: str, day: date) -> float:
        wave = WAVE_STRENGTH if self.waves.get(school, 0) > 0 else 1.0
        return SICK_STARTS * SICK_BY_MONTH.get(day.month, 1.0) * wave

    def unexcused(self, day: date) -> float:
        return UNEXCUSED_STARTS * WEEKDAY.get(day.weekday(), 1.0) * (1.8 if self.raining else 1.0)


class Absences:
    """The days of one county in their order; each asks once for who is away."""

    def __init__(self, county: County) -> None:
        self._rng = Random(f"{county.seed} {county.code} absences")
        self._weather = Weather(Random(f"{county.seed} {county.code} weather"))
        self._children = county.children
        self._schools = tuple(school.code for school in county.schools)
        self._away: dict[int, Spell] = {}
        self._friends = _grouped(county.children, lambda one: one.peers)
        self._siblings = _grouped(county.children, lambda one: one.family)
        self._by_school = _grouped(county.children, lambda one: one.school)

    def on(self, day: date) -> Mapping[int, Mark]:
        """Child's key → mark. Call it for each school day, in order."""
        self._weather.next_day(self._schools)
        marks: dict[int, Mark] = {}
        for key, spell in list(self._away.items()):
            marks[key] = spell.mark
            spell.days -= 1
            if spell.days == 0:
                del self._away[key]
        for school in self._schools:
            for child, spell in self._begins(school, day):
                if child.key not in marks:
                    marks[child.key] = spell.mark
                    if spell.days > 1:
                        self._away[child.key] = Spell(spell.mark, spell.days - 1)
        return marks

    def _begins(self, school: str, day: date) -> Iterator[tuple[Child, Spell]]:
        children = self._by_school[school]
        rng = self._rng
        for child in self._some(children, self._weather.sick(school, day)):
            spell = Spell(Mark(SICK, "sick"), _days(rng, SICK_DAYS))
            yield child, spell
            yield from self._others(self._siblings[child.family], child, spell, WITH_SIBLINGS)
        for child in self._some(children, PERSONAL_STARTS * HARVEST.get(day.month, 1.0)):
            yield child, Spell(Mark(PERSONAL, "personal"), _days(rng, PERSONAL_DAYS))
        for child in self._some(children, self._weather.unexcused(day) * MEAN_HARDSHIP):
            if rng.random() * MOST_HARDSHIP > child.hardship:
                continue
            reason = rng.choices(UNEXCUSED_REASONS, UNEXCUSED_WEIGHTS)[0]
            spell = Spell(Mark(UNEXCUSED, reason), _days(rng, UNEXCUSED_DAYS))
            yield child, spell
            yield from self._others(self._friends[child.peers], child, spell, WITH_FRIENDS)

    def _others(
        self, group: Sequence[Child], child: Child, spell: Spell, share: float
    ) -> Iterator[tuple[Child, Spell]]:
        for other in group:
            if other is not child and self._rng.random() < share:
                yield other, Spell(spell.mark, spell.days)

    def _some(self, children: Sequence[Child], chance: float) -> Iterator[Child]:
        """Each with the same chance, at the cost of those that are drawn."""
        rng, place = self._rng, 0
        while True:
            place += int(rng.expovariate(chance)) if chance < 1 else 0
            if place >= len(children):
                return
            yield children[place]
            place += 1


def _days(rng: Random, table: tuple[Sequence[int], Sequence[int]]) -> int:
    return rng.choices(table[0], table[1])[0]


def _grouped(children: Sequence[Child], by: Callable[[Child], G]) -> dict[G, list[Child]]:
    found: dict[G, list[Child]] = {}
    for child in children:
        found.setdefault(by(child), []).append(child)
    return found
