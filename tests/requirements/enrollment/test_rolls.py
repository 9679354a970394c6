"""A class says each day who is there; one that did not is known by the cut-off."""

from datetime import timedelta

from tests.county import data_of
from tests.enrollment.world import CHILDREN, KLASS, Enrolled, at, day
from tests.requirements.casework.desk import rule, types
from tests.requirements.enrollment.classroom import call_roll, read


async def test_a_class_calls_its_roll_each_day_or_is_missing_at_the_cut_off(
    school: Enrolled,
) -> None:
    away, *there = CHILDREN
    sheet = await read(school, f"/enrollment/classes/{KLASS}/roll")
    assert "/enrollment/commands/submit_roll" in sheet
    assert all(str(child) in sheet for child in CHILDREN)
    assert types(await call_roll(school, day(0), away)) == ["enrollment.DailyRollSubmitted"]
    [absent] = await school.events("StudentAbsent")
    assert absent.subject == str(away) and data_of(absent)["on"] == str(day(0))
    [sent] = await school.events("DailyRollSubmitted")
    assert set(data_of(sent)["present"]) == {str(child) for child in there}
    # Monday's roll is in; nobody sends Tuesday's.
    cut_off = at(day(1), rule("roll.cut_off"))
    await school.to(cut_off - timedelta(minutes=1))
    assert await school.events("DailyRollMissing") == []
    await school.to(cut_off)
    [missing] = await school.events("DailyRollMissing")
    assert missing.stream == f"roll-{KLASS}-{day(1)}"
    assert "还没点名" in await read(school, "/enrollment/today/classes", "principal")
    # A roll that is missing says nothing of anybody.
    assert len(await school.events("StudentAbsent")) == 1
