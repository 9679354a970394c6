"""The tables of what is allowed are complete: nothing is refused silently, nothing is dead."""

from typing import get_args

import pytest

from services.casework.domain import alert, case, rules
from services.casework.domain.alert import AlertCommand
from services.casework.domain.case_commands import CaseCommand
from services.casework.domain.refusals import NotInThisPhase
from tests.casework.domain import samples
from tests.scenario import given

ALERT_PAIRS = [(phase, kind) for phase in alert.STATES for kind in get_args(AlertCommand)]
CASE_PAIRS = [(phase, kind) for phase in case.STATES for kind in get_args(CaseCommand)]


def test_the_tables_name_every_phase_and_every_command_somewhere() -> None:
    assert alert.ALLOWED.keys() == alert.STATES.keys()
    assert case.ALLOWED.keys() == case.STATES.keys()
    assert rules.ALLOWED.keys() == rules.STATES.keys()
    assert frozenset().union(*alert.ALLOWED.values()) == set(get_args(AlertCommand))
    assert frozenset().union(*case.ALLOWED.values()) == set(get_args(CaseCommand))
    assert samples.ALERT_COMMANDS.keys() == set(get_args(AlertCommand))
    assert samples.CASE_COMMANDS.keys() == set(get_args(CaseCommand))


@pytest.mark.parametrize("phase", alert.STATES)
def test_every_phase_of_an_alert_is_reached_by_commands(phase: str) -> None:
    assert alert.phase(alert.ALERT.fold(samples.alert_in(phase))) == phase


@pytest.mark.parametrize("phase", case.STATES)
def test_every_phase_of_a_case_is_reached_by_commands(phase: str) -> None:
    assert case.phase(case.CASE.fold(samples.case_in(phase))) == phase


@pytest.mark.parametrize(("phase", "kind"), ALERT_PAIRS)
def test_an_alert_decides_what_its_table_allows_and_refuses_the_rest(
    phase: str, kind: type
) -> None:
    when = given(alert.ALERT, *samples.alert_in(phase)).when(samples.ALERT_COMMANDS[kind])
    if kind in alert.ALLOWED[phase]:
        assert alert.decide(when.command, when.state), "allowed, and something happens"
    else:
        when.then_rejected(NotInThisPhase)


@pytest.mark.parametrize(("phase", "kind"), CASE_PAIRS)
def test_a_case_decides_what_its_table_allows_and_refuses_the_rest(phase: str, kind: type) -> None:
    when = given(case.CASE, *samples.case_in(phase)).when(samples.CASE_COMMANDS[kind])
    if kind in case.ALLOWED[phase]:
        assert case.decide(when.command, when.state), "allowed, and something happens"
    else:
        refusal = when.then_rejected(NotInThisPhase)
        assert refusal.fields == {"phase": phase, "command": kind.__name__}
