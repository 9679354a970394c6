"""Groups of a child: dated, one time at a time, ended before a day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from services.enrollment.domain import child
from services.enrollment.domain import child_groups as groups
from services.enrollment.domain.child_state import (
    ChildRegistered,
    StudentEnrolled,
    StudentGroupTagged,
    StudentGroupUntagged,
    StudentLeftClass,
    groups_of,
)
from tests.enrollment.domain.test_child import ANA, IN_CLASS, KLASS, KNOWN
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARCH, APRIL, JUNE = date(2026, 3, 2), date(2026, 4, 1), date(2026, 6, 1)


def tag(**other: Any) -> child.TagStudentGroup:
    whole: dict[str, Any] = {"child": ANA, "group": "key_pupil", "since": MARCH, "now": NOW}
    return child.TagStudentGroup(**whole | other)


def untag(on: date, group: str = "key_pupil") -> child.UntagStudentGroup:
    return child.UntagStudentGroup(child=ANA, group=group, on=on, now=NOW)


def tagged(**other: Any) -> StudentGroupTagged:
    whole: dict[str, Any] = {"child": ANA, "group": "key_pupil", "since": MARCH, "until": None}
    whole["source"] = "school"
    return StudentGroupTagged(**whole | other)


def untagged(on: date) -> StudentGroupUntagged:
    return StudentGroupUntagged(child=ANA, group="key_pupil", on=on)


def test_a_child_is_tagged_and_the_same_again_is_nothing() -> None:
    given(child.CHILD, KNOWN, IN_CLASS).when(tag()).then(tagged())
    given(child.CHILD, KNOWN, tagged()).when(tag()).then_nothing()
    given(child.CHILD, KNOWN, tagged()).when(tag(group="poor")).then(tagged(group="poor"))


def test_two_times_in_one_group_do_not_overlap() -> None:
    before = given(child.CHILD, KNOWN, tagged(until=APRIL))
    before.when(tag(since=APRIL)).then_rejected(groups.InGroupAlready)
    before.when(tag(since=JUNE)).then(tagged(since=JUNE))


def test_a_child_is_taken_out_from_a_day_on_and_only_of_what_it_is_in() -> None:
    given(child.CHILD, KNOWN, tagged()).when(untag(APRIL)).then(untagged(APRIL))
    ended = given(child.CHILD, KNOWN, tagged(), untagged(APRIL))
    ended.when(untag(APRIL)).then_nothing()
    ended.when(untag(JUNE)).then_rejected(groups.NotInGroup)
    given(child.CHILD, KNOWN).when(untag(APRIL)).then_rejected(groups.NotInGroup)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"until": date(2026, 3, 1)}, groups.GroupSpanInvalid),
        ({"since": date(2028, 1, 1)}, groups.GroupSpanInvalid),
        ({"source": "hearsay"}, groups.GroupSourceUnknown),
    ],
)
def test_an_unfit_tag_is_refused(change: dict[str, Any], error: Any) -> None:
    given(child.CHILD, KNOWN).when(tag(**change)).then_rejected(error)


def test_nobody_unknown_is_tagged() -> None:
    given(child.CHILD).when(tag()).then_rejected(child.ChildUnknown)
    given(child.CHILD).when(untag(APRIL)).then_rejected(child.ChildUnknown)


def test_groups_stay_with_a_child_through_classes() -> None:
    moved = StudentLeftClass(child=ANA, klass=KLASS, on=APRIL, reason="moved")
    back = StudentEnrolled(child=ANA, klass=KLASS, school="2199010001", grade=8, seat=4, on=JUNE)
    known = child.CHILD.fold([KNOWN, IN_CLASS, tagged(), moved, back], child.CHILD.initial)
    assert [one.group for one in groups_of(known)] == ["key_pupil"]


DAYS = st.integers(0, 40).map(lambda n: date.fromordinal(MARCH.toordinal() + n))
WISHES = st.lists(
    st.one_of(
        st.builds(tag, since=DAYS, until=st.none() | DAYS, group=st.sampled_from("ab")),
        st.builds(untag, DAYS, st.sampled_from("ab")),
    ),
    max_size=12,
)


@hypothesis_given(WISHES)
def test_no_command_takes_effect_twice_and_times_never_overlap(wishes: list[Any]) -> None:
    state = child.CHILD.fold([ChildRegistered(child=ANA, fields={})], child.CHILD.initial)
    for wish in wishes:
        try:
            state = child.CHILD.fold(child.CHILD.decide(wish, state), state)
        except child.CommandRejected:
            continue
        assert child.CHILD.decide(wish, state) == []
    for group in "ab":
        for n in range(60):
            day = date.fromordinal(MARCH.toordinal() + n)
            assert sum(one.group == group and one.on(day) for one in groups_of(state)) <= 1
