"""The roll of a class: complete or refused, recalled within its window, settled once, missing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from services.enrollment.domain.roll import (
    MAX_SHEET_CHILDREN,
    ROLL,
    Absent,
    ChildNotOnSheet,
    ChildTwiceOnRoll,
    CutOffNotReached,
    DailyRollMissing,
    DailyRollRecalled,
    DailyRollSubmitted,
    MarkRollMissing,
    NoSchoolThatDay,
    NothingToRecall,
    RecallByAnother,
    RecallDailyRoll,
    RecallTooLate,
    RollIncomplete,
    RollInFuture,
    SettledMark,
    SheetEmpty,
    SheetTooLarge,
    SubmitDailyRoll,
    Untaken,
    decide,
    marks_to_settle,
)
from shared.policy.day import moment_of
from tests.scenario import given

KLASS = UUID(int=9)
ANA, BO, CHI = (UUID(int=n) for n in (1, 2, 3))
TODAY = date(2026, 3, 2)
NOW = moment_of(TODAY, "08:10")
WINDOW = timedelta(minutes=10)


def submit(**other: Any) -> SubmitDailyRoll:
    whole: dict[str, Any] = {
        "klass": KLASS,
        "on": TODAY,
        "sheet": (ANA, BO, CHI),
        "present": (ANA, BO),
        "absent": (Absent(child=CHI, mark="unexcused", reason="not_known"),),
        "author": "teacher",
        "via": "web",
        "school_day": True,
        "recall_minutes": 10,
        "now": NOW,
    }
    return SubmitDailyRoll(**whole | other)


def submitted(**other: Any) -> DailyRollSubmitted:
    whole: dict[str, Any] = {
        "klass": KLASS,
        "on": TODAY,
        "present": (ANA, BO),
        "absent": (Absent(child=CHI, mark="unexcused", reason="not_known"),),
        "author": "teacher",
        "submitted_at": NOW,
        "settles_at": NOW + WINDOW,
        "corrects": None,
    }
    return DailyRollSubmitted(**whole | other)


def recall(version: int, author: str = "teacher", at: datetime = NOW) -> RecallDailyRoll:
    return RecallDailyRoll(klass=KLASS, on=TODAY, version=version, author=author, now=at)


def missing(at: str = "09:00", school_day: bool = True) -> MarkRollMissing:
    return MarkRollMissing(
        klass=KLASS,
        on=TODAY,
        cut_off_at=moment_of(TODAY, "09:00"),
        school_day=school_day,
        now=moment_of(TODAY, at),
    )


MISSED = DailyRollMissing(klass=KLASS, on=TODAY, cut_off_at=moment_of(TODAY, "09:00"))
ALL_HERE: dict[str, Any] = {"present": (ANA, BO, CHI), "absent": ()}
RECALLED_FIRST = DailyRollRecalled(klass=KLASS, on=TODAY, recalls=1)


def test_a_whole_sheet_is_one_event() -> None:
    given(ROLL).when(submit()).then(submitted())


def test_the_same_sheet_again_is_nothing_in_whatever_order() -> None:
    given(ROLL, submitted()).when(submit(present=(BO, ANA))).then_nothing()


def test_a_second_roll_is_a_correction_of_the_first() -> None:
    later = NOW + timedelta(hours=2)
    given(ROLL, submitted()).when(submit(**ALL_HERE, now=later)).then(
        submitted(**ALL_HERE, submitted_at=later, settles_at=later + WINDOW, corrects=1)
    )


@pytest.mark.parametrize("via", ["web", "offline"])
def test_todays_roll_by_hand_settles_after_the_window(via: str) -> None:
    given(ROLL).when(submit(via=via)).then(submitted())


@pytest.mark.parametrize("via", ["import", "cli", "integration", "migration", "system"])
def test_every_other_way_settles_at_once(via: str) -> None:
    given(ROLL).when(submit(via=via)).then(submitted(settles_at=NOW))


def test_a_past_day_settles_at_once() -> None:
    yesterday = TODAY - timedelta(days=1)
    given(ROLL).when(submit(on=yesterday)).then(submitted(on=yesterday, settles_at=NOW))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"on": TODAY + timedelta(days=1)}, RollInFuture),
        ({"school_day": False}, NoSchoolThatDay),
        ({"sheet": (), "present": (), "absent": ()}, SheetEmpty),
        ({"sheet": tuple(UUID(int=n) for n in range(MAX_SHEET_CHILDREN + 1))}, SheetTooLarge),
        ({"present": (ANA, BO, ANA)}, ChildTwiceOnRoll),
        ({"present": (ANA, BO, CHI)}, ChildTwiceOnRoll),
        ({"sheet": (ANA, CHI)}, ChildNotOnSheet),
        ({"present": (ANA,)}, RollIncomplete),
    ],
)
def test_an_unfit_roll_is_refused(change: dict[str, Any], error: Any) -> None:
    given(ROLL).when(submit(**change)).then_rejected(error)


def test_a_refusal_names_the_children_concerned() -> None:
    error = given(ROLL).when(submit(present=(ANA,))).then_rejected(RollIncomplete)
    assert error.fields["children"] == [str(BO)]


def test_the_day_is_the_schools_day_not_utcs() -> None:
    just_after_midnight = datetime(2026, 3, 2, 16, 5, tzinfo=UTC)
    given(ROLL).when(submit(on=date(2026, 3, 3), now=just_after_midnight)).then(
        submitted(
            on=date(2026, 3, 3),
            submitted_at=just_after_midnight,
            settles_at=just_after_midnight + WINDOW,
        )
    )


def test_the_author_recalls_within_the_window() -> None:
    in_time = NOW + timedelta(minutes=9, seconds=59)
    given(ROLL, submitted()).when(recall(1, at=in_time)).then(RECALLED_FIRST)


def test_nobody_else_recalls_and_nobody_after_the_window() -> None:
    before = given(ROLL, submitted())
    before.when(recall(1, author="principal")).then_rejected(RecallByAnother)
    before.when(recall(1, at=NOW + WINDOW)).then_rejected(RecallTooLate)


def test_only_the_roll_that_stands_last_is_recalled() -> None:
    given(ROLL).when(recall(1)).then_rejected(NothingToRecall)
    given(ROLL, submitted(), RECALLED_FIRST).when(recall(1)).then_rejected(NothingToRecall)
    corrected = given(ROLL, submitted(), submitted(**ALL_HERE, corrects=1))
    corrected.when(recall(1)).then_rejected(NothingToRecall)


def test_an_imported_roll_is_settled_and_not_recalled() -> None:
    given(ROLL, submitted(settles_at=NOW)).when(recall(1)).then_rejected(RecallTooLate)


def test_a_recalled_correction_leaves_the_first_roll_standing() -> None:
    correction = submitted(**ALL_HERE, corrects=1)
    undone = DailyRollRecalled(klass=KLASS, on=TODAY, recalls=2)
    state = ROLL.fold([submitted(), correction, undone])
    assert [mark.mark for mark in marks_to_settle(state, 1)] == ["present", "present", "unexcused"]


def test_a_recalled_roll_can_be_taken_anew_and_is_no_correction() -> None:
    given(ROLL, submitted(), RECALLED_FIRST).when(submit()).then(submitted())


def test_only_the_last_roll_settles() -> None:
    state = ROLL.fold([submitted(), submitted(**ALL_HERE, corrects=1)])
    assert marks_to_settle(state, 1) == ()
    assert {mark.mark for mark in marks_to_settle(state, 2)} == {"present"}
    assert marks_to_settle(Untaken(), 0) == ()


def test_settling_a_correction_says_what_had_settled_before() -> None:
    later = NOW + timedelta(hours=1)
    correction = submitted(**ALL_HERE, submitted_at=later, settles_at=later + WINDOW, corrects=1)
    state = ROLL.fold([submitted(), correction])
    assert SettledMark(CHI, "present", None, "unexcused") in marks_to_settle(state, 2)


def test_what_had_not_settled_is_not_said_to_have_been() -> None:
    soon = NOW + timedelta(minutes=5)
    correction = submitted(**ALL_HERE, submitted_at=soon, settles_at=soon + WINDOW, corrects=1)
    state = ROLL.fold([submitted(), correction])
    assert SettledMark(CHI, "present", None, None) in marks_to_settle(state, 2)


def test_no_roll_by_the_cut_off_is_missing_once() -> None:
    given(ROLL).when(missing()).then(MISSED)
    given(ROLL, MISSED).when(missing()).then_nothing()
    given(ROLL, submitted()).when(missing()).then_nothing()
    given(ROLL).when(missing(school_day=False)).then_nothing()
    given(ROLL).when(missing(at="08:59")).then_rejected(CutOffNotReached)


def test_a_recalled_roll_is_missing() -> None:
    given(ROLL, submitted(), RECALLED_FIRST).when(missing()).then(MISSED)


def test_a_late_roll_after_missing_is_taken() -> None:
    late = moment_of(TODAY, "10:00")
    given(ROLL, MISSED).when(submit(now=late)).then(
        submitted(submitted_at=late, settles_at=late + WINDOW)
    )


minutes = st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.sampled_from("ab")), max_size=9)


@for_all(minutes)
def test_no_submission_takes_effect_twice_and_versions_follow_the_stream(
    steps: list[tuple[int, bool, str]],
) -> None:
    state, count = ROLL.initial, 0
    for minute, all_here, author in sorted(steps):
        command = submit(
            **(ALL_HERE if all_here else {}), author=author, now=NOW + timedelta(minutes=minute)
        )
        events = decide(command, state)
        state, count = ROLL.fold(events, state), count + len(events)
        assert decide(command, state) == []
        assert state.version == count
        settled = {mark.child for mark in marks_to_settle(state, count)}
        assert settled == {ANA, BO, CHI}
