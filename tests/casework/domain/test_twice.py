"""No command takes effect twice, whatever happened before it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.casework.domain import rules
from services.casework.domain.alert import ALERT
from services.casework.domain.case import CASE
from services.casework.domain.rules import RULES
from shared.decider import CommandRejected, Decider
from tests.casework.domain.samples import ALERT_COMMANDS, CASE_COMMANDS, NOW
from tests.casework.domain.test_rules import ACTIVATE, PUBLISH


def one_of(commands: dict[type, Any]) -> st.SearchStrategy[Any]:
    """A sample command, given a little or much later."""
    later = st.sampled_from([timedelta(0), timedelta(hours=3), timedelta(days=30)])
    return st.builds(
        lambda command, wait: replace(command, now=NOW + wait),
        st.sampled_from(list(commands.values())),
        later,
    )


def after(decider: Decider[Any, Any, Any], commands: list[Any]) -> Any:
    state = decider.initial
    for command in commands:
        try:
            state = decider.fold(decider.decide(command, state), state)
        except CommandRejected:
            continue
    return state


def takes_effect(decider: Decider[Any, Any, Any], command: Any, state: Any) -> bool:
    try:
        return bool(decider.decide(command, state))
    except CommandRejected:
        return False


@given(st.lists(one_of(ALERT_COMMANDS), max_size=12), one_of(ALERT_COMMANDS))
def test_no_command_to_an_alert_takes_effect_twice(before: list[Any], command: Any) -> None:
    assert not takes_effect(ALERT, command, after(ALERT, [*before, command]))


@given(st.lists(one_of(CASE_COMMANDS), max_size=20), one_of(CASE_COMMANDS))
@settings(max_examples=300)
def test_no_command_to_a_case_takes_effect_twice(before: list[Any], command: Any) -> None:
    assert not takes_effect(CASE, command, after(CASE, [*before, command]))


@given(st.lists(st.sampled_from([ACTIVATE, PUBLISH]), max_size=6))
def test_no_rule_is_set_twice(before: list[rules.RulesCommand]) -> None:
    for command in (ACTIVATE, PUBLISH):
        assert not takes_effect(RULES, command, after(RULES, [*before, command]))
