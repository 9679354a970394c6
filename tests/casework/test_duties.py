"""Duties on a real store: armed once, ended as they deserve, whatever order and however often."""

import asyncio
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from services.casework.processes.duty_times import ensure_plans
from services.casework.queries import duty_rows as rows
from shared import clock, timer
from shared.contracts import enrollment as e
from tests.casework.acting import COUNTY_VIEW, give
from tests.county import (
    CHILD,
    KLASS,
    LEDGER,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL,
    TEACHER,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World

pytestmark = pytest.mark.usefixtures("told")
PROCESS = "casework.duties"


async def of_kind(world: World, kind: str) -> list[dict[str, object]]:
    """The kind's duties as their rows stand, the earliest due first."""
    query = text("select * from duty where kind = :kind order by due_at, target")
    async with world.engine.connect() as conn:
        return [dict(row._mapping) for row in await conn.execute(query, {"kind": kind})]


async def only(world: World, kind: str) -> dict[str, object]:
    (found,) = await of_kind(world, kind)
    return found


async def counted(world: World) -> Counter[str]:
    return Counter(one.type.split(".")[1] for one in await world.events() if "Duty" in one.type)


async def test_a_flag_arms_what_somebody_must_do_and_by_whom(world: World, told: Told) -> None:
    told.streak()
    thursday = MONDAY + timedelta(days=3)
    await world.move_to(at(thursday))
    await world.hear("enrollment", told.entries)
    visit = await only(world, "first_visit")
    assert (visit["state"], visit["target"], visit["child"]) == ("armed", str(CHILD), CHILD)
    assert visit["holders"] == [TEACHER]
    assert visit["due_at"] == at(date(2026, 11, 22), 0, 0)
    report = await only(world, "dropout_report")
    assert report["due_at"] == at(thursday + timedelta(days=1), 0, 0)
    armed = [
        one for one in await world.events("DutyArmed") if data_of(one)["kind"] == "first_visit"
    ]
    assert armed[0].subject == str(CHILD)
    assert data_of(armed[0])["rows"] == ["6-38"]
    assert len(data_of(armed[0])["calendar"]) == 16
    assert armed[0].policyversion


async def test_one_open_search_for_the_reason_of_a_run_ends_with_the_childs_return(
    world: World, told: Told
) -> None:
    told.absent(MONDAY)
    told.absent(MONDAY + timedelta(days=1))
    await world.hear("enrollment", told.entries)
    run = await only(world, "absence_streak")
    assert run["due_at"] == at(MONDAY + timedelta(days=4), 0, 0), "three school days after Monday"
    told.present(MONDAY + timedelta(days=2))
    await world.hear("enrollment", told.entries)
    assert (await only(world, "absence_streak"))["state"] == "satisfied"


async def test_heard_twice_and_rebuilt_it_is_armed_and_ended_once(world: World, told: Told) -> None:
    told.absent(MONDAY)
    told.present(MONDAY + timedelta(days=1))
    await world.hear("enrollment", told.entries)
    before = await counted(world)
    await world.hear("enrollment", told.entries)
    async with world.engine.begin() as conn:
        await conn.execute(text("delete from checkpoint where subscription = :s"), {"s": PROCESS})
    await world.hear("enrollment", told.entries)
    assert await counted(world) == before == {"DutyArmed": 1, "DutySatisfied": 1}


async def test_evidence_that_comes_before_its_duty_counts(world: World, told: Told) -> None:
    """The return is heard by the process in the same batch as, but before, the absence."""
    first = told.present(MONDAY)
    second = told.absent(MONDAY)
    assert first.seq < second.seq
    await world.hear("enrollment", told.entries)
    assert (await only(world, "absence_streak"))["state"] == "satisfied"


async def test_what_is_not_done_in_time_is_breached_and_climbs_each_step_once(
    world: World, told: Told
) -> None:
    told.absent(MONDAY)
    await world.hear("enrollment", told.entries)
    due = at(MONDAY + timedelta(days=4), 0, 0)
    await world.move_to(due - timedelta(seconds=5))
    await world.tick()
    assert (await only(world, "absence_streak"))["state"] == "armed"
    await world.move_to(due)
    await world.tick()
    assert (await only(world, "absence_streak"))["state"] == "breached"
    await world.move_to(due + timedelta(hours=2))
    await world.tick()
    await world.move_to(due + timedelta(days=3))
    await world.tick()
    steps = [data_of(one) for one in await world.events("DutyEscalated")]
    mine = [
        one for one in steps if one["duty"] == str((await only(world, "absence_streak"))["duty"])
    ]
    assert [(one["step"], one["role"]) for one in mine] == [
        (0, "principal"),
        (1, "township_officer"),
    ]
    assert all(one["to"] for one in mine)
    told.present(MONDAY + timedelta(days=7))
    await world.hear("enrollment", told.entries)
    late = await only(world, "absence_streak")
    assert late["state"] == "late"
    names = await counted(world)
    assert names["DutyBreached"] >= 1


async def test_the_teacher_of_august_answers_for_august(world: World, told: Told) -> None:
    """Trap 12: who held it on the day it was due, not who holds it when the breach is noted."""
    successor = uid("successor")
    told.absent(MONDAY)
    handed = MONDAY + timedelta(days=5)
    told.tell(e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=handed), PATH, None, at(MONDAY))
    told.tell(
        e.HomeroomTeacherAssigned(klass=KLASS, staff=successor, valid_from=handed),
        PATH,
        None,
        at(MONDAY, 9),
    )
    await world.hear("enrollment", told.entries)
    await world.move_to(at(handed + timedelta(days=3)))
    await world.tick()
    (breached,) = [
        data_of(one)
        for one in await world.events("DutyBreached")
        if data_of(one)["duty"] == str((await only(world, "absence_streak"))["duty"])
    ]
    assert breached["holders"] == [str(TEACHER)]


async def plan(world: World, day: date) -> None:
    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    await world.move_to(at(day, 0, 0))
    for _ in range(400):
        if not await world.tick():
            return


async def no_plans(world: World) -> None:
    """No more periods begin by themselves."""
    async with world.engine.begin() as conn:
        await conn.execute(text("delete from timer where kind = 'duty.plan'"))


async def plan_only(world: World, day: date) -> None:
    """The periods of one day; those of the days between are not lived."""
    await no_plans(world)
    await world.move_to(at(day, 0, 0))
    await plan(world, day)


async def test_periods_begin_by_themselves_and_are_planned_once_a_day(
    world: World, told: Told
) -> None:
    await plan(world, MONDAY + timedelta(days=1))
    rolls = await of_kind(world, "daily_roll")
    days = {one["period"] for one in rolls}
    assert days == {"2026-11-16", "2026-11-17"}
    assert {one["target"] for one in rolls} >= {str(KLASS)}
    assert {one["period"] for one in await of_kind(world, "weekly_meeting")} == {"2026-W47"}
    before = await counted(world)
    await plan(world, MONDAY + timedelta(days=1))
    assert await counted(world) == before


async def test_a_long_stop_is_made_up_day_by_day(world: World, told: Told) -> None:
    await plan(world, date(2026, 12, 2))
    weeks = {one["period"] for one in await of_kind(world, "weekly_meeting")}
    assert weeks == {"2026-W47", "2026-W48", "2026-W49"}
    assert {one["period"] for one in await of_kind(world, "self_check")} == {"2026-12"}
    missed = [one for one in await of_kind(world, "weekly_meeting") if one["state"] == "breached"]
    assert {one["period"] for one in missed} == {"2026-W47", "2026-W48"}


async def test_the_last_of_february_is_on_the_list_in_a_common_year(
    world: World, told: Told
) -> None:
    """Trap 1: armed thirty days before, due at the end of 28 February 2027."""
    await world.move_to(at(date(2027, 1, 28)))
    await plan(world, date(2027, 1, 29))
    notices = await of_kind(world, "spring_notices")
    assert {one["due_at"] for one in notices} == {at(date(2027, 3, 1), 0, 0)}
    assert {one["target"] for one in notices} >= {SCHOOL}


async def test_a_leaver_is_no_longer_owed_what_only_pupils_are(world: World, told: Told) -> None:
    told.absent(MONDAY)
    left = e.StudentLeftClass(child=CHILD, klass=KLASS, on=MONDAY + timedelta(days=1), reason="x")
    told.tell(left, PATH, CHILD, at(MONDAY + timedelta(days=1)), f"child-{CHILD}")
    await world.hear("enrollment", told.entries)
    await world.move_to(at(MONDAY + timedelta(days=4), 1))
    await world.tick()
    run = await only(world, "absence_streak")
    assert run["state"] == "cancelled"


async def test_evidence_filed_for_one_duty_answers_for_no_other(world: World, told: Told) -> None:
    """The notices are filed while the plan of two weeks is still to be made up for."""
    await plan_only(world, date(2027, 1, 29))
    notices = next(one for one in await of_kind(world, "spring_notices") if one["target"] == SCHOOL)
    await world.move_to(at(date(2027, 2, 14)))
    note = {"done_on": date(2027, 2, 14).isoformat(), "note": "全部送到户"}
    await give(world, "file_evidence", COUNTY_VIEW, duty=str(notices["duty"]), **note)
    for _ in range(400):
        if not await world.tick():
            break
    reports = await of_kind(world, "spring_report")
    assert {(one["state"], one["got"]) for one in reports} == {("armed", 0)}


async def test_a_step_that_nobody_holds_reaches_the_principal(world: World, told: Told) -> None:
    """责任人：校长: there is no grade leader; the breach does not end in silence (1-09)."""
    told.streak()
    await world.move_to(at(MONDAY + timedelta(days=3)))
    await world.hear("enrollment", told.entries)
    await world.move_to(at(MONDAY + timedelta(days=7)))
    while await world.tick():
        pass
    visit = str((await only(world, "first_visit"))["duty"])
    steps = [data_of(one) for one in await world.events("DutyEscalated")]
    first = next(one for one in steps if one["duty"] == visit and one["step"] == 0)
    assert (first["role"], first["to"]) == ("grade_leader", [str(PRINCIPAL)])


async def test_what_ends_a_duty_does_not_wait_for_the_tick_that_finds_it_due(world: World) -> None:
    """The tick holds the timer and waits for the ledger's duties; they must not wait for it."""
    async with world.engine.begin() as conn:
        now = await clock.now(conn)
        await timer.arm(conn, timer.Timer("duty:x", now, "duty.due", LEDGER, {}))
    async with world.engine.begin() as ticking, world.engine.begin() as ending:
        await rows.lock(ending, LEDGER)
        taken = await ticking.execute(timer.TAKE, {"limit": 1, "failures": timer.FAILURE_LIMIT})
        assert [one.key for one in taken] == ["duty:x"]
        waiting = asyncio.create_task(rows.lock(ticking, LEDGER))
        async with asyncio.timeout(5):
            await timer.disarm_free(ending, ["duty:x", "climb:x:0"])
        await ending.commit()
        await waiting
        await ticking.commit()
    async with world.engine.connect() as conn:
        left = await conn.execute(text("select key from timer where key = 'duty:x'"))
        assert left.first() is None
