"""Where duties go wrong elsewhere: rules and calendars that change, moves, clocks, copies."""

import asyncio
import itertools
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from shared import timer
from shared.contracts import duties as c
from shared.contracts import enrollment as e
from shared.decider import CommandRejected
from shared.policy.layer import Layer, encode_layer
from shared.subscription import deliver
from tests.casework.acting import PRINCIPAL_VIEW, TEACHER_VIEW, TOWN_VIEW, give
from tests.casework.test_duties import counted, no_plans, of_kind, only, plan, plan_only
from tests.casework.test_duty_pages import lines, on_leave
from tests.county import (
    CHILD,
    COUNTY_PATH,
    KLASS,
    LEDGER,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    OTHER_PATH,
    OTHER_SCHOOL,
    OTHER_TOWNSHIP,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    STRANGER,
    TEACHER,
    TERM,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of

pytestmark = pytest.mark.usefixtures("told")
POLICY_VIEW = viewer_of(uid("policy"), "policy_officer", COUNTY_PATH)
MOVED_DATE = """
format: 2
name: 改了日期的规则
extends: seed
duties:
  spring_report: {due: {date: "03-20"}}
"""
# A scheme and a duty that no code has ever heard of.
INVENTED = """
format: 2
name: 自拟的责任制
extends: seed
sources: {county-paper: 县里自己的文件}
schemes:
  riverside:
    {zh: 沿河包段, en: Riverside, basis: [county-paper],
     tiers: [{code: reach, zh: 包段, en: reach, target: child, exactly: one}]}
duties:
  river_round:
    {zh: 汛期看望, en: Round in the flood season, rows: [extra-river], basis: [county-paper],
     target: child, arm: {every: month, groups: [left_behind]}, due: {end: month},
     holder: {scheme: riverside, tier: reach}, evidence: [{event: casework.ChildVisited}],
     form: visit, breach: RiverRoundMissed}
"""
# 休学: approved until a day, and then the child is back or it is missed.
SUSPENDED = """
format: 2
name: 休学期满
extends: seed
sources: {county-paper: 县里自己的文件}
duties:
  suspension_end:
    {zh: 休学期满返校, en: Return after suspension, rows: [extra-suspension], basis: [county-paper],
     target: child, arm: {event: enrollment.SuspensionApproved}, due: {field: until},
     in_school_time: false, holder: {role: homeroom_teacher},
     evidence: [{event: enrollment.AbsenceEnded}], breach: SuspensionExpired,
     climb: [{after: 1h, to: principal}]}
"""


async def activate(world: World, content: str, valid_from: date) -> None:
    values = {"unit": LEDGER, "content": content, "basis": "县规"}
    await give(world, "activate_policy", POLICY_VIEW, valid_from=valid_from, **values)
    await world.settled()


async def test_a_deadline_moved_in_mid_year_leaves_what_is_armed_and_asks_nothing_twice(
    world: World, told: Told
) -> None:
    """Trap 28: from 15 to 20 March, after the duty of this year was armed."""
    await plan_only(world, date(2027, 2, 13))
    await activate(world, MOVED_DATE, date(2027, 2, 15))
    await plan(world, date(2027, 2, 20))
    mine = [one for one in await of_kind(world, "spring_report") if one["target"] == SCHOOL]
    assert [one["due_at"] for one in mine] == [at(date(2027, 3, 16), 0, 0)]
    await plan_only(world, date(2028, 2, 19))
    mine = [one for one in await of_kind(world, "spring_report") if one["target"] == SCHOOL]
    assert [one["due_at"] for one in mine][1:] == [at(date(2028, 3, 21), 0, 0)]
    assert mine[0]["policy"] != mine[1]["policy"]


async def test_a_calendar_published_late_moves_only_what_has_not_fallen_due(
    world: World, told: Told
) -> None:
    told.absent(MONDAY)
    await world.hear("enrollment", told.entries)
    run = await only(world, "absence_streak")
    assert run["due_at"] == at(MONDAY + timedelta(days=4), 0, 0)
    wednesday = MONDAY + timedelta(days=2)
    layer = Layer(
        layer="county",
        name="农忙",
        first=wednesday,
        last=MONDAY + timedelta(days=30),
        closed={wednesday: "农忙"},
        open={},
    )
    await give(
        world,
        "publish_calendar",
        POLICY_VIEW,
        unit=LEDGER,
        content=encode_layer(layer).decode(),
        valid_from=MONDAY + timedelta(days=1),
        basis="县规",
    )
    await world.settled()
    moved = await only(world, "absence_streak")
    assert moved["due_at"] == at(MONDAY + timedelta(days=5), 0, 0)
    (replanned,) = [
        data_of(one)
        for one in await world.events("DutyReplanned")
        if data_of(one)["duty"] == str(run["duty"])
    ]
    assert replanned["calendar"] != run["calendar"] == moved["calendar"]


async def test_a_report_that_comes_again_after_its_time_keeps_both_times(
    world: World, told: Told
) -> None:
    """Trap 18: to the county in time, to the township after it: late, and both stay."""
    await plan_only(world, date(2027, 2, 13))
    duty = next(one for one in await of_kind(world, "spring_report") if one["target"] == SCHOOL)
    for day, note in ((date(2027, 3, 10), "报县"), (date(2027, 3, 17), "退回后补报")):
        await no_plans(world)
        await world.move_to(at(day))
        while await world.tick():
            pass
        # The form claims a day in time; what counts is when it was filed.
        filed = {"duty": str(duty["duty"]), "done_on": date(2027, 3, 10), "note": note}
        await give(world, "file_evidence", PRINCIPAL_VIEW, **filed)
    duty = next(one for one in await of_kind(world, "spring_report") if one["target"] == SCHOOL)
    assert (duty["state"], duty["got"]) == ("late", 2)
    story = [
        one
        for one in await world.events("DutyAdvanced", "DutyBreached", "DutySatisfied")
        if data_of(one)["duty"] == str(duty["duty"])
    ]
    assert [one.type.split(".")[1] for one in story] == [
        "DutyAdvanced",
        "DutyBreached",
        "DutySatisfied",
    ]
    assert story[0].recorded_at < story[1].recorded_at < story[2].recorded_at


async def test_a_device_with_a_wrong_clock_neither_saves_nor_breaks_a_duty(
    world: World, told: Told
) -> None:
    """Trap 29: ahead it is refused; behind, sent next morning, the breach stays and it is late."""
    await on_leave(world, told)
    await world.move_to(at(MONDAY, 18))
    call = {"child": CHILD, "disposition": "confirmed_sick", "via": "offline"}
    with pytest.raises(CommandRejected):
        await give(world, "log_evening_call", TEACHER_VIEW, called_at=at(MONDAY, 19), **call)
    await world.move_to(at(MONDAY + timedelta(days=1), 7))
    while await world.tick():
        pass
    assert (await only(world, "leave_call"))["state"] == "breached"
    await give(world, "log_evening_call", TEACHER_VIEW, called_at=at(MONDAY, 19), **call)
    made = await only(world, "leave_call")
    assert (made["state"], made["ended_at"]) == ("late", at(MONDAY, 19))


async def test_a_school_that_moves_takes_its_duties_along_and_the_past_keeps_its_path(
    world: World, told: Told
) -> None:
    """Trap 10: the new township sees what is open; what was recorded says where it was then."""
    told.absent(MONDAY)
    await world.hear("enrollment", told.entries)
    assert [one["kind"] for one in await lines(world, TOWN_VIEW, "/casework/duties.jsonl")] == [
        "absence_streak"
    ]
    there = f"{COUNTY_PATH}/{OTHER_TOWNSHIP}"
    path = f"{there}/{SCHOOL}"
    moved = e.UnitMoved(unit=SCHOOL, parent=OTHER_TOWNSHIP, path=path, on=MONDAY)
    told.tell(moved, path, None, at(MONDAY, 12))
    await world.hear("enrollment", told.entries)
    newcomer = viewer_of(uid("new town"), "township_officer", there)
    seen = await lines(world, newcomer, "/casework/duties.jsonl")
    assert [one["kind"] for one in seen] == ["absence_streak"]
    assert await lines(world, TOWN_VIEW, "/casework/duties.jsonl") == []
    (armed,) = await world.events("DutyArmed")
    assert armed.unitpath.startswith(SCHOOL_PATH)


async def test_a_scheme_and_a_duty_out_of_yaml_alone_have_holes_holders_and_breaches(
    world: World, told: Told
) -> None:
    await activate(world, INVENTED, MONDAY + timedelta(days=1))
    told.tagged("left_behind")
    await world.hear("enrollment", told.entries)
    await world.move_to(at(MONDAY + timedelta(days=2)))
    county = viewer_of(uid("officer"), "county_officer", COUNTY_PATH)
    path = "/casework/coverage.jsonl?scheme=riverside"
    holes = {one["target"]: one["state"] for one in await lines(world, county, path)}
    assert holes[str(CHILD)] == "hole"
    charge = {"scheme": "riverside", "tier": "reach", "target": str(CHILD), "since": "2026-11-18"}
    await give(world, "assign_responsibility", county, holder=str(TEACHER), **charge)
    left = {one["target"]: one["state"] for one in await lines(world, county, path)}
    assert left.get(str(CHILD)) != "hole"
    await plan_only(world, date(2026, 12, 1))
    duty = await only(world, "river_round")
    assert (duty["holders"], duty["rows"]) == ([TEACHER], ["extra-river"])
    await world.move_to(at(date(2027, 1, 1), 0, 0))
    await no_plans(world)
    while await world.tick():
        pass
    assert (await only(world, "river_round"))["state"] == "breached"


SPRING = msgspec.structs.replace(
    TERM, term="2027-1", name="春季", opens_on=date(2027, 2, 22), ends_on=date(2027, 7, 9)
)


@pytest.mark.parametrize(
    ("away", "last"),
    [
        (date(2026, 11, 20), date(2026, 11, 25)),  # a weekend
        (date(2026, 9, 30), date(2026, 10, 10)),  # the National Day holiday
        (date(2026, 10, 8), date(2026, 10, 12)),  # a make-up Saturday counts
        (date(2027, 1, 19), date(2027, 2, 23)),  # winter break and the end of a term
    ],
)
async def test_school_days_of_a_duty_run_over_days_without_school(
    world: World, told: Told, away: date, last: date
) -> None:
    """Trap 2: three school days to find out why a child is away, whatever lies between."""
    told.tell(SPRING, COUNTY_PATH, None, at(date(2026, 9, 1)))
    await world.move_to(max(at(away), at(MONDAY)))
    told.absent(away)
    await world.hear("enrollment", told.entries)
    assert (await only(world, "absence_streak"))["due_at"] == at(last + timedelta(days=1), 0, 0)


async def test_a_roll_that_is_missing_in_a_run_neither_ends_nor_repeats_its_duty(
    world: World, told: Told
) -> None:
    """Trap 3: Tuesday has no roll; the duty of Monday stays the one there is, with its time."""
    told.absent(MONDAY)
    missing = e.DailyRollMissing(
        klass=KLASS,
        on=MONDAY + timedelta(days=1),
        cut_off_at=at(MONDAY + timedelta(days=1), 9),
    )
    told.tell(missing, PATH, KLASS, at(MONDAY + timedelta(days=1), 9), "roll-1")
    told.absent(MONDAY + timedelta(days=2))
    await world.move_to(at(MONDAY + timedelta(days=2)))
    await world.hear("enrollment", told.entries)
    run = await only(world, "absence_streak")
    assert (run["state"], run["due_at"]) == ("armed", at(MONDAY + timedelta(days=4), 0, 0))


async def test_a_child_that_changes_school_in_a_run_takes_its_duty_along(
    world: World, told: Told
) -> None:
    """Trap 5: one duty, not two; the new school sees it, answers for it, and a presence ends it."""
    told.absent(MONDAY)
    await world.hear("enrollment", told.entries)
    tuesday, newcomer = MONDAY + timedelta(days=1), uid("new teacher")
    registered = e.StaffRegistered(staff=newcomer, unit=OTHER_SCHOOL, staff_number=None, fields={})
    told.tell(registered, OTHER_PATH, newcomer, at(tuesday, 7))
    taken = e.HomeroomTeacherAssigned(klass=OTHER_KLASS, staff=newcomer, valid_from=MONDAY)
    told.tell(taken, OTHER_CLASS_PATH, OTHER_KLASS, at(tuesday, 7))
    left = e.StudentLeftClass(child=CHILD, klass=KLASS, on=tuesday, reason="transferred")
    told.tell(left, PATH, CHILD, at(tuesday, 7), f"child-{CHILD}")
    there = e.StudentEnrolled(
        child=CHILD, klass=OTHER_KLASS, school=OTHER_SCHOOL, grade=8, seat=None, on=tuesday
    )
    told.tell(there, OTHER_CLASS_PATH, CHILD, at(tuesday, 8), f"child-{CHILD}")
    again = e.StudentAbsent(
        child=CHILD, klass=OTHER_KLASS, on=tuesday, mark="unexcused", reason=None, roll="roll-2"
    )
    told.tell(again, OTHER_CLASS_PATH, CHILD, at(tuesday, 9), f"attendance-{CHILD}")
    await world.hear("enrollment", told.entries)
    principal = viewer_of(STRANGER, "principal", OTHER_PATH)
    seen = [one["kind"] for one in await lines(world, principal, "/casework/duties.jsonl")]
    assert seen == ["absence_streak"]
    assert await lines(world, PRINCIPAL_VIEW, "/casework/duties.jsonl") == []
    await no_plans(world)
    await world.move_to(at(MONDAY + timedelta(days=4), 0, 0))
    while await world.tick():
        pass
    (breach,) = [data_of(one) for one in await world.events("DutyBreached")]
    assert breach["holders"] == [str(newcomer)]
    back = e.AbsenceEnded(
        child=CHILD, klass=OTHER_KLASS, on=MONDAY + timedelta(days=4), roll="roll-4"
    )
    friday = at(MONDAY + timedelta(days=4), 9)
    told.tell(back, OTHER_CLASS_PATH, CHILD, friday, f"attendance-{CHILD}")
    await world.move_to(friday)
    await world.hear("enrollment", told.entries)
    assert (await only(world, "absence_streak"))["state"] == "late"


class SuspensionApproved(msgspec.Struct, frozen=True):
    """As the registry will tell of an approved 休学; rules may name it already."""

    child: UUID
    by: str
    until: date


@pytest.mark.parametrize("returns", [True, False])
async def test_an_approved_suspension_that_expires_without_a_return_is_no_hidden_dropout(
    world: World, told: Told, returns: bool
) -> None:
    """Trap 22: somebody owes the child's return by the last day, or it climbs."""
    await activate(world, SUSPENDED, MONDAY + timedelta(days=1))
    tuesday, until = MONDAY + timedelta(days=1), MONDAY + timedelta(days=10)
    await world.move_to(at(tuesday))
    approved = SuspensionApproved(child=CHILD, by=LEDGER, until=until)
    told.tell(approved, PATH, CHILD, at(tuesday), f"child-{CHILD}")
    await world.hear("enrollment", told.entries, "casework.duties")
    duty = await only(world, "suspension_end")
    assert (duty["holders"], duty["due_at"]) == ([TEACHER], at(until + timedelta(days=1), 0, 0))
    if returns:
        told.present(until)
        await world.move_to(at(until))
        await world.hear("enrollment", told.entries, "casework.duties")
    await no_plans(world)
    await world.move_to(at(until + timedelta(days=1), 2))
    while await world.tick():
        pass
    assert (await only(world, "suspension_end"))["state"] == (
        "satisfied" if returns else "breached"
    )
    told_up = [data_of(one)["to"] for one in await world.events("DutyEscalated")]
    assert told_up == ([] if returns else [[str(PRINCIPAL)]])


STORY = ("sick", "asked", "there")


@pytest.mark.parametrize("order", list(itertools.permutations(STORY)), ids="-".join)
@pytest.mark.parametrize("there", [0, 1], ids=["that noon", "next day"])
async def test_in_whatever_order_it_is_heard_a_child_that_came_is_not_called_again(
    world: World, told: Told, order: tuple[str, ...], there: int
) -> None:
    """The roll of the next day, and the call of the evening before that was entered after it.

    That the child was there at noon of the day of the call says nothing of the next.
    """
    own, evening = Told(service="casework"), at(MONDAY, 18)
    asked = c.EveningCallLogged(
        child=CHILD,
        leave_on=MONDAY,
        called_at=evening,
        disposition="confirmed_sick",
        better=False,
        tomorrow=False,
        settled=None,
        help=False,
        notes=None,
    )
    entries = {
        "sick": told.absent(MONDAY, mark="sick"),
        "asked": own.tell(asked, PATH, CHILD, evening, f"calls-{CHILD}"),
        "there": told.present(MONDAY + timedelta(days=there)),
    }
    await world.move_to(at(MONDAY + timedelta(days=1), 9))
    for name in order:
        process = "casework.duties_own" if name == "asked" else "casework.duties"
        async with world.engine.begin() as conn:
            await world.subscription(process).apply(conn, [entries[name]])
    again = await only(world, "call_again")
    assert again["state"] == ("cancelled" if there else "armed")
    assert (await counted(world))["DutyCancelled"] == there


def ends(events: list[Any]) -> dict[str, Counter[str]]:
    """By duty how often each thing happened to it, steps of escalation one by one."""
    found: dict[str, Counter[str]] = {}
    for one in events:
        name, data = one.type.split(".")[1], data_of(one)
        step = f" {data['step']}" if name == "DutyEscalated" else ""
        found.setdefault(data["duty"], Counter())[name + step] += 1
    return found


async def test_copies_restarts_and_batches_arm_end_and_escalate_each_duty_once(
    world: World, told: Told
) -> None:
    """Two copies hear and tick at once, in pieces, again and again, and forget what they heard."""
    chance = random.Random(20261116)
    children = [uid(f"pupil {n}") for n in range(6)]
    for number, child in enumerate(children):
        told.tell(
            e.StudentEnrolled(
                child=child,
                klass=UUID(PATH.rsplit("/", 1)[1]),
                school=SCHOOL,
                grade=8,
                seat=None,
                on=date(2026, 9, 1),
            ),
            PATH,
            child,
            at(MONDAY, 7),
        )
        told.absent(MONDAY, child)
        if number % 2:
            told.present(MONDAY + timedelta(days=1), child)
    await world.hear("enrollment", told.entries, "casework.directory")
    following = world.subscription("casework.duties")
    for _ in range(4):
        cut = chance.randrange(1, len(told.entries))
        pieces = (told.entries[:cut], told.entries[: cut // 2], told.entries)
        for piece in pieces:
            await asyncio.gather(
                *(deliver(world.engine, following, "enrollment", piece) for _ in range(2))
            )
        if chance.random() < 0.5:
            async with world.engine.begin() as conn:
                await conn.execute(
                    text("delete from checkpoint where subscription = 'casework.duties'")
                )
    await deliver(world.engine, following, "enrollment", told.entries)
    for days in (4, 5, 8):
        await world.move_to(at(MONDAY + timedelta(days=days), 2))
        for _ in range(4):
            await asyncio.gather(
                *(timer.tick(world.engine, world.edge.service.timers) for _ in range(2))
            )
    mine = {str(one["duty"]): one for one in await of_kind(world, "absence_streak")}
    assert len(mine) == len(children)
    seen = ends([one for one in await world.events() if ".Duty" in one.type])
    for duty, row in mine.items():
        assert max(seen[duty].values()) == 1, seen[duty]
        returned = UUID(str(row["target"])) in children[1::2]
        expected = (
            {"DutyArmed", "DutySatisfied"}
            if returned
            else {"DutyArmed", "DutyBreached", "DutyEscalated 0", "DutyEscalated 1"}
        )
        assert set(seen[duty]) == expected
    assert (await counted(world))["DutyArmed"] >= len(children)
