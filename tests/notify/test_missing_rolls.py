"""提醒 and 全部提醒: one notice a class and day, to whoever owes the roll, and an honest answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts import enrollment as e
from shared.rights import Viewer
from tests.county import (
    COUNTY,
    COUNTY_PATH,
    INSPECTOR,
    KLASS,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    OTHER_PATH,
    PRINCIPAL,
    SCHOOL_PATH,
    STRANGER,
    TEACHER,
    Told,
    account,
    at,
    data_of,
)
from tests.followed import World, viewer_of

OFFICER = viewer_of(COUNTY, "county_officer", COUNTY_PATH)
HEAD = viewer_of(PRINCIPAL, "principal", SCHOOL_PATH)


async def press(world: World, viewer: Viewer, *klasses: UUID) -> Any:
    """The button as a browser presses it, and the page that follows."""
    form = {"command_id": str(uuid7()), "version": "0", "klasses": ",".join(map(str, klasses))}
    async with world.browser(viewer) as browser:
        return await browser.post("/notify/commands/remind_class", data=form, follow_redirects=True)


async def reached(world: World) -> list[tuple[str, str]]:
    queued = [data_of(one) for one in await world.events("NotificationQueued")]
    return [(one["account"], one["about"]) for one in queued]


async def test_the_teacher_or_the_principal_hears_once_a_day(world: World, casework: Told) -> None:
    rolls = {one: f"roll-{one}-{MONDAY}" for one in (KLASS, OTHER_KLASS)}
    page = await press(world, OFFICER, KLASS, OTHER_KLASS)
    # The other class has no homeroom teacher: its principal hears of it.
    told = [(account(TEACHER), rolls[KLASS]), (account(STRANGER), rolls[OTHER_KLASS])]
    assert sorted(await reached(world)) == sorted(told)
    assert "提醒了 2 个班" in page.text and "沈秀兰" in page.text and "马小川" in page.text
    await press(world, OFFICER, KLASS)
    await press(world, HEAD, KLASS)
    assert len(await reached(world)) == 2
    await world.move_to(at(MONDAY + timedelta(days=1)))
    await press(world, HEAD, KLASS)
    assert len(await reached(world)) == 3


async def test_the_teacher_finds_it_in_the_inbox_one_tap_from_the_roll(
    world: World, casework: Told
) -> None:
    await press(world, HEAD, KLASS)
    async with world.browser(viewer_of(TEACHER, "homeroom_teacher", SCHOOL_PATH)) as browser:
        page = (await browser.get("/notify/inbox")).text
    assert "今天还没点名" in page and f'href="/enrollment/classes/{KLASS}/roll"' in page
    assert "石桥镇初级中学 8年级1班" in page


async def test_a_class_without_anybody_to_tell_is_named(
    world: World, told: Told, casework: Told
) -> None:
    closed = e.AccountClosed(staff=STRANGER, account=account(STRANGER), reason="left")
    told.tell(closed, OTHER_PATH, STRANGER, at(MONDAY))
    await world.hear("enrollment", told.entries)
    page = await press(world, OFFICER, KLASS, OTHER_KLASS)
    assert [who for who, _ in await reached(world)] == [account(TEACHER)]
    assert "1 个班的班主任和校长都没有账号" in page.text
    assert f"/enrollment/classes/{OTHER_KLASS}" in page.text and "没有提醒到" in page.text


async def test_nobody_reminds_a_class_of_other_people_and_an_inspector_none(
    world: World, casework: Told
) -> None:
    stranger = viewer_of(STRANGER, "principal", OTHER_PATH)
    inspector = viewer_of(INSPECTOR, "inspector", COUNTY_PATH)
    for viewer, klasses in ((stranger, (KLASS, OTHER_KLASS)), (inspector, (KLASS,))):
        assert (await press(world, viewer, *klasses)).status_code == 403
    assert await reached(world) == []
    async with world.browser(stranger) as browser:
        page = await browser.get(f"/notify/reminded?nobody={KLASS}")
    assert "8年级1班" not in page.text and OTHER_CLASS_PATH not in page.text
