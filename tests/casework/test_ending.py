"""结束责任: a holder answers no longer after a day, found where holders are shown."""

import re
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest

from tests.casework.acting import COUNTY_VIEW, INSPECTOR_VIEW, PRINCIPAL_VIEW, TEACHER_VIEW, give
from tests.casework.test_duty_pages import lines, page, post
from tests.county import CHILD, MONDAY, SCHOOL, TEACHER, Told, data_of
from tests.followed import World

HELD = {"scheme": "baobao", "tier": "teacher_child", "target": str(CHILD)}
HERE = f"/casework/coverage/end?{urlencode(HELD | {'holder': str(TEACHER)})}"
COVERED = "/casework/coverage.jsonl?scheme=baobao&all=true"
# What the form sends beside what is filled in.
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
FRIDAY = MONDAY + timedelta(days=4)


@pytest.fixture(autouse=True)
async def _assigned(world: World, told: Told) -> None:
    await give(
        world, "assign_responsibility", COUNTY_VIEW, holder=str(TEACHER), since=MONDAY, **HELD
    )


async def state(world: World, on: date) -> str:
    told = await lines(world, COUNTY_VIEW, f"{COVERED}&on={on}")
    return next(one["state"] for one in told if one.get("target") == str(CHILD))


async def test_the_page_says_what_hole_it_leaves_and_ends_with_the_last_day(world: World) -> None:
    form = await page(world, COUNTY_VIEW, HERE)
    assert form.status_code == 200
    assert "沙马木呷" in form.text and "沈秀兰" in form.text and "包保" in form.text
    assert "第二天起这里没人负责，涉及 1 名学生" in form.text
    assert 'name="last"' in form.text and "离开岗位" in form.text
    given = dict(HIDDEN.findall(form.text)) | {"last": str(FRIDAY), "reason": "left"}
    async with world.browser(COUNTY_VIEW) as browser:
        answer = await browser.post("/casework/commands/end_responsibility", data=given)
    assert answer.status_code == 303, answer.text
    await world.settled()
    (ended,) = await world.events("ResponsibilityEnded")
    assert (data_of(ended)["on"], data_of(ended)["reason"]) == (
        str(FRIDAY + timedelta(days=1)),
        "left",
    )
    assert await state(world, FRIDAY) == "held"
    assert await state(world, FRIDAY + timedelta(days=1)) == "hole"


async def test_it_is_found_where_a_holder_is_shown_by_who_may_assign(world: World) -> None:
    shown = (
        f"/casework/children/{CHILD}/answers",
        f"/casework/handover/{TEACHER}",
    )
    for path in shown:
        assert "/casework/coverage/end?" in (await page(world, COUNTY_VIEW, path)).text, path
    answers = await page(world, INSPECTOR_VIEW, shown[0])
    assert answers.status_code == 200 and "/coverage/end?" not in answers.text
    school = {"scheme": "sibao", "tier": "central_school", "target": SCHOOL}
    await give(
        world, "assign_responsibility", COUNTY_VIEW, holder=str(TEACHER), since=MONDAY, **school
    )
    table = await page(world, COUNTY_VIEW, f"/casework/coverage?scheme=sibao&unit={SCHOOL}")
    assert "/casework/coverage/end?" in table.text
    looked = await page(world, INSPECTOR_VIEW, f"/casework/coverage?scheme=sibao&unit={SCHOOL}")
    assert looked.status_code == 200 and "/coverage/end?" not in looked.text


async def test_nobody_else_ends_it_and_nothing_that_is_not_held(world: World) -> None:
    assert (await page(world, TEACHER_VIEW, HERE)).status_code == 403
    assert (await page(world, INSPECTOR_VIEW, HERE)).status_code == 403
    assert (await page(world, PRINCIPAL_VIEW, HERE)).status_code == 200
    nobody = HERE.replace(str(TEACHER), "nobody")
    assert (await page(world, COUNTY_VIEW, nobody)).status_code == 404
    neither = await post(
        world, COUNTY_VIEW, "end_responsibility", holder=str(TEACHER), reason="left", **HELD
    )
    assert neither.status_code == 422 and "最后负责的那一天" in neither.text


async def test_a_scheme_that_no_rules_know_is_no_scheme_without_holes(world: World) -> None:
    """A slip of the keys would read as: everybody has a holder."""
    answer = await page(world, COUNTY_VIEW, "/casework/coverage.jsonl?scheme=baobaoo")
    assert answer.status_code == 422 and "baobaoo" in answer.text


async def test_a_day_before_the_county_had_rules_is_told_so(world: World) -> None:
    """Waiting, as a page said, brings none of them."""
    answer = await page(world, COUNTY_VIEW, "/casework/coverage.jsonl?scheme=baobao&on=1990-01-01")
    assert answer.status_code == 422 and "还没有规则" in answer.text


async def test_a_button_that_is_drawn_from_no_version_ends_it_too(world: World) -> None:
    """不再由…负责, beside an overlap, sends version 0 like every button of one tap."""
    given = HELD | {"holder": str(TEACHER), "on": str(FRIDAY), "reason": "overlap"}
    answer = await post(world, COUNTY_VIEW, "end_responsibility", version=0, **given)
    assert answer.status_code == 200, answer.text
