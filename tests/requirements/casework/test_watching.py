"""What teachers see of a child before it is away: observed, flagged, watched by grade and group."""

from datetime import date, timedelta

import pytest

from shared.contracts import enrollment as e
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW
from tests.county import (
    CHILD,
    ELSEWHERE,
    KLASS,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    OTHER_SCHOOL,
    SECOND,
    Told,
    at,
)
from tests.followed import World
from tests.requirements.casework.desk import asked, duties, page, rule, send, types
from tests.requirements.casework.tagging import tagged

WATCH = "定期了解近况"


async def test_what_a_homeroom_teacher_noticed_is_logged_and_may_raise_an_alert(
    world: World, told: Told
) -> None:
    form = await page(world, f"/casework/children/{CHILD}/do/log_observation")
    assert "/casework/commands/log_observation" in form
    seen = {"observed_at": at(MONDAY, 8, 0), "kind": "mood", "notes": "上课走神，不说话"}
    logged = await send(world, "log_observation", child=CHILD, **seen)
    assert types(logged) == ["casework.ObservationLogged"]
    again = await send(world, "log_observation", child=CHILD, **seen, sign="mood")
    assert types(again) == ["casework.ObservationLogged", "casework.RiskFlagged"]
    [alert] = (await asked(world, f"/casework/alerts?child={CHILD}"))["alerts"]
    assert (alert["kind"], alert["sign"]) == ("manual", "mood")


async def test_a_class_of_which_nothing_was_noticed_for_long_is_listed(
    world: World, told: Told
) -> None:
    listed, klass = "/casework/observations", f"/enrollment/classes/{KLASS}"
    assert klass in await page(world, listed, PRINCIPAL_VIEW)
    seen = {"observed_at": at(MONDAY, 8, 0), "kind": "peers"}
    logged = await send(world, "log_observation", child=CHILD, **seen)
    assert types(logged) == ["casework.ObservationLogged"]
    assert klass not in await page(world, listed, PRINCIPAL_VIEW)
    days = rule("observation.homeroom_silent_days")
    await world.move_to(at(MONDAY + timedelta(days=days), 7))
    assert klass not in await page(world, listed, PRINCIPAL_VIEW)
    await world.move_to(at(MONDAY + timedelta(days=days), 9))
    assert klass in await page(world, listed, PRINCIPAL_VIEW)


@pytest.mark.parametrize(
    ("sign", "filter", "words"),
    [("near_dropout", "near", "接近辍学"), ("dropout_signs", "risk", "有辍学苗头")],
)
async def test_near_dropout_and_signs_of_it_are_lists_of_their_own_and_no_dropout(
    world: World, told: Told, sign: str, filter: str, words: str
) -> None:
    assert types(await send(world, "flag_risk", child=CHILD, sign=sign)) == ["casework.RiskFlagged"]
    listed = await asked(world, f"/casework/cases?filter={filter}", COUNTY_VIEW)
    assert [(one["child"], one["sign"]) for one in listed["cases"]] == [(str(CHILD), sign)]
    assert words in await page(world, f"/casework/cases?filter={filter}", COUNTY_VIEW)
    assert (await asked(world, "/casework/cases?filter=open", COUNTY_VIEW))["cases"] == []
    # Dealt with, it leaves the list: the alert is cleared, or it becomes a case.
    alert = listed["cases"][0]["stream"].removeprefix("alert-")
    await send(world, "clear_risk", alert=alert, reason="at_school")
    assert (await asked(world, f"/casework/cases?filter={filter}", COUNTY_VIEW))["cases"] == []


async def in_grade(world: World, told: Told, grade: int) -> None:
    """ELSEWHERE's own class is told with its grade."""
    moved = e.StudentEnrolled(
        child=ELSEWHERE,
        klass=OTHER_KLASS,
        school=OTHER_SCHOOL,
        grade=grade,
        seat=None,
        on=date(2026, 9, 1),
    )
    told.tell(moved, OTHER_CLASS_PATH, ELSEWHERE, at(MONDAY))
    await world.hear("enrollment", told.entries)


async def test_of_alerts_those_of_junior_school_stand_first_and_of_grades_8_and_9_before_all(
    world: World, told: Told
) -> None:
    weights = rule("risk.grade_weights")
    assert weights[3] < weights[7] < weights[8] == weights[9]
    assert rule("risk.group_weights")["poor"] > 0
    await in_grade(world, told, 3)
    for child in (ELSEWHERE, CHILD):  # the primary pupil was flagged first
        await send(world, "flag_risk", COUNTY_VIEW, child=child, sign="dropout_signs")
    alerts = (await asked(world, "/casework/alerts", COUNTY_VIEW))["alerts"]
    assert [one["child"] for one in alerts] == [str(CHILD), str(ELSEWHERE)]
    # Raised to grade 9, with a tag besides, the other one is the heavier.
    await in_grade(world, told, 9)
    await tagged(world, told, ELSEWHERE, "poor", OTHER_CLASS_PATH)
    alerts = (await asked(world, "/casework/alerts", COUNTY_VIEW))["alerts"]
    assert [one["child"] for one in alerts] == [str(ELSEWHERE), str(CHILD)]


async def watched(world: World, days: int) -> set[str]:
    """Whose case has to be looked at within the week, `days` after it was opened."""
    await world.move_to(at(MONDAY + timedelta(days=days), 9))
    cases = (await asked(world, "/casework/cases", COUNTY_VIEW))["cases"]
    children = {one["stream"]: one["child"] for one in cases}
    listed = [one for one in await duties(world, COUNTY_VIEW) if one.title == WATCH]
    return {children[one.href.split("/")[3]] for one in listed}


async def test_junior_pupils_and_tagged_children_are_looked_at_more_often(
    world: World, told: Told
) -> None:
    primary, junior = rule("monitoring.primary_days"), rule("monitoring.junior_days")
    assert rule("monitoring.junior_from_grade") == 7
    assert rule("monitoring.tagged_days") == junior < primary
    await in_grade(world, told, 3)
    for child in (CHILD, ELSEWHERE):
        flagged = await send(world, "flag_risk", COUNTY_VIEW, child=child, sign="dropout_signs")
        alert = flagged["events"][0]["stream"].removeprefix("alert-")
        await send(world, "verify_risk", COUNTY_VIEW, alert=alert, reason="called")
    # A duty stands on the first page from a week before its day.
    assert await watched(world, junior - 7 + 1) == {str(CHILD)}
    await tagged(world, told, ELSEWHERE, "leftbehind", OTHER_CLASS_PATH)
    assert await watched(world, junior - 7 + 1) == {str(CHILD), str(ELSEWHERE)}
    assert str(SECOND) not in await watched(world, primary)
