"""A duty: armed once, ended once, whatever order things come in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain import duty as d
from services.casework.domain.alert_events import Cause
from services.casework.domain.duty_events import (
    DutyArmed,
    DutyBreached,
    DutyEscalated,
    DutyReplanned,
    DutySatisfied,
    DutyTarget,
)
from services.casework.domain.refusals import EvidenceNeeded, NotInThisPhase
from services.casework.domain.times import InFuture

START = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
DUE = START + timedelta(days=7)
ARMED = DutyArmed(
    duty=UUID(int=1),
    kind="weekly_visit",
    target=DutyTarget(kind="child", id=str(UUID(int=2))),
    period="2026-W45",
    starts_at=START,
    due_at=DUE,
    needed=1,
    holders=(UUID(int=3),),
    role="staff_child",
    share="direct",
    rows=("6-20",),
    calendar="c" * 16,
    cause=None,
    child=UUID(int=2),
    klass=None,
    school=None,
)


def cause(seq: int) -> Cause:
    return Cause(service="casework", ledger="990101", seq=seq)


def after(*commands: object, armed: DutyArmed = ARMED) -> tuple[d.Duty, list[object]]:
    state, found = d.DUTY.initial, []
    for command in (d.ArmDuty(armed=armed), *commands):
        events = d.decide(command, state)  # type: ignore[arg-type]
        found += events
        state = _fold(state, events)
    return state, found


def _fold(state: d.Duty, events: list[object]) -> d.Duty:
    for event in events:
        state = d.evolve(state, event)  # type: ignore[arg-type]
    return state


def take(
    seq: int = 1, at: datetime = START + timedelta(days=1), recorded_at: datetime | None = None
) -> d.TakeEvidence:
    return d.TakeEvidence(at=at, cause=cause(seq), recorded_at=recorded_at or at)


FALL = d.FallDue(holders=(UUID(int=3),), now=DUE)


def test_done_in_time_it_is_satisfied_and_never_breached() -> None:
    state, events = after(take(), FALL)
    assert d.phase(state) == "satisfied"
    assert [type(event) for event in events] == [DutyArmed, DutySatisfied]


def test_done_after_the_breach_it_is_late_and_the_breach_stays() -> None:
    state, events = after(FALL, take(at=DUE + timedelta(hours=1)))
    assert d.phase(state) == "late"
    assert [type(event) for event in events] == [DutyArmed, DutyBreached, DutySatisfied]


def test_entered_in_time_and_heard_of_too_late_it_is_not_late() -> None:
    """The service may have stood still over the due time: the breach stays, the blame does not."""
    state, events = after(FALL, take())
    assert d.phase(state) == "satisfied"
    assert [type(event) for event in events] == [DutyArmed, DutyBreached, DutySatisfied]


def test_entered_after_the_breach_it_is_late_whatever_day_it_claims() -> None:
    state, _ = after(FALL, take(recorded_at=DUE + timedelta(hours=1)))
    assert d.phase(state) == "late"


def test_the_due_moment_itself_is_in_time() -> None:
    state, _ = after(take(at=DUE))
    assert d.phase(state) == "satisfied"


def test_before_it_begins_nothing_counts() -> None:
    state, events = after(take(at=START - timedelta(seconds=1)))
    assert d.phase(state) == "armed"
    assert len(events) == 1


def test_two_are_needed_and_one_event_counts_once() -> None:
    armed = replace(ARMED, needed=2)
    state, _ = after(take(1), take(1), armed=armed)
    assert d.phase(state) == "armed"
    state, _ = after(take(1), take(2), armed=armed)
    assert d.phase(state) == "satisfied"


def test_it_does_not_fall_due_early() -> None:
    early = d.FallDue(holders=(), now=DUE - timedelta(microseconds=1))
    assert d.phase(after(early)[0]) == "armed"


def test_each_step_of_escalation_is_told_once() -> None:
    step = d.Escalate(step=0, role="principal", to=(UUID(int=9),))
    _, events = after(FALL, step, step)
    assert sum(isinstance(event, DutyEscalated) for event in events) == 1


def test_a_later_calendar_moves_only_what_has_not_fallen_due() -> None:
    moved = d.Replan(due_at=DUE + timedelta(days=2), calendar="d" * 16, now=START)
    state, events = after(moved, FALL)
    assert isinstance(events[1], DutyReplanned)
    assert d.phase(state) == "armed"
    late = replace(moved, now=DUE)
    assert d.phase(after(late, FALL)[0]) == "breached"


def test_plain_evidence_needs_words_or_a_file_and_no_date_to_come() -> None:
    file = d.FileEvidence(done_on=date(2026, 11, 3), note=None, attachment=None, now=DUE)
    state, _ = after()
    with pytest.raises(EvidenceNeeded):
        d.decide(file, state)
    with pytest.raises(InFuture):
        d.decide(replace(file, done_on=date(2027, 1, 1)), state)
    with pytest.raises(NotInThisPhase):
        d.decide(file, after(take())[0])


COMMANDS = st.lists(
    st.one_of(
        st.builds(
            take,
            st.integers(1, 4),
            st.integers(-2, 10).map(lambda days: START + timedelta(days=days)),
        ),
        st.integers(5, 9).map(lambda days: d.FallDue(holders=(), now=START + timedelta(days=days))),
        st.integers(0, 2).map(lambda step: d.Escalate(step=step, role="principal", to=())),
        st.just(d.CancelDuty(reason="event")),
        st.just(d.ArmDuty(armed=ARMED)),
    ),
    max_size=12,
)


@given(COMMANDS)
def test_no_order_arms_ends_or_tells_twice(commands: list[object]) -> None:
    state, events = after(*commands)
    names = [type(event).__name__ for event in events]
    assert names.count("DutyArmed") == 1
    assert names.count("DutyBreached") <= 1
    assert names.count("DutySatisfied") + names.count("DutyCancelled") <= 1
    steps = [event.step for event in events if isinstance(event, DutyEscalated)]
    assert len(steps) == len(set(steps))
    ended = names.count("DutySatisfied") + names.count("DutyCancelled")
    assert (d.phase(state) in {"satisfied", "late", "cancelled"}) == bool(ended)


EVENTS = st.sampled_from(
    [
        ARMED,
        DutyBreached(duty=UUID(int=1), due_at=DUE, holders=()),
        DutySatisfied(duty=UUID(int=1), at=DUE, late=False, evidence=(cause(1),)),
        DutyEscalated(duty=UUID(int=1), step=0, role="principal", to=()),
        DutyReplanned(duty=UUID(int=1), was=DUE, due_at=START, calendar="e" * 16),
    ]
)


@given(st.lists(EVENTS, max_size=8))
def test_any_sequence_of_events_folds(events: list[object]) -> None:
    assert d.phase(_fold(d.DUTY.initial, events)) in d.STATES
