"""What people see of a child and its attendance is what enrollment decides by."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.domain import attendance_state as a
from services.enrollment.domain import child_state as c
from shared.contracts.decode import decode
from shared.contracts.entry import Entry
from shared.contracts.views import StoryView, story
from shared.sealed import Sealed

CHILD = UUID(int=1)
START = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = st.integers(0, 8).map(lambda n: date(2026, 11, 2) + timedelta(days=n))
CLASSES = st.integers(10, 12).map(lambda n: UUID(int=n))
MARKS = st.sampled_from(["present", "unexcused", "sick", "personal"])
ABSENCES = st.sampled_from(["unexcused", "sick", "personal"])
VALUES = st.sampled_from("ABC").map(
    lambda text: Sealed(sealed=1, cls="identity", nonce="bm8=", box="Ym94", commit=text)
)
NAMES = st.sampled_from(["name", "phone", "address"])
HERE: dict[str, Any] = {"child": st.just(CHILD), "klass": CLASSES}

ATTENDANCE = st.lists(
    st.one_of(
        st.builds(
            a.StudentAbsent, on=DAYS, mark=ABSENCES, reason=st.none(), roll=st.just("r"), **HERE
        ),
        st.builds(a.AbsenceEnded, on=DAYS, roll=st.just("r"), **HERE),
        st.builds(
            a.AttendanceCorrected,
            on=DAYS,
            was=MARKS,
            now=MARKS,
            reason=st.none(),
            basis=st.just("certificate"),
            **HERE,
        ),
        st.builds(
            a.LeaveGranted,
            child=st.just(CHILD),
            kind=st.sampled_from(["sick", "personal"]),
            first_on=DAYS,
            last_on=st.just(date(2026, 11, 30)),
            note=st.none(),
        ),
        st.builds(a.LeaveEnded, child=st.just(CHILD), on=DAYS),
    ),
    max_size=20,
)
MOVES = st.lists(
    st.one_of(
        st.builds(c.ChildRegistered, child=st.just(CHILD), fields=st.dictionaries(NAMES, VALUES)),
        st.builds(
            c.ChildChanged,
            child=st.just(CHILD),
            fields=st.dictionaries(NAMES, st.none() | VALUES),
            was=st.just({}),
        ),
        st.builds(
            c.StudentEnrolled,
            school=st.just("2199010001"),
            grade=st.just(8),
            seat=st.integers(1, 50),
            on=DAYS,
            **HERE,
        ),
        st.builds(c.StudentLeftClass, on=DAYS, reason=st.just("transferred"), **HERE),
        st.builds(
            c.ChildVillageRecorded,
            child=st.just(CHILD),
            village=st.none() | st.sampled_from(["990101001001", "990101001002"]),
            on=DAYS,
            source=st.just("school"),
        ),
    ),
    max_size=15,
)


def seen(events: list[Any], stream: str) -> StoryView:
    """The story of the events as they would be stored and read back, in this order."""
    return story(entry(event, number, stream) for number, event in enumerate(events, 1))


def entry(event: Any, seq: int, stream: str) -> Entry:
    type_ = f"enrollment.{type(event).__name__}"
    return Entry(
        type=type_,
        stream=stream,
        seq=seq,
        ledger="990101",
        service="enrollment",
        occurred_at=START,
        recorded_at=START + timedelta(seconds=seq),
        actor="system",
        via="system",
        data=decode(type_, 1, msgspec.json.encode(event)),
    )


@given(ATTENDANCE)
def test_attendance_is_seen_as_it_is(events: list[Any]) -> None:
    state = a.Attendance()
    for event in events:
        state = a.evolve(state, event)
    view = seen(events, f"attendance-{CHILD}").attendance
    assert view.marks == {mark.on: mark.mark for mark in state.marks}
    open_run = next((run for run in state.runs() if not run.ended), None)
    run = view.run
    assert (run and (run.first, run.last, run.days)) == (
        open_run and (open_run.first_on, open_run.last_on, open_run.days)
    )
    assert [(leave.kind, leave.first_on, leave.last_on) for leave in view.leaves] == [
        (leave.kind, leave.first_on, leave.last_on) for leave in state.leaves
    ]


@given(MOVES)
def test_a_child_is_seen_as_it_is(events: list[Any]) -> None:
    state: Any = c.Unknown()
    for event in events:
        state = c.evolve(state, event)
    view = seen(events, f"child-{CHILD}").child
    sits = isinstance(state, c.Enrolled)
    assert (view.klass, view.seat) == ((state.klass, state.seat) if sits else (None, None))
    assert view.fields == ({} if isinstance(state, c.Unknown) else state.fields)
    home = c.home_of(state)
    assert view.village == (home.village if home else None)
