"""From the form of a child's page to somebody's duty, and back, across both services."""

from datetime import timedelta
from typing import Any

from tests.casework.test_duties import plan
from tests.enrollment.world import CHILDREN, KLASS, Enrolled, at, day, uid
from tests.requirements.casework.desk import page, post, types
from tests.together.conftest import Both, evening

CHILD, OTHER = CHILDREN[0], CHILDREN[1]
TAG, UNTAG = "/enrollment/commands/tag_group", "/enrollment/commands/untag_group"


async def office(school: Enrolled, command: str, **values: object) -> list[str]:
    return types(await post(school.world, command, await school.viewer("registrar"), **values))


async def roll(both: Both, number: int, absent: list[dict[str, Any]]) -> None:
    """The class's roll of a day as the teacher sends it, after its time for recalling."""
    teacher = await both.school.viewer("teacher")
    values = {"klass": KLASS, "on": day(number), "absent": absent}
    await post(both.school.world, "/enrollment/commands/submit_roll", teacher, **values)
    await both.to(at(day(number)) + timedelta(minutes=11))


async def test_a_child_tagged_in_the_form_is_called_about_when_it_is_on_leave(both: Both) -> None:
    school = both.school
    form = await page(
        school.world, f"/enrollment/children/{CHILD}/do/tag_group", await school.viewer("registrar")
    )
    assert TAG in form and "后进生" in form
    tagged = await office(school, TAG, child=CHILD, group="lagging", since=day(0))
    assert tagged == ["enrollment.StudentGroupTagged"]
    for child in (CHILD, OTHER):
        leave = {"first_on": day(0), "last_on": day(0), "kind": "sick"}
        await school.give("grant_leave", "teacher", child=child, **leave)
    (call,) = await both.duties("leave_call")
    assert (call["child"], call["state"], call["holders"]) == (CHILD, "armed", [uid("teacher")])


async def test_a_key_pupils_week_begins_with_a_visit_and_ends_with_the_tag(both: Both) -> None:
    school, county = both.school, await both.school.viewer("officer")
    tagged = await office(school, TAG, child=CHILD, group="key_pupil", since=day(0))
    assert tagged == ["enrollment.StudentGroupTagged"]
    await both.carried()
    charge = {"scheme": "quanyuan", "tier": "staff_child", "target": CHILD, "since": day(0)}
    assigned = {"holder": uid("teacher"), **charge}
    await post(both.casework, "/casework/commands/assign_responsibility", county, **assigned)
    await both.to(at(day(5), "00:01"))
    await plan(both.casework, day(5))
    assert await visits(both) == {"2026-W47": "breached", "2026-W48": "armed"}
    untagged = await office(school, UNTAG, child=CHILD, group="key_pupil", on=day(6))
    assert untagged == ["enrollment.StudentGroupUntagged"]
    assert await visits(both) == {"2026-W47": "breached", "2026-W48": "cancelled"}


async def visits(both: Both) -> dict[str, str]:
    """Week → how its visit stands; only one child is owed any."""
    found = await both.duties("weekly_visit")
    assert {one["child"] for one in found} <= {CHILD}
    return {one["period"]: one["state"] for one in found}


async def test_whoever_is_there_the_next_morning_is_not_called_again(both: Both) -> None:
    """明天能上学吗：否, and yet the child comes: the roll of the next day says so."""
    school, teacher = both.school, await both.school.viewer("teacher")
    for child in (CHILD, OTHER):
        await office(school, TAG, child=child, group="lagging", since=day(0))
    absent = [{"child": str(child), "mark": "sick"} for child in (CHILD, OTHER)]
    await roll(both, 0, absent)
    assert len(await both.duties("leave_call")) == 2
    await both.to(evening(0))
    for child in (CHILD, OTHER):
        said = {"child": child, "disposition": "confirmed_sick", "tomorrow": False}
        await post(both.casework, "/casework/commands/log_evening_call", teacher, **said)
    assert [one["state"] for one in await both.duties("call_again")] == ["armed", "armed"]
    await both.to(at(day(1)))
    await roll(both, 1, absent[1:])
    states = {one["child"]: one["state"] for one in await both.duties("call_again")}
    assert states == {CHILD: "cancelled", OTHER: "armed"}
