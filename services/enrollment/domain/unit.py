"""A unit of the administration: a county, the divisions below it, its schools, and their terms."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias, assert_never

from services.enrollment.domain.codes import (
    CodeMalformed,
    check_name,
    check_unit_code,
    is_county,
)
from services.enrollment.domain.unit_state import (
    EVENTS,
    STATES,
    Closed,
    CountyFounded,
    Standing,
    Term,
    TermOpened,
    Unit,
    UnitClosed,
    UnitEvent,
    UnitKind,
    UnitMoved,
    UnitRegistered,
    UnitRenamed,
    Unregistered,
    evolve,
)
from shared.decider import CommandRejected, Decider

__all__ = [
    "EVENTS",
    "STATES",
    "UNIT",
    "CloseUnit",
    "Closed",
    "FoundCounty",
    "MoveUnit",
    "OpenTerm",
    "RegisterUnit",
    "RenameUnit",
    "Standing",
    "Term",
    "Unit",
    "Unregistered",
    "decide",
    "evolve",
]

MAX_TERM_DAYS = 250


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCounty:
    """`code`: six digits of GB/T 2260 below province and city."""

    code: str
    name: str
    origin: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUnit:
    """`parent_path`: the path of the parent, from the province down; "" for a root."""

    unit: str
    kind: UnitKind
    name: str
    parent_path: str
    valid_from: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveUnit:
    unit: str
    parent_path: str
    on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameUnit:
    unit: str
    name: str
    on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseUnit:
    unit: str
    on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTerm:
    """`term`: the code that a school's own term shares with the county's, such as 2026春."""

    unit: str
    term: str
    name: str
    opens_on: date
    ends_on: date
    now: datetime


UnitCommand: TypeAlias = FoundCounty | RegisterUnit | MoveUnit | RenameUnit | CloseUnit | OpenTerm


class CountyFoundedOtherwise(CommandRejected):
    code = "county_founded_otherwise"


class UnitRegisteredOtherwise(CommandRejected):
    code = "unit_registered_otherwise"


class UnitNotStanding(CommandRejected):
    code = "unit_not_standing"


class UnitBelowItself(CommandRejected):
    code = "unit_below_itself"


class ChangeBeforeTheLast(CommandRejected):
    code = "change_before_the_last"


class TermBackwards(CommandRejected):
    code = "term_backwards"


class TermTooLong(CommandRejected):
    code = "term_too_long"


class TermsOverlap(CommandRejected):
    code = "terms_overlap"


def decide(command: UnitCommand, unit: Unit) -> list[UnitEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case FoundCounty():
            return _found(command, unit)
        case RegisterUnit():
            return _register(command, unit)
        case MoveUnit():
            return _move(command, _standing(unit, command.unit))
        case RenameUnit():
            return _rename(command, _standing(unit, command.unit))
        case CloseUnit():
            return _close(command, unit)
        case OpenTerm():
            return _open_term(command, _standing(unit, command.unit))
        case _:
            assert_never(command)


def _found(command: FoundCounty, unit: Unit) -> list[UnitEvent]:
    if not is_county(command.code):
        raise CodeMalformed(f"县级区划代码 {command.code} 应是 6 位数字。请核对。", field="code")
    check_name(command.name, "县")
    founded = CountyFounded(code=command.code, name=command.name, origin=command.origin)
    if isinstance(unit, Closed) or unit.founded is not None:
        if not isinstance(unit, Closed) and _is_founded_so(unit, command):
            return []
        raise CountyFoundedOtherwise(f"{command.code} 已经建过县。要改名，请用更名。", field="code")
    return [founded]


def _is_founded_so(unit: Unregistered | Standing, command: FoundCounty) -> bool:
    return (unit.founded, unit.origin) == (command.name, command.origin)


def _register(command: RegisterUnit, unit: Unit) -> list[UnitEvent]:
    check_unit_code(command.kind, command.unit)
    check_name(command.name, "单位")
    _check_not_below_itself(command.unit, command.parent_path)
    match unit:
        case Unregistered():
            return [_registration(command)]
        case Standing() if _is_registered_so(unit, command):
            return []
        case _:
            raise UnitRegisteredOtherwise(
                f"{command.unit} 已经登记过。要改名或改隶属，请用更名或划转。", field="unit"
            )


def _registration(command: RegisterUnit) -> UnitRegistered:
    return UnitRegistered(
        unit=command.unit,
        kind=command.kind,
        name=command.name,
        parent=command.parent_path.rpartition("/")[2] or None,
        path=_path(command.parent_path, command.unit),
        valid_from=command.valid_from,
    )


def _is_registered_so(unit: Standing, command: RegisterUnit) -> bool:
    held = (unit.kind, unit.name, unit.path)
    return held == (command.kind, command.name, _path(command.parent_path, command.unit))


def _move(command: MoveUnit, unit: Standing) -> list[UnitEvent]:
    path = _path(command.parent_path, command.unit)
    _check_not_below_itself(command.unit, command.parent_path)
    if path == unit.path:
        return []
    _check_in_order(unit, command.on)
    parent = command.parent_path.rpartition("/")[2]
    return [UnitMoved(unit=command.unit, parent=parent, path=path, on=command.on)]


def _rename(command: RenameUnit, unit: Standing) -> list[UnitEvent]:
    check_name(command.name, "单位")
    if command.name == unit.name:
        return []
    _check_in_order(unit, command.on)
    return [UnitRenamed(unit=command.unit, name=command.name, was=unit.name, on=command.on)]


def _close(command: CloseUnit, unit: Unit) -> list[UnitEvent]:
    if isinstance(unit, Closed) and unit.on == command.on:
        return []
    standing = _standing(unit, command.unit)
    _check_in_order(standing, command.on)
    return [UnitClosed(unit=command.unit, on=command.on)]


def _open_term(command: OpenTerm, unit: Standing) -> list[UnitEvent]:
    check_name(command.name, "学期")
    term = Term(command.term, command.name, command.opens_on, command.ends_on)
    _check_term(term, unit.terms)
    if term in unit.terms:
        return []
    return [
        TermOpened(
            unit=command.unit,
            term=command.term,
            name=command.name,
            opens_on=command.opens_on,
            ends_on=command.ends_on,
        )
    ]


def _check_term(term: Term, held: tuple[Term, ...]) -> None:
    days = (term.ends_on - term.opens_on).days + 1
    if days < 1:
        raise TermBackwards("学期的结束日期早于开学日期。请改正日期。", field="ends_on")
    if days > MAX_TERM_DAYS:
        raise TermTooLong(f"一个学期不能超过 {MAX_TERM_DAYS} 天。请核对日期。", field="ends_on")
    for other in held:
        apart = term.ends_on < other.opens_on or other.ends_on < term.opens_on
        if other.term != term.term and not apart:
            raise TermsOverlap(f"与“{other.name}”的日期重叠。请改正日期。", field="opens_on")


def _standing(unit: Unit, code: str) -> Standing:
    if not isinstance(unit, Standing):
        closed = isinstance(unit, Closed)
        say = "已经撤销，不能再改" if closed else "还没有登记"
        raise UnitNotStanding(f"单位 {code} {say}。请核对代码。", field="unit")
    return unit


def _check_in_order(unit: Standing, on: date) -> None:
    if on < unit.since:
        raise ChangeBeforeTheLast(
            f"日期不能早于上一次变动（{unit.since}）。请改正日期。", field="on"
        )


def _check_not_below_itself(code: str, parent_path: str) -> None:
    if code in parent_path.split("/"):
        raise UnitBelowItself(f"{code} 不能隶属于自己或自己的下级。请另选上级。", field="parent")


def _path(parent_path: str, code: str) -> str:
    return f"{parent_path}/{code}" if parent_path else code


UNIT: Decider[UnitCommand, UnitEvent, Unit] = Decider(Unregistered(), decide, evolve)
