"""The village of a child's household: one at a time, never of a day to come or before the last."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from services.enrollment.domain import child
from services.enrollment.domain.child_groups import GroupSourceUnknown
from services.enrollment.domain.child_home import VillageDayInvalid
from services.enrollment.domain.child_state import ChildVillageRecorded, Home, home_of
from services.enrollment.imports.homes import Homes
from services.enrollment.queries.villages import Village
from tests.enrollment.domain.test_child import ANA, IN_CLASS, KNOWN
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARCH, FEBRUARY = date(2026, 3, 2), date(2026, 2, 1)
HERE, THERE = "990101001001", "990101001002"


def wish(**other: Any) -> child.RecordVillage:
    whole: dict[str, Any] = {"child": ANA, "village": HERE, "on": MARCH, "now": NOW}
    return child.RecordVillage(**whole | other)


def told(**other: Any) -> ChildVillageRecorded:
    whole: dict[str, Any] = {"child": ANA, "village": HERE, "on": MARCH, "source": "school"}
    return ChildVillageRecorded(**whole | other)


def test_a_village_is_recorded_and_the_same_again_is_nothing() -> None:
    given(child.CHILD, KNOWN, IN_CLASS).when(wish()).then(told())
    given(child.CHILD, KNOWN, told()).when(wish()).then_nothing()
    given(child.CHILD, KNOWN).when(wish(village=None)).then_nothing()


def test_a_family_that_moves_has_another_village_or_none_from_that_day_on() -> None:
    before = given(child.CHILD, KNOWN, told(on=FEBRUARY))
    before.when(wish(village=THERE)).then(told(village=THERE))
    before.when(wish(village=None)).then(told(village=None))


def test_it_begins_neither_tomorrow_nor_before_the_last_one_and_on_a_known_word() -> None:
    before = given(child.CHILD, KNOWN, told())
    before.when(wish(village=THERE, on=date(2026, 3, 3))).then_rejected(VillageDayInvalid)
    before.when(wish(village=THERE, on=FEBRUARY)).then_rejected(VillageDayInvalid)
    before.when(wish(village=THERE, source="rumour")).then_rejected(GroupSourceUnknown)


def test_leaving_a_class_changes_nothing_about_where_one_lives() -> None:
    state: Any = child.Unknown()
    leaving = child.LeaveClass(
        child=ANA, klass=IN_CLASS.klass, on=MARCH, reason="transferred", now=NOW
    )
    for event in (KNOWN, IN_CLASS, told(on=FEBRUARY)):
        state = child.evolve(state, event)
    for event in child.decide(leaving, state):
        state = child.evolve(state, event)
    assert home_of(state) == Home(HERE, FEBRUARY)


@for_all(st.sampled_from([None, HERE, THERE]), st.integers(1, 2))
def test_no_command_takes_effect_twice(village: str | None, day: int) -> None:
    state: Any = child.evolve(child.Unknown(), KNOWN)
    command = wish(village=village, on=date(2026, 3, day))
    for event in child.decide(command, state):
        state = child.evolve(state, event)
    assert child.decide(command, state) == []


STONE, WILLOW = ("990101001", "石桥镇"), ("990101002", "柳河乡")
VILLAGES = [
    Village("990101001001", "河湾村", *STONE),
    Village("990101001002", "东村村民委员会", *STONE),
    Village("990101002001", "东村", *WILLOW),
    Village("990101002002", "新场社区居委会", *WILLOW),
]
PATH = "990000/990100/990101/990101001/2199010001"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("河湾村", "990101001001"),
        ("河湾村委会", "990101001001"),
        ("某省某市青禾县石桥镇河湾村3组12号", "990101001001"),
        ("青禾县石桥镇东村8号", "990101001002"),
        ("柳河乡东村8号", "990101002001"),
        ("东村8号", "990101001002"),  # of two the one of the school's township
        ("柳河新场社区5栋", "990101002002"),
        ("石桥镇新场社区5栋", None),  # the township that is named has no such village
        ("石桥镇大东村8号", None),  # another village that nobody has registered
        ("外县某镇下河湾村", None),
        ("外县某镇东村8号", None),  # a village of the same name in another county
        ("青禾县东村8号", "990101001002"),
        ("", None),
    ],
)
def test_an_address_names_one_village_or_none(said: str, code: str | None) -> None:
    found = Homes(MARCH, "青禾县", VILLAGES).find(said, PATH)
    assert (found.code if found else None) == code
