"""What holds for each aggregate: its stored shapes, any fold, and that nothing happens twice."""

from dataclasses import fields
from types import ModuleType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrollment.domain import attendance, child, importing, klass, roll, staff, unit
from services.enrollment.domain.codes import CHILD_CLASSES, STAFF_CLASSES
from shared.contracts import enrollment as contract
from shared.decider import CommandRejected, Decider
from tests.enrollment.domain.shapes import values

AGGREGATES: list[tuple[ModuleType, Decider[Any, Any, Any]]] = [
    (unit, unit.UNIT),
    (klass, klass.CLASS),
    (staff, staff.STAFF),
    (child, child.CHILD),
    (roll, roll.ROLL),
    (attendance, attendance.ATTENDANCE),
    (importing, importing.IMPORT),
]


def _named(parameter: ModuleType | Decider[Any, Any, Any]) -> str:
    return parameter.__name__.rsplit(".")[-1] if isinstance(parameter, ModuleType) else "decider"


each_aggregate = pytest.mark.parametrize(("module", "decider"), AGGREGATES, ids=_named)


def history(module: ModuleType) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(*(values(cls) for cls in module.EVENTS.values())), max_size=8)


def commands(decider: Decider[Any, Any, Any]) -> st.SearchStrategy[Any]:
    union = get_type_hints(decider.decide)["command"]
    return st.one_of(*(values(cls) for cls in get_args(union)))


def test_the_domain_has_exactly_the_events_of_the_contract() -> None:
    own = [name for module, _ in AGGREGATES for name in module.EVENTS]
    assert sorted(own) == sorted(name.split(".")[1] for name in contract.EVENTS)


def test_fields_are_opened_by_the_keys_that_the_contract_names() -> None:
    assert CHILD_CLASSES == contract.CHILD_FIELDS
    assert STAFF_CLASSES == contract.STAFF_FIELDS


@each_aggregate
def test_events_have_the_fields_of_the_contract(module: ModuleType, decider: object) -> None:
    for name, cls in module.EVENTS.items():
        stored = contract.EVENTS[f"enrollment.{name}"]
        assert [f.name for f in fields(cls)] == list(stored.__struct_fields__), name


@each_aggregate
@given(data=st.data())
def test_events_are_read_by_the_contract_and_read_back(
    module: ModuleType, decider: Decider[Any, Any, Any], data: st.DataObject
) -> None:
    event = data.draw(st.one_of(*(values(cls) for cls in module.EVENTS.values())))
    written = msgspec.json.encode(event)
    stored = contract.EVENTS[f"enrollment.{type(event).__name__}"]
    read = msgspec.json.decode(written, type=stored)
    assert msgspec.json.encode(read) == written
    assert msgspec.json.decode(written, type=type(event)) == event


@each_aggregate
@given(data=st.data())
def test_any_sequence_folds_into_a_state_that_can_be_stored(
    module: ModuleType, decider: Decider[Any, Any, Any], data: st.DataObject
) -> None:
    state = decider.fold(data.draw(history(module)))
    assert type(state) in module.STATES.values()
    assert msgspec.convert(msgspec.to_builtins(state), type(state)) == state
    assert msgspec.json.decode(msgspec.json.encode(state), type=type(state)) == state


@each_aggregate
@settings(max_examples=300)
@given(data=st.data())
def test_no_command_takes_effect_twice(
    module: ModuleType, decider: Decider[Any, Any, Any], data: st.DataObject
) -> None:
    state = decider.fold(data.draw(history(module)))
    command = data.draw(commands(decider))
    events = decided(decider, command, state)
    assert decided(decider, command, decider.fold(events, state)) == []


def decided(decider: Decider[Any, Any, Any], command: object, state: object) -> list[Any]:
    """The events of a command; none when it is refused, and then in a whole sentence."""
    try:
        return decider.decide(command, state)
    except CommandRejected as refused:
        if not refused.say.endswith("。") or type(refused) is CommandRejected:
            raise AssertionError(f"not a proper refusal: {refused!r}") from refused
        return []
