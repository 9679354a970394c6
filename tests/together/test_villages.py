"""A child's village, from the form to whoever answers for the household and the holes of it."""

import json
from datetime import timedelta
from typing import Any

from tests.enrollment.world import CHILDREN, OPENS, TOWNSHIP, at, day, uid
from tests.requirements.casework.desk import asked, page, post, types
from tests.together.conftest import Both

CHILD, SECOND = CHILDREN[0], CHILDREN[1]
VILLAGE, OTHER = f"{TOWNSHIP}001", f"{TOWNSHIP}002"
E, C = "/enrollment/commands", "/casework"


async def registered(both: Both) -> None:
    for code, name in ((VILLAGE, "河湾村"), (OTHER, "东村")):
        unit: dict[str, Any] = {"unit": code, "name": name, "parent": TOWNSHIP}
        await both.school.give("register_unit", kind="division", valid_from=OPENS, **unit)


async def recorded(both: Both, child: Any, village: str | None, number: int) -> list[str]:
    teacher = await both.school.viewer("teacher")
    values = {"child": child, "village": village, "on": day(number)}
    told = types(await post(both.school.world, f"{E}/record_village", teacher, **values))
    await both.carried()
    return told


async def coverage(both: Both, scheme: str) -> list[dict[str, Any]]:
    officer = await both.school.viewer("officer")
    text = await page(both.casework, f"{C}/coverage.jsonl?scheme={scheme}&all=true", officer)
    return [json.loads(line) for line in text.splitlines()]


async def test_whoever_answers_for_a_village_answers_for_its_children_from_that_day_on(
    both: Both,
) -> None:
    await registered(both)
    teacher = await both.school.viewer("teacher")
    form = await page(both.school.world, f"/enrollment/children/{CHILD}/do/record_village", teacher)
    assert f"{E}/record_village" in form and "石桥镇 河湾村" in form
    assert await recorded(both, CHILD, VILLAGE, 0) == ["enrollment.ChildVillageRecorded"]
    shown = await page(both.school.world, f"/enrollment/children/{CHILD}", teacher)
    assert "石桥镇 河湾村" in shown
    officer = await both.school.viewer("officer")
    charge = {"scheme": "baobao", "tier": "leader_village", "target": VILLAGE, "since": day(0)}
    await post(
        both.casework,
        f"{C}/commands/assign_responsibility",
        officer,
        holder=uid("officer"),
        **charge,
    )

    async def villages(on: Any) -> dict[str, str]:
        """Village of 包保 → its holder, as who asks about the child is told."""
        told = await asked(both.casework, f"{C}/children/{CHILD}/answers?on={on}", officer)
        return {
            one["target"]: one["holder"]
            for one in told["answers"]
            if (one["scheme"], one["tier"]) == ("baobao", "leader_village")
        }

    assert await villages(day(0)) == {VILLAGE: str(uid("officer"))}
    assert await villages(day(0) - timedelta(days=1)) == {}
    await both.to(at(day(1)))
    assert await recorded(both, CHILD, OTHER, 1) == ["enrollment.ChildVillageRecorded"]
    assert await villages(day(1)) == {OTHER: ""}, "nobody answers for the new one yet"
    assert await villages(day(0)) == {VILLAGE: str(uid("officer"))}


async def test_the_holes_of_a_village_are_those_of_its_children_and_households(
    both: Both,
) -> None:
    await registered(both)
    await recorded(both, CHILD, VILLAGE, 0)
    await recorded(both, SECOND, OTHER, 0)
    lines = await coverage(both, "sibao")
    homes = {one["target"]: one["village"] for one in lines if one["tier"] == "school_village"}
    assert homes[str(CHILD)] == VILLAGE and homes[str(SECOND)] == OTHER
    assert {homes[str(child)] for child in CHILDREN[2:]} == {None}
    officer = await both.school.viewer("officer")
    looked = await page(both.casework, f"{C}/coverage?scheme=sibao&unit={VILLAGE}", officer)
    assert "石桥镇 石桥镇初级中学 1班" in looked and "无人" in looked
    office = {"holder_kind": "office", "holder": "河湾村村委会", "since": day(0)}
    charge = {"scheme": "sibao", "tier": "school_village", "target": CHILD, **office}
    await post(both.casework, f"{C}/commands/assign_responsibility", officer, **charge)
    lines = await coverage(both, "sibao")
    state = {one["target"]: one["state"] for one in lines if one["tier"] == "school_village"}
    assert (state[str(CHILD)], state[str(SECOND)]) == ("held", "hole")
    looked = await page(both.casework, f"{C}/coverage?scheme=sibao&unit={VILLAGE}", officer)
    assert "河湾村村委会" in looked
