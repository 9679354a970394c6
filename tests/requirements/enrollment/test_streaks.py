"""From the rolls of four school days to an alert in casework."""

from typing import Any

from tests.county import data_of
from tests.enrollment.world import CHILDREN, Enrolled, at, day
from tests.followed import World
from tests.requirements.casework.desk import asked, rule, types
from tests.requirements.enrollment.classroom import call_roll

# Wednesday: the fourth school day is the Monday after.
FIRST_DAY = 2
CHILD = CHILDREN[0]


async def alerts(school: Enrolled, casework: World) -> list[Any]:
    """What the county's officer finds in casework once it has heard all of enrollment."""
    await casework.hear("enrollment", await school.world.own_entries())
    return (await asked(casework, "/casework/alerts", await school.viewer("officer")))["alerts"]


async def test_the_fourth_school_day_away_without_leave_is_a_suspected_dropout(
    school: Enrolled, casework: World
) -> None:
    allowed = rule("absence.streak.more_than_days")
    for number in range(FIRST_DAY, FIRST_DAY + allowed):
        sent = await call_roll(school, day(number), CHILD)
        assert types(sent) == ["enrollment.DailyRollSubmitted"]
    assert await school.events("AbsenceStreakExceeded") == []
    assert await alerts(school, casework) == []
    last = day(FIRST_DAY + allowed)
    await call_roll(school, last, CHILD)
    [streak] = await school.events("AbsenceStreakExceeded")
    assert (streak.subject, data_of(streak)["days"]) == (str(CHILD), allowed + 1)
    await casework.move_to(at(last, "08:30"))
    [alert] = await alerts(school, casework)
    assert (alert["kind"], alert["days"], alert["state"]) == ("streak", allowed + 1, "open")
    assert (alert["first_on"], alert["last_on"]) == (str(day(FIRST_DAY)), str(last))
    [flagged] = await casework.events("RiskFlagged")
    assert flagged.subject == str(CHILD)
