"""A child's page, what stays masked on it, the lists behind numbers, and finding a name."""

import re
from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from shared.rights import Viewer
from tests.county import (
    CHILD,
    ELSEWHERE,
    KLASS,
    MONDAY,
    OTHER_KLASS,
    SCHOOL,
    SECOND,
    TOWNSHIP,
    at,
    data_of,
)
from tests.enrollment.pages import seeded as s
from tests.enrollment.pages.test_rolls import get, subjects
from tests.followed import World

PAGE = f"/enrollment/children/{CHILD}"
EVERYBODY = (s.TEACHER, s.PRINCIPAL, s.TOWN, s.COUNTY, s.INSPECTOR)


@pytest.mark.parametrize("viewer", EVERYBODY, ids=lambda v: v.grants[0].role)
async def test_everybody_above_sees_the_child_and_nothing_unmasked(
    world: World, viewer: Viewer
) -> None:
    answer = await get(world, PAGE, viewer)
    assert answer.status_code == 200
    assert "沙马木呷" in answer.text and "女，彝族，2012-09-03 生（14 岁）" in answer.text
    # Codes are said in words; who goes home each day is no boarder; nothing here says 待封存.
    assert "住校" not in answer.text and "待封存" not in answer.text
    assert s.PHONE not in answer.text and s.NUMBER not in answer.text
    assert "阿牛莫" not in answer.text and "祖母 阿**" in answer.text
    assert "138 **** 6027" in answer.text and "990101 **** **** 0013" in answer.text
    shown = {str(CHILD), str(s.c.TEACHER), str(s.c.PRINCIPAL), str(s.c.TOWN), viewer.staff}
    assert (await subjects(world))[-1] == shown


async def test_a_family_s_tags_are_words_and_not_codes(world: World) -> None:
    assert "双亲留守" in (await get(world, PAGE, s.COUNTY)).text


async def test_an_opened_value_is_recorded_with_its_field_and_purpose(world: World) -> None:
    values = {"command_id": str(uuid7()), "field": "phone", "purpose": "contact"}
    async with world.browser(s.TEACHER) as browser:
        part = (await browser.post(f"{PAGE}/open", data=values)).text
    assert s.PHONE in part and "138 0000 6027" in part and "08:10 打开" in part
    # The covered row travels with it, for the five minutes after.
    assert "<template>" in part and "138 **** 6027" in part and "阿牛莫" not in part
    (viewed,) = await world.events("RestrictedFieldViewed", ledger="990101-access")
    told = data_of(viewed)
    assert (told["subjects"], told["fields"], told["purpose"]) == (
        [str(CHILD)],
        ["phone"],
        "contact",
    )


async def test_nothing_opens_for_another_purpose_field_or_jurisdiction(world: World) -> None:
    for viewer, field, purpose, status in (
        (s.TEACHER, "phone", "inspection", 403),
        (s.TEACHER, "phone", "curiosity", 422),
        (s.TEACHER, "name", "contact", 422),
        (s.STRANGER, "phone", "contact", 404),
        (s.FOREIGNER, "phone", "contact", 404),
    ):
        values = {"command_id": str(uuid7()), "field": field, "purpose": purpose}
        async with world.browser(viewer) as browser:
            answer = await browser.post(f"{PAGE}/open", data=values)
        assert answer.status_code == status and s.PHONE not in answer.text
    assert await world.events("RestrictedFieldViewed", ledger="990101-access") == []


async def test_the_strip_shows_missing_rolls_as_gaps(world: World) -> None:
    days = [MONDAY - timedelta(days=n) for n in (7, 6, 5, 4, 3)]
    await s.called(world, days[0])
    await s.called(world, days[1], {CHILD: ("unexcused", None)})
    await s.not_called(world, days[2])
    await s.called(world, days[3], {CHILD: ("sick", "sick"), SECOND: ("unexcused", None)})
    told = (await get(world, PAGE, accept="application/json")).json()
    marks = [told["days"].get(str(day), "present") for day in days]
    assert marks == ["present", "unexcused", "missing", "sick", "missing"]
    assert told["present"] == 1 and str(MONDAY) not in told["days"]
    page = (await get(world, PAGE)).text
    assert "2026—2027 学年出勤" in page and "到校 1" in page and "无故未到 1" in page
    assert "病假 1" in page and "按月看" in page


async def test_the_page_asks_casework_and_leads_on(world: World) -> None:
    page = (await get(world, PAGE)).text
    assert f'hx-get="/casework/children/{CHILD}"' in page
    assert f'href="{PAGE}/do/grant_leave"' in page and "/audit/children" not in page
    assert "do/change_child" not in page
    page = (await get(world, PAGE, s.COUNTY)).text
    assert f"/audit/children/{CHILD}" in page and "do/change_child" in page
    page = (await get(world, PAGE, s.INSPECTOR)).text
    assert "/do/" not in page


async def test_forms_of_a_child_post_to_their_commands(world: World) -> None:
    page = (await get(world, f"{PAGE}/do/grant_leave")).text
    assert 'action="/enrollment/commands/grant_leave"' in page and 'value="sick"' in page
    assert f'name="child" value="{CHILD}"' in page
    page = (await get(world, f"{PAGE}/do/change_child", s.PRINCIPAL)).text
    assert 'action="/enrollment/commands/change_child"' in page
    assert s.PHONE not in page and s.NUMBER not in page and 'value="彝族"' in page
    assert 'type="date" name="born"' in page and 'value="2" checked' in page
    assert (await get(world, f"{PAGE}/do/change_child")).status_code == 403
    assert (await get(world, f"{PAGE}/do/change_child", s.STRANGER)).status_code == 404


async def test_a_changed_ethnic_group_is_stored_as_its_code_and_nonsense_is_named(
    world: World,
) -> None:
    values = {"child": str(CHILD), "command_id": str(uuid7()), "version": "0"}
    async with world.browser(s.PRINCIPAL) as browser:
        url = "/enrollment/commands/change_child"
        page = (await browser.get(f"{PAGE}/do/change_child")).text
        values["version"] = re.findall(r'name="version" value="(\d+)"', page)[0]
        refused = await browser.post(url, data=values | {"ethnic": "火星族"})
        assert refused.status_code == 409 and "民族：没有这个民族" in refused.text
        done = await browser.post(url, data=values | {"ethnic": "苗族", "sex": "1"})
        assert done.status_code == 303
    assert "男，苗族" in (await get(world, PAGE, s.PRINCIPAL)).text


async def test_a_name_is_found_by_a_part_within_the_jurisdiction_alone(world: World) -> None:
    page = (await get(world, "/enrollment/children?text=田", s.COUNTY)).text
    assert "田家乐" in page and "田小禾" in page and "沙马" not in page
    shown = {str(s.THIRD), str(ELSEWHERE), s.COUNTY.staff}
    assert (await subjects(world))[-1] == shown
    page = (await get(world, "/enrollment/children?text=田", s.PRINCIPAL)).text
    assert "田家乐" in page and "田小禾" not in page
    page = (await get(world, "/enrollment/children?text=家田", s.COUNTY)).text
    assert "田家乐" not in page and "没有这个姓名" in page
    assert "田家乐" not in (await get(world, "/enrollment/children?text=田", s.FOREIGNER)).text


async def test_behind_every_number_stand_the_names(world: World) -> None:
    await s.called(world, MONDAY, {CHILD: ("unexcused", None), SECOND: ("sick", "sick")})
    for state, expected in (
        ("all", {"沙马木呷", "吉克阿依", "田家乐"}),
        ("absent", {"沙马木呷", "吉克阿依"}),
        ("unexcused", {"沙马木呷"}),
        ("leave", {"吉克阿依"}),
        ("flag", set()),
    ):
        page = (
            await get(world, f"/enrollment/children?unit={TOWNSHIP}&state={state}", s.COUNTY)
        ).text
        assert {name for name in s.NAMES.values() if name in page} == expected, state
    assert (await get(world, "/enrollment/children?state=no", s.COUNTY)).status_code == 404
    assert (await get(world, "/enrollment/children?unit=nowhere", s.COUNTY)).status_code == 404


async def test_a_long_run_is_a_flag_until_the_child_is_back(world: World) -> None:
    from sqlalchemy import text

    put = text(
        "insert into long_run (child, first_on, last_on, days, ended, ledger, seq, path)"
        " values (:child, :first, :last, 4, false, '990101', 1, :path)"
    )
    friday = MONDAY - timedelta(days=3)
    params: dict[str, Any] = {"child": CHILD, "first": friday - timedelta(days=3)}
    async with world.engine.begin() as conn:
        await conn.execute(put, params | {"last": friday, "path": s.c.PATH})
    page = (await get(world, "/enrollment/children?state=flag", s.COUNTY)).text
    assert "沙马木呷" in page and "吉克阿依" not in page
    assert "到预警线" in (await get(world, PAGE)).text


async def test_classes_lead_to_their_pupils_and_the_roll(world: World) -> None:
    async with world.browser(s.TEACHER) as browser:
        answer = await browser.get("/enrollment/classes")
    assert answer.headers["location"] == f"/enrollment/classes/{KLASS}"
    page = (await get(world, f"/enrollment/classes/{KLASS}")).text
    assert "开始点名" in page and "沙马木呷" in page and "班主任 沈秀兰" in page
    page = (await get(world, "/enrollment/classes", s.COUNTY)).text
    assert "八年级（1）班" in page and "三年级（1）班" in page and "没有班主任" in page
    await s.called(world, MONDAY, {CHILD: ("unexcused", None)})
    page = (await get(world, "/enrollment/classes?state=missing", s.COUNTY)).text
    assert "三年级（1）班" in page and "八年级（1）班" not in page
    page = (await get(world, f"/enrollment/classes?unit={SCHOOL}", s.COUNTY)).text
    assert "八年级（1）班" in page and "三年级" not in page and "未到 1" in page
    assert (await get(world, f"/enrollment/classes/{OTHER_KLASS}")).status_code == 404


async def test_json_reads_hold_no_personal_value_and_are_no_reading(world: World) -> None:
    await s.called(world, MONDAY, {CHILD: ("unexcused", None)})
    as_json: dict[str, Any] = {"accept": "application/json"}
    klass = (await get(world, f"/enrollment/classes/{KLASS}", **as_json)).json()
    assert klass["children"][0]["child"] == str(CHILD)
    assert (klass["present"], klass["unexcused"], klass["version"]) == (2, 1, 1)
    board = (await get(world, f"/enrollment/board?on={MONDAY}", s.COUNTY, **as_json)).json()
    assert {one["klass"]: one["taken"] for one in board["classes"]} == {
        str(KLASS): True,
        str(OTHER_KLASS): False,
    }
    child = await get(world, PAGE, **as_json)
    assert child.json()["klass"] == str(KLASS)
    assert not any(name in str(klass) + str(board) + child.text for name in s.NAMES.values())
    assert await world.events("RecordViewed", ledger="990101-access") == []


@pytest.mark.parametrize("viewer", [s.STRANGER, s.FOREIGNER], ids=["school", "county"])
async def test_others_see_nothing_of_a_child(world: World, viewer: Viewer) -> None:
    for path in (PAGE, f"/enrollment/classes/{KLASS}", f"{PAGE}/do/grant_leave"):
        answer = await get(world, path, viewer)
        assert answer.status_code == 404 and "沙马" not in answer.text
    for path in ("/enrollment/children", "/enrollment/classes", "/enrollment/board"):
        answer = await get(world, path, viewer)
        assert "沙马" not in answer.text and "八年级（1）班" not in answer.text


async def test_the_calendar_shows_who_decided_and_what_is_provisional(world: World) -> None:
    page = (await get(world, "/enrollment/calendar?month=2026-10", s.PRINCIPAL)).text
    assert "国家" in page and "10月1日" in page and "秋季学期" in page
    assert ">暂定<" not in page
    page = (await get(world, "/enrollment/calendar?month=2027-01", s.COUNTY)).text
    assert ">暂定<" in page and "上个月" in page
    elsewhere = f"/enrollment/calendar?unit={SCHOOL}"
    assert (await get(world, elsewhere, s.STRANGER)).status_code == 404
    assert (await get(world, elsewhere, s.COUNTY)).status_code == 200
    assert (await get(world, "/enrollment/calendar?month=2026-13")).status_code == 422


async def test_what_is_not_sent_is_listed_on_the_phone(world: World) -> None:
    assert "待提交" in (await get(world, "/enrollment/unsent")).text
    await world.move_to(at(MONDAY, 9))
