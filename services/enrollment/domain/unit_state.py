"""What is remembered of a unit: its events, and what stands of it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never

UnitKind = Literal["division", "school"]


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class CountyFounded:
    """The first event of a county's ledger; `origin` tells deployments apart."""

    code: str
    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRegistered:
    unit: str
    kind: UnitKind
    name: str
    parent: str | None
    path: str
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMoved:
    unit: str
    parent: str
    path: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRenamed:
    unit: str
    name: str
    was: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitClosed:
    unit: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TermOpened:
    """A term's days, both inclusive; the later opening of one term replaces the earlier."""

    unit: str
    term: str
    name: str
    opens_on: date
    ends_on: date


UnitEvent: TypeAlias = (
    CountyFounded | UnitRegistered | UnitMoved | UnitRenamed | UnitClosed | TermOpened
)
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (CountyFounded, UnitRegistered, UnitMoved, UnitRenamed, UnitClosed, TermOpened)
}


# State
@dataclass(frozen=True, slots=True)
class Term:
    term: str
    name: str
    opens_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Unregistered:
    """No such unit yet. A county is founded before it is registered in its tree."""

    founded: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`since`: the day of the last change; a change before it would rewrite the tree's past."""

    unit: str
    kind: UnitKind
    name: str
    parent: str | None
    path: str
    since: date
    founded: str | None = None
    origin: str | None = None
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    unit: str
    path: str
    on: date


Unit: TypeAlias = Unregistered | Standing | Closed
STATES: dict[str, type] = {"unregistered": Unregistered, "standing": Standing, "closed": Closed}


def evolve(unit: Unit, event: UnitEvent) -> Unit:
    match event:
        case CountyFounded(name=name, origin=origin):
            return unit if isinstance(unit, Closed) else replace(unit, founded=name, origin=origin)
        case UnitRegistered():
            return _registered(event, unit)
        case UnitClosed(unit=code, on=on):
            return Closed(code, unit.path, on) if isinstance(unit, Standing) else unit
        case UnitMoved() | UnitRenamed() | TermOpened():
            return _changed(unit, event) if isinstance(unit, Standing) else unit
        case _:
            assert_never(event)


def _changed(unit: Standing, event: UnitMoved | UnitRenamed | TermOpened) -> Standing:
    match event:
        case UnitMoved(parent=parent, path=path, on=on):
            return replace(unit, parent=parent, path=path, since=on)
        case UnitRenamed(name=name, on=on):
            return replace(unit, name=name, since=on)
        case TermOpened():
            term = Term(event.term, event.name, event.opens_on, event.ends_on)
            others = tuple(other for other in unit.terms if other.term != term.term)
            return replace(unit, terms=(*others, term))
        case _:
            assert_never(event)


def _registered(event: UnitRegistered, unit: Unit) -> Standing:
    founded = (None, None) if isinstance(unit, Closed) else (unit.founded, unit.origin)
    return Standing(
        event.unit,
        event.kind,
        event.name,
        event.parent,
        event.path,
        event.valid_from,
        *founded,
        terms=unit.terms if isinstance(unit, Standing) else (),
    )
