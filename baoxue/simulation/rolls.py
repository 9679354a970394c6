"""Which roll is sent when and by whom: in time, in the afternoon, days later, or never."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

from baoxue.simulation.absence import PERSONAL, SICK, UNEXCUSED, Absences, Mark
from baoxue.simulation.county import County
from baoxue.simulation.story import Episode

# Of a thousand rolls.
AFTERNOON, DAYS_LATER, NEVER = 14, 6, 4
RECALLED, CORRECTED = 5, 8
BY_SUBJECT_TEACHER, BY_REGISTRAR = 120, 30
DAYS_LATE = (1, 1, 1, 2, 2, 3, 5)
# Of a thousand spells of illness or errands, those that somebody enters as leave.
LEAVE_ENTERED = 25

Marks = Mapping[int, Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A class's roll of a day: everybody is present but `absent` (child's key → mark)."""

    klass: int
    on: date
    absent: Marks
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    child: int
    kind: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RollDay:
    """What is sent on a day: `mistaken` are recalled at once and sent again as in `morning`."""

    on: date
    mistaken: tuple[Sheet, ...]
    morning: tuple[Sheet, ...]
    afternoon: tuple[Sheet, ...]
    leaves: tuple[Leave, ...]


@dataclass(slots=True)
class Rolls:
    """The rolls of one county, day after day; `careful` classes are always taken in time."""

    county: County
    days: Sequence[date]
    episodes: Sequence[Episode]
    careful: frozenset[int] = frozenset()
    _rng: Random = field(init=False)
    _absences: Absences = field(init=False)
    _later: dict[int, list[Sheet]] = field(default_factory=dict)
    _sick: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._rng = Random(f"{self.county.seed} {self.county.code} rolls")
        self._absences = Absences(self.county)

    def on(self, place: int) -> RollDay:
        """Of the school day at `place`; ask for each day once and in order."""
        on = self.days[place]
        marks = self._marks(place)
        sheets = self._sheets(on, marks)
        morning: list[Sheet] = []
        mistaken: list[Sheet] = []
        afternoon = self._later.pop(place, [])
        for sheet in sheets:
            when = self._when(sheet.klass)
            if when == 0:
                morning.append(sheet)
                mistaken += self._mistakes(sheet)
                afternoon += self._corrections(sheet)
            elif when == 1:
                afternoon.append(sheet)
            elif when > 1:
                self._later.setdefault(place + when - 1, []).append(sheet)
        return RollDay(
            on=on,
            mistaken=tuple(mistaken),
            morning=tuple(morning),
            afternoon=tuple(afternoon),
            leaves=tuple(self._leaves(on, marks)),
        )

    def _marks(self, place: int) -> dict[int, Mark]:
        """Whoever has a story is away by it and no otherwise."""
        marks = dict(self._absences.on(self.days[place]))
        for episode in self.episodes:
            key = episode.child.key
            if episode.is_away(place):
                marks[key] = Mark(UNEXCUSED, episode.script.reason)
            elif key in marks and marks[key].mark == UNEXCUSED:
                del marks[key]
        return marks

    def _sheets(self, on: date, marks: Marks) -> list[Sheet]:
        by_class: dict[int, dict[int, Mark]] = {one.key: {} for one in self.county.classes}
        for key, mark in marks.items():
            by_class[self.county.children[key].klass][key] = mark
        return [
            Sheet(klass=klass, on=on, absent=absent, by=self._author())
            for klass, absent in by_class.items()
        ]

    def _author(self) -> str:
        drawn = self._rng.randrange(1000)
        if drawn < BY_SUBJECT_TEACHER:
            return "subject_teacher"
        return "registrar" if drawn < BY_SUBJECT_TEACHER + BY_REGISTRAR else "homeroom_teacher"

    def _when(self, klass: int) -> int:
        """0: in the morning; 1: in the afternoon; more: days later, plus one; -1: never."""
        drawn = self._rng.randrange(1000)
        if klass in self.careful or drawn >= AFTERNOON + DAYS_LATER + NEVER:
            return 0
        if drawn < NEVER:
            return -1
        return 1 if drawn < NEVER + AFTERNOON else 1 + self._rng.choice(DAYS_LATE)

    def _mistakes(self, sheet: Sheet) -> list[Sheet]:
        if self._rng.randrange(1000) >= RECALLED or sheet.klass in self.careful:
            return []
        wrong = self._somebody(sheet)
        tapped = {**sheet.absent, wrong: Mark(UNEXCUSED, "not_known")}
        return [replace(sheet, absent=tapped, by="homeroom_teacher")]

    def _corrections(self, sheet: Sheet) -> list[Sheet]:
        """The parents have called: who seemed to play truant is ill."""
        storied = {episode.child.key for episode in self.episodes}
        unknown = [
            key
            for key, mark in sheet.absent.items()
            if mark.reason == "not_known" and key not in storied
        ]
        if not unknown or self._rng.randrange(1000) >= CORRECTED * 20:
            return []
        known = {key: Mark(SICK, "sick") for key in unknown[:1]}
        return [replace(sheet, absent={**sheet.absent, **known})]

    def _somebody(self, sheet: Sheet) -> int:
        own = [one.key for one in self.county.children if one.klass == sheet.klass]
        return self._rng.choice(own)

    def _leaves(self, on: date, marks: Marks) -> list[Leave]:
        excused = {key for key, mark in marks.items() if mark.mark in (SICK, PERSONAL)}
        new, self._sick = sorted(excused - self._sick), excused
        return [
            Leave(child=key, kind=marks[key].mark, on=on)
            for key in new
            if self._rng.randrange(1000) < LEAVE_ENTERED
        ]
