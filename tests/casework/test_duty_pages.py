"""Duties, evening calls and coverage as people meet them: through HTTP, on a real store."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from uuid_utils.compat import uuid7

from services.casework.processes.duty_times import ensure_plans
from shared import clock
from shared.contracts import enrollment as e
from shared.rights import Viewer
from tests.casework.acting import COUNTY_VIEW, INSPECTOR_VIEW, PRINCIPAL_VIEW, TEACHER_VIEW
from tests.casework.test_duties import of_kind, only
from tests.county import (
    CHILD,
    KLASS,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SECOND,
    TEACHER,
    Told,
    at,
    data_of,
)
from tests.followed import World, viewer_of

pytestmark = pytest.mark.usefixtures("told")


async def post(world: World, viewer: Viewer, command: str, **values: Any) -> httpx2.Response:
    async with world.browser(viewer, "application/json") as browser:
        body = {"command_id": str(uuid7())} | values
        answer = await browser.post(f"/casework/commands/{command}", json=body)
    await world.settled()
    return answer


async def page(world: World, viewer: Viewer, path: str) -> httpx2.Response:
    async with world.browser(viewer) as browser:
        return await browser.get(path)


async def lines(world: World, viewer: Viewer, path: str) -> list[dict[str, Any]]:
    answer = await page(world, viewer, path)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def on_leave(world: World, told: Told) -> None:
    """The child is one of those whose guardian is called, and is sick on Monday."""
    told.tagged("lagging")
    granted = e.LeaveGranted(child=CHILD, kind="sick", first_on=MONDAY, last_on=MONDAY, note=None)
    told.tell(granted, PATH, CHILD, at(MONDAY), f"attendance-{CHILD}")
    await world.hear("enrollment", told.entries)


async def test_a_teachers_evening(world: World, told: Told) -> None:
    """Four answers; 明天能上学吗 否 asks again, 帮忙 opens a difficulty; the duty is gone."""
    await on_leave(world, told)
    await world.move_to(at(MONDAY, 18))
    tonight = await page(world, TEACHER_VIEW, "/casework/calls")
    assert tonight.status_code == 200
    for asked in (
        "沙马木呷",
        "病好了吗",
        "明天能上学吗",
        "事情办好了吗",
        "有什么我帮忙的吗",
        "记下",
    ):
        assert asked in tonight.text
    watched = await page(world, INSPECTOR_VIEW, "/casework/calls")
    assert "沙马木呷" in watched.text and "log_evening_call" not in watched.text
    answer = await post(
        world,
        TEACHER_VIEW,
        "log_evening_call",
        child=str(CHILD),
        disposition="confirmed_sick",
        better=False,
        tomorrow=False,
        help=True,
        difficulty="money",
    )
    assert answer.status_code == 200, answer.text
    (call,) = await world.events("EveningCallLogged")
    assert (data_of(call)["tomorrow"], data_of(call)["help"]) == (False, True)
    assert (await only(world, "leave_call"))["state"] == "satisfied"
    again = await only(world, "call_again")
    assert (again["state"], again["due_at"]) == ("armed", at(MONDAY + timedelta(days=2), 0, 0))
    (difficulty,) = await world.events("DifficultyRecorded")
    assert data_of(difficulty)["kind"] == "money"
    assert (await only(world, "aid_decision"))["state"] == "armed"


async def test_a_child_in_no_such_group_is_not_called_by_the_seed(world: World, told: Told) -> None:
    told.absent(MONDAY, SECOND, mark="sick")
    await world.hear("enrollment", told.entries)
    assert await of_kind(world, "leave_call") == []


async def test_the_meeting_that_is_held_ends_its_duty_and_no_other(
    world: World, told: Told
) -> None:
    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    while await world.tick():
        pass
    answer = await post(
        world,
        PRINCIPAL_VIEW,
        "hold_meeting",
        unit=SCHOOL,
        kind="huddle",
        held_at=at(MONDAY, 8, 0).isoformat(),
        attended=[str(PRINCIPAL), str(TEACHER)],
        agenda="本周未到校学生",
        minutes="商量了两名学生的家访",
    )
    assert answer.status_code == 200, answer.text
    states = {one["target"]: one["state"] for one in await of_kind(world, "weekly_meeting")}
    assert states.pop(SCHOOL) == "satisfied"
    assert set(states.values()) == {"armed"}
    (held,) = await world.events("MeetingHeld")
    assert "商量" not in str(data_of(held))


async def test_plain_evidence_fulfils_a_duty_from_its_form(world: World, told: Told) -> None:
    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    await world.move_to(at(date(2027, 2, 22), 1))
    for _ in range(200):
        if not await world.tick():
            break
    duties = await lines(world, PRINCIPAL_VIEW, "/casework/duties.jsonl?state=armed&state=breached")
    mine = next(one for one in duties if one["kind"] == "spring_notices")
    assert set(mine) == {
        "duty",
        "kind",
        "subject",
        "unit",
        "holders",
        "armed_at",
        "due_at",
        "state",
        "ended_at",
        "evidence",
        "policyversion",
        "calendarversion",
        "rows",
    }
    form = await page(world, PRINCIPAL_VIEW, f"/casework/duties/{mine['duty']}/do")
    assert "春季入学（复学）通知书送达" in form.text
    here = f"/casework/duties/{mine['duty']}"
    async with world.browser(INSPECTOR_VIEW) as browser:
        watched = await browser.get("/casework/duties")
        assert 'href="/casework/duties/' in watched.text
        assert "/activities/do/" not in watched.text and '/roll"' not in watched.text
        assert (await browser.get(f"{here}/do")).headers["location"] == here
        assert f"{here}/do" not in (await browser.get(here)).text
    empty = await post(
        world, PRINCIPAL_VIEW, "file_evidence", duty=mine["duty"], done_on="2027-02-22"
    )
    assert (empty.status_code, "note" in empty.text) == (409, True)
    filed = await post(
        world,
        PRINCIPAL_VIEW,
        "file_evidence",
        duty=mine["duty"],
        done_on="2027-02-22",
        note="全部送到户",
    )
    assert filed.status_code == 200, filed.text
    (ended,) = [
        one
        for one in await lines(world, PRINCIPAL_VIEW, "/casework/duties.jsonl")
        if one["duty"] == mine["duty"]
    ]
    assert (ended["state"], len(ended["evidence"])) == ("satisfied", 1)


async def test_the_second_school_sees_nothing_of_the_first(world: World, told: Told) -> None:
    await on_leave(world, told)
    assert await lines(world, TEACHER_VIEW, "/casework/duties.jsonl")
    stranger = viewer_of(UUID(int=7), "principal", PATH.replace(SCHOOL, "2199010002"))
    assert await lines(world, stranger, "/casework/duties.jsonl") == []


async def test_a_hole_is_seen_filled_and_remembered_by_date(world: World, told: Told) -> None:
    path = "/casework/coverage.jsonl?scheme=baobao"
    holes = [one for one in await lines(world, COUNTY_VIEW, path) if one["state"] == "hole"]
    assert {one["tier"] for one in holes} >= {"teacher_child"}
    assert all(one["tier"] != "homeroom_class" or one["target"] != str(KLASS) for one in holes)
    seen = await page(world, COUNTY_VIEW, "/casework/coverage?scheme=baobao")
    assert "没人负责" in seen.text and "教师包人" in seen.text
    answer = await post(
        world,
        COUNTY_VIEW,
        "assign_responsibility",
        scheme="baobao",
        tier="teacher_child",
        target=str(CHILD),
        holder=str(TEACHER),
        since=MONDAY.isoformat(),
    )
    assert answer.status_code == 200, answer.text
    (given,) = await world.events("ResponsibilityAssigned")
    assert data_of(given)["holder"] == {"kind": "staff", "id": str(TEACHER)}
    after = [
        one["target"]
        for one in await lines(world, COUNTY_VIEW, path)
        if one["tier"] == "teacher_child"
    ]
    before = await lines(world, COUNTY_VIEW, f"{path}&on=2026-11-15")
    assert after.count(str(CHILD)) == 0
    of_child = [one for one in before if one["target"] == str(CHILD)]
    assert {one["tier"]: one["state"] for one in of_child}["teacher_child"] == "hole"
    second = await post(
        world,
        COUNTY_VIEW,
        "assign_responsibility",
        scheme="baobao",
        tier="teacher_child",
        target=str(CHILD),
        holder=str(PRINCIPAL),
        since=MONDAY.isoformat(),
    )
    assert (second.status_code, "holder" in second.text) == (409, True)
    refused = await post(
        world,
        INSPECTOR_VIEW,
        "assign_responsibility",
        scheme="baobao",
        tier="teacher_child",
        target=str(SECOND),
        holder=str(TEACHER),
        since=MONDAY.isoformat(),
    )
    assert refused.status_code == 403
