"""A school with more children than one reading names has a 责任分解表 for each of its classes."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from services.casework.pages import assignment_sheet
from shared.contracts import enrollment as e
from tests.casework.acting import COUNTY_VIEW, TOWN_VIEW
from tests.county import KLASS, MONDAY, SCHOOL, SCHOOL_PATH, Told, at, uid
from tests.followed import World
from tests.requirements.casework.desk import page

SHEET = "/casework/coverage/sheet?scheme=quanyuan&unit="
# As Chinese characters 七 八 九 would stand 七 九 八.
GRADES = {7: "七年级（1）班", 8: "八年级（2）班", 9: "九年级（1）班"}


async def with_classes(world: World, told: Told) -> dict[int, UUID]:
    """A class more for each grade of the school, opened in no order."""
    made = {grade: uid(f"class of {grade}") for grade in GRADES}
    for grade in (9, 7, 8):
        opened = e.ClassOpened(
            klass=made[grade],
            school=SCHOOL,
            grade=grade,
            name=GRADES[grade],
            path=f"{SCHOOL_PATH}/{made[grade]}",
            valid_from=at(MONDAY, 8).date(),
        )
        told.tell(opened, f"{SCHOOL_PATH}/{made[grade]}", made[grade], at(MONDAY, 8))
    await world.hear("enrollment", told.entries)
    return made


def in_turn(html: str, names: Iterable[str]) -> bool:
    places = [html.index(name) for name in names]
    return places == sorted(places)


async def test_the_schools_sheet_leads_to_its_classes_which_name_every_child(
    world: World, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_classes(world, told)
    monkeypatch.setattr(assignment_sheet, "NAMES_SHOWN", 0)
    school = await page(world, f"{SHEET}{SCHOOL}", COUNTY_VIEW)
    assert "人）" in school and "名字在下面各处自己的表里" in school
    assert f"unit={KLASS}" in school
    assert in_turn(school, (f">{name}</a>" for name in GRADES.values()))
    monkeypatch.undo()
    klass = await page(world, f"{SHEET}{KLASS}", COUNTY_VIEW)
    assert "名字在下面各处自己的表里" not in klass
    assert "沙马木呷" in klass


async def test_the_table_of_a_school_lists_its_classes_by_grade(world: World, told: Told) -> None:
    await with_classes(world, told)
    shown = await page(world, f"/casework/coverage?scheme=baobao&unit={SCHOOL}", COUNTY_VIEW)
    assert in_turn(shown, GRADES.values())


async def test_whoever_may_not_export_is_offered_no_file(world: World, told: Told) -> None:
    await with_classes(world, told)
    assert "sheet.xlsx" in await page(world, f"{SHEET}{SCHOOL}", COUNTY_VIEW)
    assert "sheet.xlsx" not in await page(world, f"{SHEET}{SCHOOL}", TOWN_VIEW)
