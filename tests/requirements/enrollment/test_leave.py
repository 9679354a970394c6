"""Leave is granted for named days, and is over with them."""

from tests.county import data_of
from tests.enrollment.world import CHILDREN, KLASS, Enrolled, at, day
from tests.requirements.casework.desk import types
from tests.requirements.enrollment.classroom import call_roll, read, send

CHILD = CHILDREN[0]


async def marks(school: Enrolled) -> list[tuple[str, str]]:
    """Day and mark of each absence as it was recorded."""
    absences = [data_of(one) for one in await school.events("StudentAbsent")]
    return [(one["on"], one["mark"]) for one in absences]


async def test_leave_excuses_its_days_and_no_day_after_the_child_was_expected_back(
    school: Enrolled,
) -> None:
    await call_roll(school, day(0), CHILD)
    assert await marks(school) == [(str(day(0)), "unexcused")]
    form = await read(school, f"/enrollment/children/{CHILD}/do/grant_leave")
    assert "/enrollment/commands/grant_leave" in form and "病假" in form
    days = {"first_on": day(0), "last_on": day(3)}
    granted = await send(school, "grant_leave", child=CHILD, kind="sick", note="发烧", **days)
    assert types(granted) == ["enrollment.LeaveGranted", "enrollment.AttendanceCorrected"]
    [corrected] = await school.events("AttendanceCorrected")
    assert (data_of(corrected)["was"], data_of(corrected)["now"]) == ("unexcused", "sick")
    await school.to(at(day(1)))
    assert "病假" in await read(school, f"/enrollment/children/{CHILD}")
    assert 'data-leave="sick"' in await read(school, f"/enrollment/classes/{KLASS}/roll")
    ended = await send(school, "end_leave", child=CHILD, on=day(1))
    assert types(ended) == ["enrollment.LeaveEnded"]
    assert 'data-leave="sick"' not in await read(school, f"/enrollment/classes/{KLASS}/roll")
    await call_roll(school, day(1), CHILD)
    assert (await marks(school))[-1] == (str(day(1)), "unexcused")
