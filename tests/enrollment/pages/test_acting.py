"""What the pages' own forms come to, sent as a browser sends them."""

import re
from typing import Any

from tests.county import CHILD, KLASS, MONDAY, SCHOOL_PATH, SECOND, uid
from tests.enrollment.pages import seeded as s
from tests.enrollment.world import nothing_is_held
from tests.followed import World, viewer_of

HERE = f"/enrollment/classes/{KLASS}"
HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">')


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts to the command."""
    form = page[page.index(f'action="/enrollment/commands/{action}"') :]
    return dict(HIDDEN.findall(form[: form.index("</form>")]))


async def test_a_roll_goes_out_gets_its_reasons_and_is_recalled(world: World) -> None:
    async with world.browser(s.TEACHER) as browser:
        values: dict[str, Any] = hidden((await browser.get(f"{HERE}/roll")).text, "submit_roll")
        marked = {"present": str(s.THIRD), "unexcused": [str(CHILD), str(SECOND)]}
        accept = {"accept": "application/json"}
        sent = f"{HERE}/rolls/{MONDAY}"
        for _ in range(2):
            answer = await browser.post(
                "/enrollment/commands/submit_roll", data=values | marked, headers=accept
            )
            assert (answer.status_code, answer.json()["next"]) == (200, sent)
        known = await browser.get(f"{sent}/known?command_id={values['command_id']}")
        assert known.json() == {"known": True, "next": sent}
        await world.settled()
        page = (await browser.get(sent)).text
        assert "应到 3，实到 1，请假 0，" in page and "未到 2" in page
        # Both rows of one screen may be tapped, one after the other.
        for child, reason in ((CHILD, "sick"), (SECOND, "truant")):
            tap = hidden(page, "set_reason") | {"child": str(child), "reason": reason}
            tap["command_id"] = str(s.uuid7())
            answer = await browser.post(
                "/enrollment/commands/set_reason",
                data=tap,
                headers={"hx-request": "true"},
                follow_redirects=True,
            )
            assert answer.status_code == 200, answer.text
            assert f'value="{reason}" aria-pressed="true"' in answer.text
            assert "<html" not in answer.text and s.NAMES[child] in answer.text
        page = (await browser.get(sent)).text
        assert "实到 1，请假 1，" in page and "未到 1" in page
        answer = await browser.post(
            "/enrollment/commands/recall_roll", data=hidden(page, "recall_roll")
        )
        assert answer.status_code == 303, answer.text
    assert len(await world.events("DailyRollSubmitted")) == 3
    assert len(await world.events("DailyRollRecalled")) == 1


async def test_leave_and_changes_are_entered_from_the_childs_page(world: World) -> None:
    page = f"/enrollment/children/{CHILD}"
    async with world.browser(s.PRINCIPAL) as browser:
        values = hidden((await browser.get(f"{page}/do/grant_leave")).text, "grant_leave")
        days = {"kind": "sick", "first_on": str(MONDAY), "last_on": str(MONDAY), "note": ""}
        answer = await browser.post("/enrollment/commands/grant_leave", data=values | days)
        assert answer.status_code == 303, answer.text
        values = hidden((await browser.get(f"{page}/do/change_child")).text, "change_child")
        answer = await browser.post(
            "/enrollment/commands/change_child", data=values | {"ethnic": "汉族", "phone": ""}
        )
        assert answer.status_code == 303, answer.text
        await world.settled()
        drawn = (await browser.get(page)).text
    assert "病假 11月16日—11月16日" in drawn and "汉族" in drawn and "138 **** 6027" in drawn


async def test_a_teacher_says_who_is_a_key_pupil_and_who_is_no_longer(world: World) -> None:
    page = f"/enrollment/children/{CHILD}"
    async with world.browser(s.TEACHER) as browser:
        form = (await browser.get(f"{page}/do/tag_group")).text
        assert "重点生" in form and "谁认定的" in form
        given = {"group": "key_pupil", "since": str(MONDAY), "until": "", "source": "school"}
        answer = await browser.post(
            "/enrollment/commands/tag_group", data=hidden(form, "tag_group") | given
        )
        assert answer.status_code == 303, answer.text
        drawn = (await browser.get(page)).text
        assert "重点生（11月16日 起）" in drawn and "归入一类学生" in drawn
        form = (await browser.get(f"{page}/do/untag_group")).text
        given = hidden(form, "untag_group") | {"group": "key_pupil", "on": str(MONDAY)}
        answer = await browser.post("/enrollment/commands/untag_group", data=given)
        assert answer.status_code == 303, answer.text
        assert "重点生" not in (await browser.get(page)).text
    (tagged,) = await world.events("StudentGroupTagged")
    assert tagged.subject == str(CHILD) and tagged.stream == f"child-{CHILD}"
    assert len(await world.events("StudentGroupUntagged")) == 1


async def test_a_label_is_read_by_those_who_may_read_of_the_family(world: World) -> None:
    page = f"/enrollment/children/{CHILD}"
    async with world.browser(s.TEACHER) as browser:
        form = hidden((await browser.get(f"{page}/do/tag_group")).text, "tag_group")
        form |= {"group": "struggling", "since": str(MONDAY), "source": "school"}
        assert (await browser.post("/enrollment/commands/tag_group", data=form)).is_redirect
        unknown = form | {"group": "geniuses", "command_id": str(s.uuid7())}
        del unknown["version"]
        answer = await browser.post("/enrollment/commands/tag_group", data=unknown)
        assert answer.status_code == 422 and "请从列表中选择" in answer.text
    leader = viewer_of(uid("leader"), "grade_leader", SCHOOL_PATH)
    async with world.browser(leader) as browser:
        assert "学困生" not in (await browser.get(page)).text
    async with world.browser(s.PRINCIPAL) as browser:
        assert "学困生" in (await browser.get(page)).text


async def test_an_account_is_closed_and_opened_again(world: World) -> None:
    await nothing_is_held(world)
    async with world.browser(s.PRINCIPAL) as browser:
        for action, state in (("close_account", "已停用"), ("open_account", "等第一次登录")):
            page = (await browser.get("/enrollment/accounts")).text
            answer = await browser.post(f"/enrollment/commands/{action}", data=hidden(page, action))
            assert answer.status_code == 303, answer.text
            await world.settled()
            assert state in (await browser.get("/enrollment/accounts")).text
