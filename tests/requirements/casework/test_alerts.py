"""From four days or a child that nobody finds to a case that somebody answers for, before night."""

from datetime import timedelta

from shared.contracts import enrollment as e
from tests.casework.acting import COUNTY_VIEW
from tests.county import (
    CHILD,
    KLASS,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    TEACHER,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World
from tests.requirements.casework.desk import (
    asked,
    due,
    flag_after_four_days,
    open_case,
    page,
    rule,
    send,
    types,
)

THURSDAY = MONDAY + timedelta(days=3)


async def test_the_fourth_unexcused_school_day_is_a_suspected_dropout(
    world: World, told: Told
) -> None:
    # casework.RiskFlagged follows from enrollment.AbsenceStreakExceeded and from nothing less.
    for day in range(rule("absence.streak.more_than_days")):
        told.absent(MONDAY + timedelta(days=day))
    await world.hear("enrollment", told.entries)
    assert (await asked(world, "/casework/alerts"))["alerts"] == []
    told.absent(THURSDAY)
    told.exceeded(MONDAY, THURSDAY, 4)
    await world.move_to(at(THURSDAY, 8, 30))
    await world.hear("enrollment", told.entries)
    [alert] = (await asked(world, "/casework/alerts"))["alerts"]
    assert (alert["kind"], alert["days"], alert["state"]) == ("streak", 4, "open")
    assert (alert["first_on"], alert["last_on"]) == (MONDAY.isoformat(), THURSDAY.isoformat())


async def test_a_child_that_nobody_finds_is_flagged_at_once_and_traced(
    world: World, told: Told
) -> None:
    flagged = await send(world, "flag_risk", child=CHILD, kind="whereabouts", note="全家搬走")
    assert types(flagged) == ["casework.RiskFlagged"]
    alert = flagged["events"][0]["stream"].removeprefix("alert-")
    opened = await send(world, "verify_risk", alert=alert, reason="whereabouts_unknown")
    case = opened["next"].rsplit("case-", 1)[1]
    lost = await send(world, "report_whereabouts_unknown", case=case, since=MONDAY)
    assert types(lost) == ["casework.WhereaboutsUnknown"]
    assert (await asked(world, f"/casework/cases/case-{case}"))["state"] == "tracing"


async def test_the_homeroom_teacher_of_the_day_answers_for_the_case(
    world: World, told: Told
) -> None:
    newcomer = uid("newcomer")
    for event in (
        e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=THURSDAY),
        e.HomeroomTeacherAssigned(klass=KLASS, staff=newcomer, valid_from=THURSDAY),
    ):
        told.tell(event, PATH, KLASS, at(MONDAY))
    alert = (await flag_after_four_days(world, told)).removeprefix("alert-")
    opened = await send(world, "verify_risk", alert=alert, reason="visited")
    assert "casework.CaseAssigned" in types(opened)
    case = await asked(world, opened["next"], COUNTY_VIEW)
    assert (case["owner"], case["owner_role"]) == (str(newcomer), "homeroom_teacher")


async def test_a_case_without_an_owner_is_on_the_first_page_until_it_has_one(
    world: World, told: Told
) -> None:
    on = MONDAY - timedelta(days=7)
    left = e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=on)
    told.tell(left, PATH, KLASS, at(MONDAY))
    ended = e.RoleEnded(staff=PRINCIPAL, role="principal", unit=SCHOOL, on=on)
    told.tell(ended, SCHOOL_PATH, PRINCIPAL, at(MONDAY))
    alert = (await flag_after_four_days(world, told)).removeprefix("alert-")
    opened = await send(world, "verify_risk", COUNTY_VIEW, alert=alert, reason="called")
    assert "casework.CaseAssigned" not in types(opened)
    assert rule("case.no_owner_days") == 0
    assert await due(world, "指定负责人", COUNTY_VIEW) == "today"
    await world.move_to(at(THURSDAY + timedelta(days=1)))
    assert await due(world, "指定负责人", COUNTY_VIEW) == "overdue"
    case = opened["next"].rsplit("case-", 1)[1]
    named = await send(world, "assign_case", COUNTY_VIEW, case=case, owner=TEACHER)
    assert types(named) == ["casework.CaseAssigned"]
    assert await due(world, "指定负责人", COUNTY_VIEW) == ""


async def test_a_dropout_is_reported_before_the_night_or_it_is_overdue(
    world: World, told: Told
) -> None:
    assert rule("report.cut_off") == "24:00"
    stream = await flag_after_four_days(world, told)
    await world.move_to(at(THURSDAY, 23, 59))
    await world.tick()
    assert await world.events("ReportOverdue") == []
    assert not (await asked(world, f"/casework/alerts/{stream}"))["overdue"]
    await world.move_to(at(THURSDAY + timedelta(days=1), 0, 0))
    await world.tick()
    [late] = await world.events("ReportOverdue")
    assert data_of(late)["due_at"] == "2026-11-19T16:00:00Z"
    assert (await asked(world, f"/casework/alerts/{stream}"))["overdue"]


async def test_a_verified_dropout_is_reported_the_same_day_and_not_overdue(
    world: World, told: Told
) -> None:
    alert = (await flag_after_four_days(world, told)).removeprefix("alert-")
    opened = await send(world, "verify_risk", alert=alert, reason="visited")
    assert types(opened).count("casework.DropoutReported") == 2
    await world.move_to(at(THURSDAY + timedelta(days=1), 0, 1))
    await world.tick()
    assert await world.events("ReportOverdue") == []
    assert not (await asked(world, f"/casework/alerts/alert-{alert}"))["overdue"]


async def test_of_a_child_that_is_back_a_new_alert_stands_in_a_list_of_its_own(
    world: World, told: Told
) -> None:
    case = await open_case(world, told)
    await world.move_to(at(THURSDAY, 10))
    back = await send(world, "reinstate", case=case, on=THURSDAY)
    assert types(back) == ["casework.Reinstated"]
    listed = "/casework/cases?filter=returned"
    assert (await asked(world, listed))["cases"] == []
    observed = {"observed_at": at(THURSDAY, 9, 30), "kind": "mood", "sign": "mood"}
    seen = await send(world, "log_observation", child=CHILD, **observed)
    assert types(seen) == ["casework.ObservationLogged", "casework.RiskFlagged"]
    [one] = (await asked(world, listed))["cases"]
    assert (one["stream"], one["state"]) == (f"case-{case}", "observing")
    assert "复学后仍有风险" in await page(world, listed)
