"""The roll of a class before and after it is sent, and what the first pages say of it."""

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
    SECOND,
    TOWNSHIP,
    at,
    data_of,
)
from tests.enrollment.pages import seeded as s
from tests.followed import World

HERE = f"/enrollment/classes/{KLASS}"
CLASSMATES = {s.NAMES[one] for one in s.NAMES if one != ELSEWHERE}


async def get(world: World, path: str, viewer: Viewer = s.TEACHER, **more: Any) -> Any:
    async with world.browser(viewer, **more) as browser:
        return await browser.get(path)


async def subjects(world: World, ledger: str = "990101-access") -> list[set[str]]:
    viewed = await world.events("RecordViewed", "RestrictedFieldViewed", ledger=ledger)
    return [set(data_of(one)["subjects"]) for one in viewed]


async def test_the_sheet_has_everybody_in_seat_order_and_brings_approved_leave(
    world: World,
) -> None:
    await s.excused(world, SECOND, MONDAY, MONDAY)
    page = (await get(world, f"{HERE}/roll")).text
    places = [page.index(f'data-name="{name}"') for name in ("沙马木呷", "吉克阿依", "田家乐")]
    assert places == sorted(places) and "田小禾" not in page
    assert page.count('data-leave="sick"') == 1
    assert 'action="/enrollment/commands/submit_roll"' in page
    assert f'name="klass" value="{KLASS}"' in page and 'name="on" value="2026-11-16"' in page


async def test_the_own_class_is_recorded_once_a_day_and_names_who_was_shown(
    world: World,
) -> None:
    for _ in range(3):
        assert (await get(world, f"{HERE}/roll")).status_code == 200
    children = {str(one) for one in s.NAMES if one != ELSEWHERE}
    assert await subjects(world) == [children | {s.TEACHER.staff}]
    await get(world, f"{HERE}/roll", s.PRINCIPAL)
    await get(world, f"{HERE}/roll", s.PRINCIPAL)
    assert len(await subjects(world)) == 3
    await world.move_to(at(MONDAY + timedelta(days=1)))
    await get(world, f"{HERE}/roll")
    assert len(await subjects(world)) == 4


async def test_a_day_without_school_is_said_on_the_sheet(world: World) -> None:
    page = (await get(world, f"{HERE}/roll?on=2026-11-15")).text
    assert "不上课" in page


async def test_a_sent_roll_shows_counts_recall_and_a_tap_a_reason(world: World) -> None:
    await s.excused(world, SECOND, MONDAY, MONDAY)
    await s.called(world, MONDAY, {CHILD: ("unexcused", None), SECOND: ("sick", None)})
    page = (await get(world, f"{HERE}/rolls/{MONDAY}")).text
    assert "应到 3，实到 1，请假 1，" in page and "未到 1" in page
    assert 'action="/enrollment/commands/recall_roll"' in page
    assert 'name="recalls" value="1"' in page
    # Leave that was approved before needs no reason.
    assert "沙马木呷" in page and "吉克阿依" not in page
    assert page.count('action="/enrollment/commands/set_reason"') == 1
    assert f'name="on" value="{MONDAY}"' in page and 'value="truant"' in page
    assert 'value="not_known" aria-pressed="true"' in page


async def test_nobody_else_recalls_and_nobody_after_the_window(world: World) -> None:
    await s.called(world, MONDAY)
    assert "recall_roll" not in (await get(world, f"{HERE}/rolls/{MONDAY}", s.PRINCIPAL)).text
    await world.move_to(at(MONDAY, 8, 21))
    page = (await get(world, f"{HERE}/rolls/{MONDAY}")).text
    assert "recall_roll" not in page and "不能再撤回" in page


async def test_a_tap_on_a_reason_is_answered_by_its_row(world: World) -> None:
    await s.called(world, MONDAY - timedelta(days=3), {CHILD: ("unexcused", None)})
    await s.called(world, MONDAY, {CHILD: ("unexcused", "truant")})
    path = f"{HERE}/rolls/{MONDAY}/reasons/{CHILD}"
    async with world.browser(s.TEACHER) as browser:
        part = (await browser.get(path, headers={"hx-request": "true"})).text
        assert (await browser.get(path)).headers["location"] == f"{HERE}/rolls/{MONDAY}"
    assert part.startswith("\n<form") or part.lstrip().startswith("<form")
    assert "沙马木呷" in part and 'value="truant" aria-pressed="true"' in part
    assert "连续 2 个上学日无故未到" in part


async def test_a_correction_begins_with_what_stands_and_says_so(world: World) -> None:
    await s.called(world, MONDAY, {CHILD: ("unexcused", None), SECOND: ("personal", "personal")})
    page = (await get(world, f"{HERE}/roll")).text
    assert "沈秀兰已经交过" in page
    assert f'aria-pressed="true" data-child="{CHILD}"' in page
    assert 'data-leave="personal"' in page


async def test_an_unanswered_roll_asks_whether_it_arrived(world: World) -> None:
    answer = await get(world, f"{HERE}/rolls/{MONDAY}/known?command_id={uuid7()}")
    assert answer.json() == {"known": False, "next": f"{HERE}/rolls/{MONDAY}"}


async def test_the_teachers_first_page_says_whether_the_roll_is_in(world: World) -> None:
    part = (await get(world, "/enrollment/today/roll")).text
    assert "今天还没点名" in part and "09:00 前" in part and "应到 3 人" in part
    await world.move_to(at(MONDAY, 9, 5))
    assert "已过 09:00" in (await get(world, "/enrollment/today/roll")).text
    await s.called(world, MONDAY, {CHILD: ("unexcused", None)})
    part = (await get(world, "/enrollment/today/roll")).text
    assert "今天已点名" in part and "未到 1 人" in part


async def test_on_a_sunday_there_is_no_roll(world: World) -> None:
    await world.move_to(at(MONDAY + timedelta(days=6)))
    assert "今天不上学" in (await get(world, "/enrollment/today/roll")).text
    assert "今天不上学" in (await get(world, "/enrollment/today/classes", s.PRINCIPAL)).text


async def test_until_a_roll_is_due_no_class_is_said_to_lack_it(world: World) -> None:
    lists = (
        ("/enrollment/today/classes", s.PRINCIPAL),
        ("/enrollment/today/missing", s.COUNTY),
        ("/enrollment/today/units", s.COUNTY),
        ("/enrollment/classes?unit=all", s.COUNTY),
        ("/enrollment/today/roll", s.TEACHER),
    )
    for path, viewer in lists:
        early = (await get(world, path, viewer)).text
        assert "09:00 前" in early, path
        for alarm in ("urgent", "缺 ", "还没点名。", ">还没点名<", 'class="act'):
            assert alarm not in early, (path, alarm)
    await world.move_to(at(MONDAY, 9, 0))
    for path, viewer in lists:
        late = (await get(world, path, viewer)).text
        assert "urgent" in late and "09:00 前" not in late, path


async def test_the_schools_classes_name_who_is_away(world: World) -> None:
    await world.move_to(at(MONDAY, 9, 5))
    part = (await get(world, "/enrollment/today/classes", s.PRINCIPAL)).text
    assert "还没点名" in part and "沈秀兰" in part and "沙马木呷" not in part
    assert part.count('action="/notify/commands/remind_class"') == 4
    await s.called(world, MONDAY, {CHILD: ("unexcused", None)})
    part = (await get(world, "/enrollment/today/classes", s.PRINCIPAL)).text
    assert "沙马木呷" in part and "三年级" not in part
    assert (await subjects(world))[-1] == {str(CHILD), s.TEACHER.staff}


async def test_missing_rolls_name_their_class_and_whoever_may_reminds(world: World) -> None:
    await world.move_to(at(MONDAY, 9, 5))
    part = (await get(world, "/enrollment/today/missing", s.COUNTY)).text
    assert "石桥镇初级中学 八年级（1）班" in part and "柳河乡中心小学" in part
    assert f'href="/enrollment/classes/{KLASS}/roll"' in part
    assert f'name="klasses" value="{KLASS}"' in part and "全部提醒" in part
    both = next(line for line in part.splitlines() if f"{KLASS}," in line or f",{KLASS}" in line)
    assert str(OTHER_KLASS) in both
    assert "提醒" not in (await get(world, "/enrollment/today/missing", s.INSPECTOR)).text
    await s.called(world, MONDAY)
    part = (await get(world, "/enrollment/today/missing", s.TOWN)).text
    assert "今天的班都点过名了" in part


async def test_units_are_sorted_worst_first_and_missing_days_are_gaps(world: World) -> None:
    friday = MONDAY - timedelta(days=3)
    await s.called(world, friday, {CHILD: ("unexcused", None)})
    await s.called(world, MONDAY, {CHILD: ("unexcused", None)})
    await world.move_to(at(MONDAY, 9, 5))
    part = (await get(world, "/enrollment/today/units", s.COUNTY)).text
    assert part.index("石桥镇") < part.index("柳河乡")
    assert f'id="flags-{TOWNSHIP}"' in part and "333.3" in part and "缺 1 班" in part
    label = part[part.index('aria-label="石桥镇初级中学') :]
    days = label[: label.index('"', 12)].split("：")[1].split("，")
    assert len(days) == 20
    assert days[-2:] == ["333.3", "333.3"] and set(days[:-2]) == {"缺点名"}


@pytest.mark.parametrize(
    ("path", "may", "may_not"),
    [
        ("/enrollment/first", (s.TEACHER, s.PRINCIPAL, s.TOWN, s.COUNTY, s.INSPECTOR), ()),
        ("/enrollment/today/roll", (s.TEACHER,), (s.TOWN, s.INSPECTOR)),
        ("/enrollment/today/classes", (s.PRINCIPAL, s.COUNTY), (s.TEACHER,)),
        ("/enrollment/today/missing", (s.TOWN, s.COUNTY, s.INSPECTOR), (s.TEACHER,)),
        ("/enrollment/today/units", (s.TOWN, s.COUNTY, s.INSPECTOR), (s.TEACHER,)),
        (f"{HERE}/roll", (s.TEACHER, s.PRINCIPAL, s.COUNTY), (s.INSPECTOR, s.TOWN)),
    ],
)
async def test_who_may_sees_it_and_others_are_refused(
    world: World, path: str, may: tuple[Viewer, ...], may_not: tuple[Viewer, ...]
) -> None:
    for viewer in may:
        assert (await get(world, path, viewer)).status_code == 200, viewer.grants[0].role
    for viewer in may_not:
        answer = await get(world, path, viewer)
        assert answer.status_code == 403, viewer.grants[0].role
        assert "请" in answer.text and not CLASSMATES & set(answer.text.split())


@pytest.mark.parametrize("viewer", [s.STRANGER, s.FOREIGNER], ids=["school", "county"])
async def test_others_see_nothing_of_the_class(world: World, viewer: Viewer) -> None:
    await s.called(world, MONDAY, {CHILD: ("unexcused", None)})
    for path in (f"{HERE}/roll", f"{HERE}/rolls/{MONDAY}"):
        assert (await get(world, path, viewer)).status_code == 404
    for part in ("classes", "missing", "units"):
        answer = await get(world, f"/enrollment/today/{part}", viewer)
        assert answer.status_code == 200
        assert not any(name in answer.text for name in [*CLASSMATES, "石桥镇"])
