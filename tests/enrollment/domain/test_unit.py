"""Units: a county's founding, registration, moves, closing and terms."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.enrollment.domain import unit
from services.enrollment.domain.codes import (
    CodeMalformed,
    NameMissing,
)
from services.enrollment.domain.unit_state import (
    CountyFounded,
    TermOpened,
    UnitClosed,
    UnitMoved,
    UnitRegistered,
    UnitRenamed,
)
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARCH = date(2026, 3, 2)
JUNE = date(2026, 6, 1)
SEPTEMBER = date(2026, 9, 1)
COUNTY = "990101"
SCHOOL = "2199010001"
COUNTY_PATH = "990000/990100/990101"


FOUNDED = CountyFounded(code=COUNTY, name="石门县", origin="test/990101/enrollment")
REGISTERED = UnitRegistered(
    unit=SCHOOL,
    kind="school",
    name="石门中学",
    parent=COUNTY,
    path=f"{COUNTY_PATH}/{SCHOOL}",
    valid_from=MARCH,
)
SPRING = TermOpened(
    unit=SCHOOL, term="2026春", name="春季学期", opens_on=MARCH, ends_on=date(2026, 7, 3)
)


def found(**other: Any) -> unit.FoundCounty:
    whole: dict[str, Any] = {"code": COUNTY, "name": "石门县", "origin": FOUNDED.origin, "now": NOW}
    return unit.FoundCounty(**whole | other)


def register(**other: Any) -> unit.RegisterUnit:
    whole: dict[str, Any] = {
        "unit": SCHOOL,
        "kind": "school",
        "name": "石门中学",
        "parent_path": COUNTY_PATH,
        "valid_from": MARCH,
        "now": NOW,
    }
    return unit.RegisterUnit(**whole | other)


def move(parent_path: str, on: date = JUNE) -> unit.MoveUnit:
    return unit.MoveUnit(unit=SCHOOL, parent_path=parent_path, on=on, now=NOW)


def rename(name: str, on: date = JUNE) -> unit.RenameUnit:
    return unit.RenameUnit(unit=SCHOOL, name=name, on=on, now=NOW)


def close(on: date) -> unit.CloseUnit:
    return unit.CloseUnit(unit=SCHOOL, on=on, now=NOW)


def term(**other: Any) -> unit.OpenTerm:
    whole: dict[str, Any] = {
        "unit": SCHOOL,
        "term": "2026春",
        "name": "春季学期",
        "opens_on": MARCH,
        "ends_on": date(2026, 7, 3),
        "now": NOW,
    }
    return unit.OpenTerm(**whole | other)


def test_a_county_is_founded_once_and_then_registered_in_its_tree() -> None:
    given(unit.UNIT).when(found()).then(FOUNDED)
    given(unit.UNIT, FOUNDED).when(found()).then_nothing()
    given(unit.UNIT, FOUNDED).when(found(name="别县")).then_rejected(unit.CountyFoundedOtherwise)
    given(unit.UNIT).when(found(code="9901")).then_rejected(CodeMalformed)
    given(unit.UNIT).when(found(name=" ")).then_rejected(NameMissing)
    division = register(unit=COUNTY, kind="division", name="石门县", parent_path="990000/990100")
    given(unit.UNIT, FOUNDED).when(division).then(
        UnitRegistered(
            unit=COUNTY,
            kind="division",
            name="石门县",
            parent="990100",
            path=COUNTY_PATH,
            valid_from=MARCH,
        )
    )


def test_a_unit_is_registered_once() -> None:
    given(unit.UNIT).when(register()).then(REGISTERED)
    given(unit.UNIT, REGISTERED).when(register()).then_nothing()
    given(unit.UNIT, REGISTERED).when(register(name="别校")).then_rejected(
        unit.UnitRegisteredOtherwise
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"unit": "12345"}, CodeMalformed),
        ({"unit": "9901", "kind": "division"}, CodeMalformed),
        ({"name": "校" * 101}, NameMissing),
        ({"parent_path": f"{COUNTY_PATH}/{SCHOOL}"}, unit.UnitBelowItself),
    ],
)
def test_an_unfit_registration_is_refused(change: dict[str, Any], error: Any) -> None:
    given(unit.UNIT).when(register(**change)).then_rejected(error)


def test_a_unit_moves_is_renamed_and_closed_in_the_order_of_dates() -> None:
    township = f"{COUNTY_PATH}/990101001"
    before = given(unit.UNIT, REGISTERED)
    moved = UnitMoved(unit=SCHOOL, parent="990101001", path=f"{township}/{SCHOOL}", on=JUNE)
    before.when(move(township)).then(moved)
    before.when(move(COUNTY_PATH)).then_nothing()
    before.when(move(f"{COUNTY_PATH}/{SCHOOL}")).then_rejected(unit.UnitBelowItself)
    before.when(move(township, date(2026, 1, 1))).then_rejected(unit.ChangeBeforeTheLast)
    before.when(rename("新校")).then(UnitRenamed(unit=SCHOOL, name="新校", was="石门中学", on=JUNE))
    before.when(rename("石门中学")).then_nothing()
    before.when(close(JUNE)).then(UnitClosed(unit=SCHOOL, on=JUNE))
    given(unit.UNIT, REGISTERED, moved).when(rename("新校", MARCH)).then_rejected(
        unit.ChangeBeforeTheLast
    )


def test_a_closed_unit_takes_no_changes() -> None:
    before = given(unit.UNIT, REGISTERED, UnitClosed(unit=SCHOOL, on=JUNE))
    before.when(close(JUNE)).then_nothing()
    for command in (close(SEPTEMBER), rename("新校"), move(COUNTY_PATH), term()):
        before.when(command).then_rejected(unit.UnitNotStanding)
    before.when(register()).then_rejected(unit.UnitRegisteredOtherwise)
    given(unit.UNIT).when(term()).then_rejected(unit.UnitNotStanding)


def test_terms_do_not_overlap_and_a_term_opened_anew_replaces_itself() -> None:
    before = given(unit.UNIT, REGISTERED, SPRING)
    before.when(term()).then_nothing()
    before.when(term(opens_on=JUNE)).then(
        TermOpened(
            unit=SCHOOL, term="2026春", name="春季学期", opens_on=JUNE, ends_on=SPRING.ends_on
        )
    )
    autumn = {"term": "2026秋", "name": "秋季学期", "ends_on": date(2027, 1, 15)}
    before.when(term(**autumn, opens_on=date(2026, 7, 3))).then_rejected(unit.TermsOverlap)
    before.when(term(ends_on=date(2026, 1, 1))).then_rejected(unit.TermBackwards)
    before.when(term(ends_on=date(2027, 3, 1))).then_rejected(unit.TermTooLong)
