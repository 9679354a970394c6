"""When an event of casework happened, and what the store must know of an aggregate."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.casework.aggregates import ALERT, CASE, RULES
from services.casework.domain import case_commands as c
from services.notify.aggregates import INBOX
from tests.casework.domain.samples import (
    CASE_COMMANDS,
    CHANGE,
    FLAG,
    OBSERVE,
    after_suspicion,
    alert_events,
)


def test_a_streak_happened_on_the_day_that_completed_it() -> None:
    [flagged] = alert_events(FLAG)
    assert ALERT.happened(flagged) == date(2026, 11, 19)
    [seen] = alert_events(replace(FLAG, kind="whereabouts"))
    assert ALERT.happened(seen) is None, "a person's flag happens as it is given"


def test_an_entry_happened_when_it_was_done_and_a_decision_when_it_is_made() -> None:
    visit = CASE_COMMANDS[c.LogHomeVisit]
    [visited] = after_suspicion(visit)
    assert CASE.happened(visited) == visit.visited_at
    [assigned] = after_suspicion(CASE_COMMANDS[c.AssignCase])
    assert CASE.happened(assigned) is None


def test_a_correction_belongs_to_the_day_that_it_corrects() -> None:
    [changed] = after_suspicion(CHANGE)
    assert CASE.happened(changed) == CHANGE.on == ALERT.happened(changed)
    [observed] = alert_events(OBSERVE)
    assert ALERT.happened(observed) == OBSERVE.observed_at


@pytest.mark.parametrize("aggregate", [ALERT, CASE, RULES, INBOX])
def test_a_fresh_stream_has_a_named_state(aggregate: Any) -> None:
    initial = aggregate.decider.initial
    assert type(initial) is aggregate.states[aggregate.phase(initial)]
