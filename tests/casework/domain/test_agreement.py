"""Whatever has been recorded: every sequence folds, and people see what the domain decides by."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.casework.domain import alert, case, rules
from services.casework.domain.case_state import Unopened, Working
from services.casework.domain.case_steps import STEP_NAMES
from shared.contracts import state_names
from shared.contracts.alert_view import AlertView, alert_after
from shared.contracts.case_view import CaseView, case_after, open_steps
from shared.contracts.decode import decode
from shared.contracts.entry import Entry
from tests.casework.domain.samples import NOW, TODAY
from tests.stored import Example, examples

EXAMPLES = [example for example in examples() if example.type.startswith("casework.")]


def stored(module: Any) -> list[Example]:
    return [example for example in EXAMPLES if example.name in module.EVENTS]


def histories(module: Any) -> st.SearchStrategy[list[Example]]:
    """Any events in any order; half of the histories begin as real ones do."""
    events = stored(module)
    first = [e for e in events if e.name in ("CaseOpened", "RiskFlagged")] or events
    some = st.lists(st.sampled_from(events), max_size=25)
    return st.one_of(some, st.builds(lambda one, more: [one, *more], st.sampled_from(first), some))


def in_domain(module: Any, history: list[Example]) -> list[Any]:
    return [msgspec.json.decode(e.data, type=module.EVENTS[e.name]) for e in history]


def entries(history: list[Example], stream: str) -> list[Entry]:
    return [
        Entry(
            type=example.type,
            stream=stream,
            seq=number,
            ledger="990101",
            service="casework",
            occurred_at=NOW,
            recorded_at=NOW + timedelta(seconds=number),
            actor="system",
            via="system",
            data=decode(example.type, 1, example.data),
        )
        for number, example in enumerate(history, 1)
    ]


@given(histories(case))
@settings(max_examples=300)
def test_a_case_is_seen_as_it_is(history: list[Example]) -> None:
    state = case.CASE.fold(in_domain(case, history))
    view = CaseView(stream="case-1")
    for entry in entries(history, "case-1"):
        view = case_after(view, entry)
    assert view.state == case.phase(state)
    for today in (None, TODAY, TODAY + timedelta(days=60)):
        assert open_steps(view, today) == list(case.open_steps(state, today))
    if not isinstance(state, Unopened):
        assert_same_facts(view, state)


def assert_same_facts(view: CaseView, state: Working) -> None:
    assert (view.owner, view.owner_role) == (state.owner, state.owner_role)
    assert (view.causes, view.whereabouts) == (state.causes, state.whereabouts)
    assert (view.lost, view.review) == (state.lost, state.review)
    assert (view.confirmed_on, view.round) == (state.confirmed_on, state.round)
    assert [n.number for n in view.notices] == [n.number for n in state.notices]


@given(histories(alert))
@settings(max_examples=300)
def test_an_alert_is_seen_as_it_is(history: list[Example]) -> None:
    state = alert.ALERT.fold(in_domain(alert, history))
    view = AlertView(stream="alert-1")
    for entry in entries(history, "alert-1"):
        view = alert_after(view, entry)
    assert view.state == alert.phase(state)
    if not isinstance(state, alert.Unflagged):
        assert (view.last_on, view.days) == (state.last_on, state.days)
        assert (view.overdue, view.review) == (state.overdue, state.review)


@given(histories(rules))
def test_any_sequence_of_rules_folds(history: list[Example]) -> None:
    state = rules.RULES.fold(in_domain(rules, history))
    assert rules.phase(state) == "rules"


@given(histories(case), histories(alert))
def test_every_state_is_kept_and_read_back(cases: list[Example], alerts: list[Example]) -> None:
    for module, decider, history in ((case, case.CASE, cases), (alert, alert.ALERT, alerts)):
        state = decider.fold(in_domain(module, history))
        kept = msgspec.json.encode(state)
        assert msgspec.json.decode(kept, type=module.STATES[module.phase(state)]) == state


def test_domain_and_views_use_the_same_words_and_codes() -> None:
    names = {code: name["zh"] for code, name in state_names.STEP_NAMES.items()}
    assert names == STEP_NAMES
    assert {*alert.STATES, *case.STATES} == state_names.STATE_NAMES.keys()
