"""A teacher leaves a post when each responsibility in it has a new holder, and not before."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tests.enrollment.world import CHILDREN, KLASS, OTHER_KLASS, SCHOOL, at, day, uid
from tests.followed import World
from tests.requirements.casework.desk import page, plain, post, types
from tests.together.conftest import Both

TEACHER, NEXT = uid("teacher"), uid("registrar")
E, C = "/enrollment/commands", "/casework/commands"


async def refusal(world: World, path: str, viewer: Any, **values: Any) -> dict[str, Any]:
    body = {"command_id": str(uuid7())} | {name: plain(one) for name, one in values.items()}
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.post(path, json=body)
    assert answer.status_code == 409, answer.text
    told = answer.json()
    return told["fields"] | told


async def roles(both: Both, account: str) -> set[tuple[str, str]]:
    await both.carried()
    return {(one.role, one.unit) for one in (await both.school.viewer(account)).grants}


async def assigned(both: Both, holder: UUID, instead: UUID | None = None) -> None:
    """包保 教师包人 of one child, given or passed on."""
    row = {"scheme": "baobao", "tier": "teacher_child", "target": str(CHILDREN[0])}
    row |= {"holder": str(holder), "since": str(day(0))}
    row |= {"instead": str(instead)} if instead else {}
    officer = await both.school.viewer("officer")
    await post(both.casework, f"{C}/assign_responsibilities", officer, rows=[row])


async def test_a_homeroom_ends_when_the_class_and_its_children_have_somebody_else(
    both: Both,
) -> None:
    world, officer = both.school.world, await both.school.viewer("officer")
    await assigned(both, TEACHER)
    ending = {"klass": KLASS, "staff": TEACHER, "on": day(0)}
    refused = await refusal(world, f"{E}/end_homeroom", officer, **ending)
    assert refused["code"] == "still_answers"
    assert refused["href"] == f"/casework/handover/{TEACHER}"
    assert {one["by"] for one in refused["held"]} == {"assigned", "post"}
    handover = await page(both.casework, refused["href"], officer)
    assert f"{E}/assign_homeroom" in handover and "包保：教师包人" in handover
    assert ("homeroom_teacher", str(KLASS)) in await roles(both, "teacher")
    await assigned(both, NEXT, instead=TEACHER)
    refused = await refusal(world, f"{E}/end_homeroom", officer, **ending)
    assert [one["by"] for one in refused["held"]] == ["post"], "the class still has nobody else"
    taking = {"klass": KLASS, "staff": NEXT, "valid_from": day(0)}
    answer = await post(world, f"{E}/assign_homeroom", officer, **taking)
    assert types(answer) == [
        "enrollment.HomeroomTeacherEnded",
        "enrollment.HomeroomTeacherAssigned",
        "enrollment.RoleEnded",
        "enrollment.RoleGranted",
    ]
    assert await roles(both, "teacher") == set()
    assert ("homeroom_teacher", str(KLASS)) in await roles(both, "registrar")
    ended = await post(world, f"{E}/end_homeroom", officer, **ending)
    assert ended["events"] == [], "it ended with the handover"


async def test_whoever_takes_a_class_over_does_its_duties_and_the_former_one_no_longer(
    both: Both,
) -> None:
    """The role comes with the class: roll, digest and duty are the newcomer's from that day on."""
    world, officer = both.school.world, await both.school.viewer("officer")
    taking = {"klass": KLASS, "staff": NEXT, "valid_from": day(1)}
    await post(world, f"{E}/assign_homeroom", officer, **taking)
    await both.to(at(day(1)))
    away = {"klass": KLASS, "on": day(1), "absent": [{"child": str(CHILDREN[0]), "mark": "sick"}]}
    async with world.browser(await both.school.viewer("teacher"), "application/json") as browser:
        body = {"command_id": str(uuid7())} | {k: plain(v) for k, v in away.items()}
        answer = await browser.post(f"{E}/submit_roll", json=body)
    assert answer.status_code == 403, answer.text
    newcomer = await both.school.viewer("registrar")
    held = {(one.role, one.unit) for one in newcomer.grants}
    assert held == {("registrar", SCHOOL), ("homeroom_teacher", str(KLASS))}
    assert types(await post(world, f"{E}/submit_roll", newcomer, **away)) == [
        "enrollment.DailyRollSubmitted"
    ]
    tagged = {"child": CHILDREN[0], "group": "lagging", "since": day(1)}
    await post(world, f"{E}/tag_group", newcomer, **tagged)
    leave = {"child": CHILDREN[0], "kind": "sick", "first_on": day(1), "last_on": day(1)}
    await post(world, f"{E}/grant_leave", newcomer, **leave)
    (call,) = await both.duties("leave_call")
    assert call["holders"] == [NEXT]


async def test_a_class_is_not_handed_to_somebody_who_has_left(both: Both) -> None:
    world, officer = both.school.world, await both.school.viewer("officer")
    closing = {"staff": NEXT, "account": "registrar", "reason": "调离"}
    await post(world, f"{E}/close_account", officer, **closing)
    await both.carried()
    taking = {"klass": KLASS, "staff": NEXT, "valid_from": day(0)}
    refused = await refusal(world, f"{E}/assign_homeroom", officer, **taking)
    assert refused["code"] == "has_left" and "已经离任" in refused["say"]
    assert (await both.school.viewer("teacher")).grants != ()


async def test_a_subject_teachers_role_ends_when_its_children_have_somebody_else(
    both: Both,
) -> None:
    world, officer = both.school.world, await both.school.viewer("officer")
    role = {"staff": NEXT, "role": "subject_teacher", "unit": str(KLASS)}
    await post(world, f"{E}/grant_role", officer, valid_from=day(0), **role)
    await both.carried()
    await assigned(both, NEXT)
    refused = await refusal(world, f"{E}/end_role", officer, on=day(0), **role)
    assert [one["by"] for one in refused["held"]] == ["assigned"]
    await assigned(both, TEACHER, instead=NEXT)
    answer = await post(world, f"{E}/end_role", officer, on=day(0), **role)
    assert types(answer) == ["enrollment.RoleEnded"]


async def test_a_class_with_pupils_closes_when_nobody_answers_for_them_by_hand(
    both: Both,
) -> None:
    world, officer = both.school.world, await both.school.viewer("officer")
    await assigned(both, TEACHER)
    closing = {"klass": KLASS, "on": day(0)}
    refused = await refusal(world, f"{E}/close_class", officer, **closing)
    assert refused["code"] == "still_answers" and "包保：教师包人" in refused["say"]
    assert [(one["by"], one["target"]) for one in refused["held"]] == [
        ("assigned", str(CHILDREN[0]))
    ], "who is homeroom teacher ends with the class"
    assert "教师包人" in await page(both.casework, refused["href"], officer)
    await both.carried()
    # One who goes to another class takes those along who answer for it by name.
    moved = {"child": CHILDREN[0], "klass": OTHER_KLASS, "on": day(0)}
    await post(world, f"{E}/enroll_child", officer, **moved)
    await both.carried()
    answer = await post(world, f"{E}/close_class", officer, **closing)
    assert "enrollment.ClassClosed" in types(answer)


async def test_at_the_end_of_a_school_year_a_class_that_all_have_left_closes_whoever_held_it(
    both: Both,
) -> None:
    """Also with casework away; nobody answers any more for a class that is closed."""
    world, officer = both.school.world, await both.school.viewer("officer")
    row = {"scheme": "sanbao_yigua", "tier": "second", "target": str(KLASS)}
    row |= {"holder": str(NEXT), "since": str(day(0))}
    await post(both.casework, f"{C}/assign_responsibilities", officer, rows=[row])
    await assigned(both, NEXT)
    refused = await refusal(world, f"{E}/close_class", officer, klass=KLASS, on=day(1))
    assert {one["target"] for one in refused["held"]} == {str(KLASS), str(CHILDREN[0])}
    for child in CHILDREN:
        moved = {"child": child, "klass": OTHER_KLASS, "on": day(1)}
        await post(world, f"{E}/enroll_child", officer, **moved)
    answer = await post(world, f"{E}/close_class", officer, klass=KLASS, on=day(1))
    assert "enrollment.ClassClosed" in types(answer)
    await both.to(at(day(1)))
    handover = await page(both.casework, f"/casework/handover/{NEXT}", officer)
    assert "包保：教师包人" in handover and "第二包" not in handover
