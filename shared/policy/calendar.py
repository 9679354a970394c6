"""The school calendar: which days are school days for a unit, and how sure that is."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from shared.policy.layer import Layer, shipped_national_layers
from shared.policy.versions import EVERYWHERE, latest, units_of

VERSION_HEX_DIGITS = 16
# How far ahead the next school day is looked for: longer than any break.
MAX_LOOK_AHEAD_DAYS = 400
MONDAY_TO_FRIDAY = range(5)


@dataclass(frozen=True, slots=True)
class DayKind:
    """Whether a day is a school day. `provisional`: nobody has published it yet; may change."""

    school: bool
    provisional: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Publication:
    """A layer in force for a unit (and all below it) from a day on."""

    unit: str
    sha256: str
    layer: Layer
    valid_from: date


@dataclass(frozen=True, slots=True)
class UnitTerm:
    """A term of a unit: a nearer unit's term of the same code replaces it. Both days inclusive."""

    unit: str
    term: str
    opens_on: date
    ends_on: date


class SchoolCalendar:
    """Answers for one set of publications and terms; make a new one when either changes.

    Layers from below upwards: national working days, then the county's school calendar, then the
    school's exceptions; the nearest unit that names a day decides it. Terms bound all of them.
    Paths are codes joined by `/`, from the province down. Years are worked out once and kept.
    """

    def __init__(
        self, publications: Sequence[Publication] = (), terms: Sequence[UnitTerm] = ()
    ) -> None:
        """Later publications of one unit and day of force replace earlier ones in the list."""
        self._publications = (*_shipped(), *publications)
        self._terms = tuple(terms)
        self._spoken = {entry.unit for entry in (*self._publications, *self._terms)}
        self._years: dict[tuple[str, int], tuple[DayKind, ...]] = {}
        self._versions: dict[tuple[str, date], str] = {}

    def holds(self, sha256: str) -> bool:
        """Whether a published layer is among those that answer."""
        return any(one.sha256 == sha256 for one in self._publications)

    def is_school_day(self, day: date, path: str) -> DayKind:
        """What `day` is for the unit at `path`."""
        key = (self._deciding_path(path), day.year)
        kinds = self._years.get(key)
        if kinds is None:
            kinds = self._years[key] = self._year(*key)
        return kinds[day.timetuple().tm_yday - 1]

    def layer_of(self, day: date, path: str) -> str:
        """national, county or school: whose layer names `day` for the unit; "" if none does."""
        in_force = (entry.layer for entry in self._in_force(units_of(path), day))
        return next((one.layer for one in in_force if day in one.open or day in one.closed), "")

    def published(self, unit: str) -> tuple[Publication, ...]:
        """Every layer ever published for this very unit, in order."""
        return tuple(entry for entry in self._publications if entry.unit == unit)

    def school_days(self, first: date, last: date, path: str) -> tuple[date, ...]:
        """The school days from `first` to `last`, both inclusive."""
        return tuple(day for day in _days(first, last) if self.is_school_day(day, path).school)

    def next_school_day(self, day: date, path: str) -> date | None:
        """The first school day after `day`; None if none is known within 400 days."""
        ahead = _days(day + timedelta(days=1), day + timedelta(days=MAX_LOOK_AHEAD_DAYS))
        return next((d for d in ahead if self.is_school_day(d, path).school), None)

    def version_for(self, path: str, day: date) -> str:
        """16 hex digits that name the layers in force on `day` and the terms of the unit."""
        key = (self._deciding_path(path), day)
        version = self._versions.get(key)
        if version is None:
            version = self._versions[key] = self._version(*key)
        return version

    def _version(self, path: str, day: date) -> str:
        layers = sorted(entry.sha256 for entry in self._in_force(units_of(path), day))
        terms = sorted(
            (term.unit, term.term, term.opens_on.isoformat(), term.ends_on.isoformat())
            for term in self._terms_of(units_of(path)).values()
        )
        named = json.dumps([layers, terms], separators=(",", ":"))
        return sha256(named.encode()).hexdigest()[:VERSION_HEX_DIGITS]

    def _deciding_path(self, path: str) -> str:
        """Only the units that say something: classes of one school then share their years."""
        return "/".join(unit for unit in path.split("/") if unit in self._spoken)

    def _year(self, path: str, year: int) -> tuple[DayKind, ...]:
        units = units_of(path)
        terms = tuple(self._terms_of(units).values())
        return tuple(
            _bounded(day, self._kind(day, units), terms)
            for day in _days(date(year, 1, 1), date(year, 12, 31))
        )

    def _kind(self, day: date, units: Sequence[str]) -> DayKind:
        layers = [entry.layer for entry in self._in_force(units, day)]
        for layer in layers:
            if day in layer.open:
                return DayKind(True, False, layer.open[day])
            if day in layer.closed:
                return DayKind(False, False, layer.closed[day])
        published = any(layer.layer == "national" for layer in layers)
        if day.weekday() in MONDAY_TO_FRIDAY:
            return DayKind(True, not published, "" if published else "国家放假安排未公布")
        return DayKind(False, not published, "周末")

    def _in_force(self, units: Sequence[str], day: date) -> Iterator[Publication]:
        """The layers that speak for `day`, the nearest first, the national ones last."""
        for kind in ("school", "county", "national"):
            for unit in units:
                found = latest(
                    (
                        entry
                        for entry in self._publications
                        if entry.unit == unit
                        and entry.layer.layer == kind
                        and entry.layer.covers(day)
                    ),
                    day,
                )
                if found is not None:
                    yield found
                    # A national layer states every day of its year: it replaces, never adds to,
                    # the one that ships.
                    if kind == "national":
                        return

    def _terms_of(self, units: Sequence[str]) -> Mapping[str, UnitTerm]:
        """Terms by code; of one unit and code the later in the list, then the nearest unit's."""
        found: dict[str, UnitTerm] = {}
        for unit in reversed(units):
            found.update({term.term: term for term in self._terms if term.unit == unit})
        return found


def _shipped() -> Iterable[Publication]:
    return (
        Publication(EVERYWHERE, sha, layer, date.min) for sha, layer in shipped_national_layers()
    )


def _bounded(day: date, kind: DayKind, terms: Sequence[UnitTerm]) -> DayKind:
    """No school outside a term; where no term is known at all, the national days hold."""
    if not terms or any(term.opens_on <= day <= term.ends_on for term in terms):
        return kind
    # Before the first and after the last known term a term may still be published.
    between = min(t.opens_on for t in terms) < day < max(t.ends_on for t in terms)
    return DayKind(False, not between, "假期" if between else "学期未公布")


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
