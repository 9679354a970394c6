"""What is different between two lives of one term: duties, breaches and flags, by unit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.casework.whatif.flags import Flag
from services.casework.whatif.replay import Lived

MISSED = frozenset(("breached", "late"))
Change = Literal["added", "dropped", "moved", "breached", "spared"]


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many under the rules of now, under the pack, and what differs."""

    now: int
    then: int
    added: int
    dropped: int


class DutyCount(Count, frozen=True, kw_only=True):
    """`moved`: the same duty with another due time."""

    moved: int


class FlagCount(Count, frozen=True, kw_only=True):
    earlier: int
    later: int


class UnitChange(msgspec.Struct, frozen=True, kw_only=True):
    """One school, township or county. `breached`: duties that were not done in time."""

    unit: str
    name: str
    duties: DutyCount
    breached: Count
    flags: FlagCount


class DutyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A duty that differs; times absent where it does not exist under those rules.

    `change`: added, dropped, or of one that both have: breached (only then), spared (only now),
    moved.
    """

    kind: str
    subject: str
    unit: str
    change: Change
    due_now: datetime | None
    due_then: datetime | None
    breached_now: bool
    breached_then: bool


class FlagLine(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is flagged on another day, or under one of the packs alone."""

    child: UUID
    unit: str
    change: Literal["added", "dropped", "earlier", "later"]
    first_on: date
    now: date | None
    then: date | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    units: list[UnitChange]
    duties: list[DutyLine]
    flags: list[FlagLine]


@dataclass(frozen=True, slots=True)
class Pair:
    """One duty or one run under both rules; at least one of the two."""

    now: Any
    then: Any

    @property
    def any(self) -> Any:
        return self.now if self.now is not None else self.then


def difference(now: Lived, then: Lived, since: datetime, units: Mapping[str, str]) -> Difference:
    """Of duties due after `since`; `units`: names of the units that changes are told by."""
    duties = list(_duties(_due(now, since), _due(then, since)))
    flags = list(_flags(now.flags, then.flags))
    by_unit: dict[str, tuple[list[Pair], list[Pair]]] = defaultdict(lambda: ([], []))
    for pair in duties:
        by_unit[_unit(pair.any.path, units)][0].append(pair)
    for pair in flags:
        by_unit[_unit(pair.any.path, units)][1].append(pair)
    found = [line for pair in duties if (line := _duty_line(pair, units))]
    flagged = [line for pair in flags if (line := _flag_line(pair, units))]
    return Difference(
        units=[_of_unit(code, units, *by_unit[code]) for code in sorted(by_unit)],
        duties=sorted(found, key=lambda line: (line.unit, line.kind, line.subject)),
        flags=sorted(flagged, key=lambda line: (line.unit, line.first_on, line.child)),
    )


def total(units: Iterable[UnitChange]) -> UnitChange:
    """All units together, under no name."""
    found = list(units)
    return UnitChange(
        unit="",
        name="",
        duties=_sum(DutyCount, [one.duties for one in found]),
        breached=_sum(Count, [one.breached for one in found]),
        flags=_sum(FlagCount, [one.flags for one in found]),
    )


def _sum(kind: Any, counts: list[Any]) -> Any:
    names = kind.__struct_fields__
    return kind(**{name: sum(getattr(one, name) for one in counts) for name in names})


def _due(lived: Lived, since: datetime) -> dict[UUID, Any]:
    """What fell due before the term belongs to the one before."""
    return {duty: row for duty, row in lived.duties.items() if row.due_at > since}


def _duties(now: Mapping[UUID, Any], then: Mapping[UUID, Any]) -> Iterator[Pair]:
    """Each duty beside itself; one that the same cause armed on another day is still the same."""
    yield from (Pair(now[duty], then[duty]) for duty in now.keys() & then.keys())
    alone = {_cause(row): row for duty, row in then.items() if duty not in now}
    for duty, row in now.items():
        if duty not in then:
            yield Pair(row, alone.pop(_cause(row), None))
    yield from (Pair(None, row) for row in alone.values())


def _cause(row: Any) -> tuple[Any, ...]:
    """What else a duty is known by than its name, which holds the day where it is due on it."""
    caused = row.cause not in (None, "null")
    return (row.kind, row.target, tuple(row.holders), row.cause if caused else row.duty)


def _flags(now: Iterable[Flag], then: Iterable[Flag]) -> Iterator[Pair]:
    mine = {(flag.child, flag.first_on): flag for flag in now}
    theirs = {(flag.child, flag.first_on): flag for flag in then}
    for run in mine.keys() | theirs.keys():
        yield Pair(mine.get(run), theirs.get(run))


def _unit(path: str, units: Mapping[str, str]) -> str:
    """The nearest unit of a path that has a name: its school, else its township or county."""
    return next((unit for unit in reversed(path.split("/")) if unit in units), "")


def _of_unit(
    code: str, units: Mapping[str, str], duties: list[Pair], flags: list[Pair]
) -> UnitChange:
    both = [pair for pair in duties if pair.now is not None and pair.then is not None]
    days = [(p.now.on, p.then.on) for p in flags if p.now is not None and p.then is not None]
    missed = [Pair(_if_missed(pair.now), _if_missed(pair.then)) for pair in duties]
    return UnitChange(
        unit=code,
        name=units.get(code, ""),
        duties=DutyCount(
            **_counted(duties), moved=sum(pair.now.due_at != pair.then.due_at for pair in both)
        ),
        breached=Count(**_counted(missed)),
        flags=FlagCount(
            **_counted(flags),
            earlier=sum(then < now for now, then in days),
            later=sum(then > now for now, then in days),
        ),
    )


def _counted(pairs: list[Pair]) -> dict[str, int]:
    return {
        "now": sum(pair.now is not None for pair in pairs),
        "then": sum(pair.then is not None for pair in pairs),
        "added": sum(pair.now is None and pair.then is not None for pair in pairs),
        "dropped": sum(pair.then is None and pair.now is not None for pair in pairs),
    }


def _if_missed(row: Any) -> Any:
    return row if row is not None and row.state in MISSED else None


def _duty_line(pair: Pair, units: Mapping[str, str]) -> DutyLine | None:
    change = _change(pair)
    if change is None:
        return None
    row = pair.any
    return DutyLine(
        kind=row.kind,
        subject=row.target,
        unit=_unit(row.path, units),
        change=change,
        due_now=pair.now.due_at if pair.now is not None else None,
        due_then=pair.then.due_at if pair.then is not None else None,
        breached_now=_if_missed(pair.now) is not None,
        breached_then=_if_missed(pair.then) is not None,
    )


def _change(pair: Pair) -> Change | None:
    if pair.now is None:
        return "added"
    if pair.then is None:
        return "dropped"
    now, then = _if_missed(pair.now) is not None, _if_missed(pair.then) is not None
    if now != then:
        return "breached" if then else "spared"
    return "moved" if pair.now.due_at != pair.then.due_at else None


def _flag_line(pair: Pair, units: Mapping[str, str]) -> FlagLine | None:
    now = pair.now.on if pair.now is not None else None
    then = pair.then.on if pair.then is not None else None
    if now == then:
        return None
    change: Any = "added" if now is None else "dropped" if then is None else None
    if now is not None and then is not None:
        change = "earlier" if then < now else "later"
    return FlagLine(
        child=pair.any.child,
        unit=_unit(pair.any.path, units),
        change=change,
        first_on=pair.any.first_on,
        now=now,
        then=then,
    )
