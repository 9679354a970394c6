"""A calendar file against what is published: terms to set, and layers for casework to publish."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, cast

from services.enrollment.imports.deeds import PublishDays
from services.enrollment.imports.findings import Findings
from services.enrollment.imports.places import Founding, half_of, key_of, set_term, term_names
from services.enrollment.imports.stored import Term
from services.enrollment.sheets.calendar import DayRow, TermRow
from shared.edge import Moment
from shared.policy.calendar import Publication
from shared.policy.layer import Layer, encode_layer, shipped_national_layers

# A layer is published for one school year, the national one for one calendar year.
SCHOOL_YEAR_STARTS = (8, 1)
MAX_REASON_CHARACTERS = 60
Kind = Literal["national", "county", "school"]
Key = tuple[str, Kind, int]


@dataclass(slots=True)
class Year:
    """One unit's layer for one year: what is published, and what the file adds."""

    base: Layer | None
    days: dict[date, tuple[bool, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Days:
    """One file being compared."""

    found: Findings
    founding: Founding
    moment: Moment
    years: dict[Key, Year] = field(default_factory=dict)

    def compare(self, rows: Sequence[DayRow | TermRow]) -> None:
        """Everything that the rows come to, noted in the findings."""
        for row in rows:
            unit = self._unit(row)
            if unit is None:
                continue
            if isinstance(row, TermRow):
                self._term(row, unit)
            else:
                self._day(row, unit)
        for key, year in self.years.items():
            if year.days:
                self._publish(key, year)

    def _unit(self, row: DayRow | TermRow) -> str | None:
        """The unit that the row speaks for; None with the row refused."""
        if row.layer == "school":
            school = self.founding.school(row, row.school_code, row.school_name)
            return school.code if school else None
        if self.founding.scope.school is not None:
            reason = "学校只能排本校的日子，县里的由县教育局排"
            self.found.refuse(row, "layer_not_yours", reason, "把层级改为“校”", at="layer")
            return None
        return self.founding.scope.county.code

    def _term(self, row: TermRow, unit: str) -> None:
        held = [t for t in self.founding.places.terms if t.unit == unit]
        same = next((t for t in held if half_of(t.opens_on) == key_of(row.named)), None)
        code, name = term_names(row.named)
        wanted = Term(
            unit,
            same.term if same else code,
            same.name if same else name,
            row.opens,
            row.closes,
        )
        if wanted == same:
            self.found.unchanged += 1
            return
        for other in held:
            apart = wanted.ends_on < other.opens_on or other.ends_on < wanted.opens_on
            if other is not same and not apart:
                reason = f"与“{other.name}”的日期重叠"
                self.found.refuse(row, "terms_overlap", reason, "改正日期", at="opens")
                return
        if same:
            self.found.changed += 1
            self.found.warn(
                row,
                "term_changes",
                f"“{same.name}”原来是 {same.opens_on} 至 {same.ends_on}",
                at="opens",
            )
            self.founding.places.terms.remove(same)
        else:
            self.found.new += 1
        self.founding.places.terms.append(wanted)
        path = self._path(unit)
        self.found.deeds.append(set_term(wanted, path))

    def _path(self, unit: str) -> str:
        school = self.founding.places.schools.get(unit)
        return school.path if school else self.founding.scope.county.path

    def _day(self, row: DayRow, unit: str) -> None:
        kind = cast(Kind, row.layer)
        reason = (row.reason or ("上课" if row.is_school_day else "放假"))[:MAX_REASON_CHARACTERS]
        said = (row.is_school_day, reason)
        days = list(_days(row.first, row.last))
        held = [self._held(self._year((unit, kind, _year_of(day, kind))), day) for day in days]
        if kind == "national":
            if all(
                self._says(one, row.is_school_day, d) for one, d in zip(held, days, strict=True)
            ):
                self.found.unchanged += 1
                return
            if not self.founding.scope.national:
                text = "全国的放假安排随系统发布，这一行与它不同"
                self.found.refuse(row, "national_not_yours", text, "改层级为“县”", at="layer")
                return
        if all(one == said for one in held):
            self.found.unchanged += 1
            return
        if any(one is not None for one in held):
            self.found.changed += 1
        else:
            self.found.new += 1
        for day in days:
            self._year((unit, kind, _year_of(day, kind))).days[day] = said

    def _says(self, held: tuple[bool, str] | None, school: bool, day: date) -> bool:
        """Whether the national layer says so too, also of days that it does not name."""
        return (held[0] if held else day.weekday() < 5) == school

    def _held(self, year: Year, day: date) -> tuple[bool, str] | None:
        if day in year.days:
            return year.days[day]
        layer = year.base
        if layer is None:
            return None
        if day in layer.open:
            return True, layer.open[day]
        return (False, layer.closed[day]) if day in layer.closed else None

    def _year(self, key: Key) -> Year:
        if key not in self.years:
            self.years[key] = Year(self._published(key))
        return self.years[key]

    def _published(self, key: Key) -> Layer | None:
        """The layer that stands for this unit and year, one not yet in force included."""
        unit, kind, year = key
        first, _ = _span(year, kind)
        found: Publication | None = None
        for one in self.moment.rules.school_calendar().published(unit):
            fits = one.layer.layer == kind and one.layer.covers(first)
            if fits and (found is None or one.valid_from >= found.valid_from):
                found = one
        if found is None and kind == "national":
            return next((n for _, n in shipped_national_layers() if n.covers(first)), None)
        return found.layer if found else None

    def _publish(self, key: Key, year: Year) -> None:
        unit, kind, number = key
        first, last = _span(number, kind)
        base = year.base
        closed = dict(base.closed) if base else {}
        opened = dict(base.open) if base else {}
        for day, (school, reason) in year.days.items():
            (closed if school else opened).pop(day, None)
            (opened if school else closed)[day] = reason
        layer = Layer(
            layer=kind,
            name=base.name if base else self._name(unit, kind, number),
            first=first,
            last=last,
            closed=closed,
            open=opened,
        )
        founding = base is None and not self._any(unit, kind)
        tomorrow = self.founding.today + timedelta(days=1)
        valid_from = first if founding else max(first, tomorrow)
        begun = [day for day in year.days if day < valid_from]
        if begun:
            said = f"校历从 {valid_from} 起生效，这以前的 {len(begun)} 天不改"
            self.found.warn_file("calendar_holds_from", said, "已经过去的日子按当时的校历算")
        self.found.deeds.append(
            PublishDays(
                unit=unit,
                content=encode_layer(layer).decode(),
                valid_from=valid_from,
                founding=founding,
            )
        )

    def _any(self, unit: str, kind: Kind) -> bool:
        """Whether the unit has ever published this layer: only the first may begin in the past."""
        published = self.moment.rules.school_calendar().published(unit)
        earlier = any(k[:2] == (unit, kind) and k in self.years for k in self._done)
        return earlier or any(one.layer.layer == kind for one in published)

    @property
    def _done(self) -> list[Key]:
        made = {d.unit for d in self.found.deeds if isinstance(d, PublishDays)}
        return [key for key in self.years if key[0] in made]

    def _name(self, unit: str, kind: Kind, year: int) -> str:
        school = self.founding.places.schools.get(unit)
        who = school.name if school else self.founding.scope.county.name
        return f"{year} 年放假安排" if kind == "national" else f"{who}{year}学年校历"


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _year_of(day: date, kind: Kind) -> int:
    if kind == "national":
        return day.year
    return day.year if (day.month, day.day) >= SCHOOL_YEAR_STARTS else day.year - 1


def _span(year: int, kind: Kind) -> tuple[date, date]:
    if kind == "national":
        return date(year, 1, 1), date(year, 12, 31)
    return date(year, *SCHOOL_YEAR_STARTS), date(year + 1, *SCHOOL_YEAR_STARTS) - timedelta(days=1)
