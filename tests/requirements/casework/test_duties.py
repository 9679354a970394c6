"""Duties as the source plans ask for them: owed until done, by whom, and what a breach comes to."""

import re
from datetime import date, timedelta
from uuid import UUID

import msgspec

from shared.contracts import enrollment as e
from shared.policy.pack import seed_pack
from shared.rights import Viewer
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW, TEACHER_VIEW, TOWN_VIEW
from tests.casework.test_duties import no_plans, of_kind, plan, plan_only
from tests.county import (
    CHILD,
    COUNTY_PATH,
    KLASS,
    MONDAY,
    OTHER_CLASS_PATH,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    TEACHER,
    TERM,
    TOWN,
    TOWNSHIP,
    TOWNSHIP_PATH,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of
from tests.requirements.casework.desk import open_case, page, refused, send, types

LEADER, CENTRAL = uid("grade leader"), uid("central school")
LEADER_VIEW = viewer_of(LEADER, "grade_leader", SCHOOL_PATH)
SUBJECT = uid("subject teacher")
SUBJECT_VIEW = viewer_of(SUBJECT, "subject_teacher", PATH)
CENTRAL_VIEW = viewer_of(CENTRAL, "central_school", TOWNSHIP_PATH)
MINUTES = {"agenda": "未到校学生", "minutes": "逐人商量了家访"}


async def owed(world: World, viewer: Viewer, title: str) -> bool:
    """Whether the list of what the viewer has to do names it."""
    return title in await page(world, "/casework/duties?mine=true", viewer)


async def granted(world: World, told: Told, staff: UUID, role: str, unit: str, path: str) -> None:
    since = date(2026, 9, 1)
    for event in (
        e.StaffRegistered(staff=staff, unit=unit, staff_number=None, fields={}),
        e.RoleGranted(staff=staff, role=role, unit=unit, path=path, valid_from=since),
    ):
        told.tell(event, path, None, at(since))
    await world.hear("enrollment", told.entries)


async def grouped(world: World, told: Told, group: str) -> None:
    told.tagged(group)
    await world.hear("enrollment", told.entries)


async def test_a_school_owes_its_huddle_each_week_and_its_self_check_each_month(
    world: World, told: Told
) -> None:
    await plan(world, MONDAY)
    assert await owed(world, PRINCIPAL_VIEW, "每周碰头会")
    held = {"held_at": at(MONDAY, 8, 0), "attended": [str(PRINCIPAL)], **MINUTES}
    answer = await send(world, "hold_meeting", PRINCIPAL_VIEW, unit=SCHOOL, kind="huddle", **held)
    assert types(answer) == ["casework.MeetingHeld"]
    assert not await owed(world, PRINCIPAL_VIEW, "每周碰头会")
    assert [one["state"] for one in await of_kind(world, "weekly_meeting")].count("satisfied") == 1
    await plan_only(world, date(2026, 12, 1))
    assert await owed(world, PRINCIPAL_VIEW, "每月自查")
    answer = await send(world, "submit_self_check", PRINCIPAL_VIEW, unit=SCHOOL, problems=0)
    assert types(answer) == ["casework.SelfCheckSubmitted"]
    assert not await owed(world, PRINCIPAL_VIEW, "每月自查")
    await no_plans(world)
    await world.move_to(at(date(2027, 1, 1), 0, 0))
    while await world.tick():
        pass
    states = {one["target"]: one["state"] for one in await of_kind(world, "self_check")}
    assert (states.pop(SCHOOL), set(states.values())) == ("satisfied", {"breached"})
    missed = await page(world, "/casework/duties?filter=overdue", COUNTY_VIEW)
    assert "柳河乡中心小学：每月自查" in missed and "柳河乡中心小学：每周碰头会" in missed
    assert seed_pack().file.duties["self_check"].breach == "SelfCheckOverdue"
    assert seed_pack().file.duties["weekly_meeting"].arm.every == "week"


async def test_a_township_meets_each_month_and_hands_in_its_two_plans_in_time(
    world: World, told: Told
) -> None:
    await plan_only(world, date(2026, 12, 1))
    assert await owed(world, TOWN_VIEW, "每月专题会议")
    held = {"held_at": at(date(2026, 12, 1), 0, 0), "attended": [str(TOWN)], **MINUTES}
    answer = await send(world, "hold_meeting", TOWN_VIEW, unit=TOWNSHIP, kind="special", **held)
    assert types(answer) == ["casework.MeetingHeld"]
    assert not await owed(world, TOWN_VIEW, "每月专题会议")
    for begins, title, command, event, kind, last in (
        (
            date(2026, 12, 21),
            "义务教育宣传实施方案",
            "submit_publicity_plan",
            "casework.PublicityPlanSubmitted",
            "publicity_plan",
            date(2027, 1, 20),
        ),
        (
            date(2027, 1, 4),
            "控辍保学工作方案",
            "submit_work_plan",
            "casework.WorkPlanSubmitted",
            "work_plan",
            date(2027, 2, 3),
        ),
    ):
        await plan_only(world, begins)
        assert await owed(world, TOWN_VIEW, title)
        answer = await send(world, command, TOWN_VIEW, unit=TOWNSHIP, title=title, year=2027)
        assert types(answer) == [event]
        assert not await owed(world, TOWN_VIEW, title)
        due = {one["due_at"] for one in await of_kind(world, kind)}
        assert due == {at(last + timedelta(days=1), 0, 0)}
    assert {one["target"] for one in await of_kind(world, "township_meeting")} >= {TOWNSHIP}


async def test_each_teacher_visits_each_key_pupil_weekly_and_the_grade_leader_looks_at_the_records(
    world: World, told: Told
) -> None:
    await granted(world, told, LEADER, "grade_leader", SCHOOL, SCHOOL_PATH)
    await grouped(world, told, "key_pupil")
    charge = {"scheme": "quanyuan", "tier": "staff_child", "target": CHILD, "since": MONDAY}
    for holder in (TEACHER, PRINCIPAL):
        await send(world, "assign_responsibility", COUNTY_VIEW, holder=holder, **charge)
    await plan(world, MONDAY)
    pairs = await of_kind(world, "weekly_visit")
    assert sorted(one["holders"] for one in pairs) == sorted([[TEACHER], [PRINCIPAL]])
    assert "登记家访" in await page(world, f"/casework/visits/{CHILD}", TEACHER_VIEW)
    went = {"visited_at": at(MONDAY, 8, 0), "outcome": "undecided", "met": ["mother"]}
    assert types(await send(world, "visit_child", TEACHER_VIEW, child=CHILD, **went)) == [
        "casework.ChildVisited"
    ]
    states = {one["holders"][0]: one["state"] for one in await of_kind(world, "weekly_visit")}
    assert states == {TEACHER: "satisfied", PRINCIPAL: "armed"}
    await plan_only(world, date(2026, 12, 1))
    assert await owed(world, LEADER_VIEW, "每月检查帮扶记录")
    looked = {"unit": SCHOOL, "sample": [str(CHILD)], "comments": "两份记录缺家访时间"}
    assert types(await send(world, "review_support", LEADER_VIEW, **looked)) == [
        "casework.SupportRecordReviewed"
    ]
    done = [one for one in await of_kind(world, "grade_review") if one["target"] == SCHOOL]
    assert [one["state"] for one in done] == ["satisfied"]


async def test_a_subject_teacher_logs_the_weekly_visit_of_the_own_class_and_of_no_other(
    world: World, told: Told
) -> None:
    await granted(world, told, SUBJECT, "subject_teacher", str(KLASS), PATH)
    await grouped(world, told, "key_pupil")
    charge = {"scheme": "quanyuan", "tier": "staff_child", "target": CHILD, "since": MONDAY}
    await send(world, "assign_responsibility", COUNTY_VIEW, holder=SUBJECT, **charge)
    await plan(world, MONDAY)
    assert await owed(world, SUBJECT_VIEW, "重点生每周家访")
    assert "登记家访" in await page(world, f"/casework/visits/{CHILD}", SUBJECT_VIEW)
    went = {"visited_at": at(MONDAY, 8, 0), "outcome": "undecided", "met": ["mother"]}
    there = viewer_of(uid("teacher elsewhere"), "subject_teacher", OTHER_CLASS_PATH)
    answer = await refused(world, "visit_child", there, child=CHILD, **went)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert [one["state"] for one in await of_kind(world, "weekly_visit")] == ["armed"]
    answer = await send(world, "visit_child", SUBJECT_VIEW, child=CHILD, **went)
    assert types(answer) == ["casework.ChildVisited"]
    assert [one["state"] for one in await of_kind(world, "weekly_visit")] == ["satisfied"]
    # Visiting is all that is new: who verifies a warning is the homeroom teacher or above.
    flag = {"child": CHILD, "sign": "near_dropout"}
    assert (await refused(world, "flag_risk", SUBJECT_VIEW, **flag)).status_code == 403


async def test_a_child_taken_out_of_the_key_pupils_is_not_visited_next_week(
    world: World, told: Told
) -> None:
    await grouped(world, told, "key_pupil")
    charge = {"scheme": "quanyuan", "tier": "staff_child", "target": CHILD, "since": MONDAY}
    await send(world, "assign_responsibility", COUNTY_VIEW, holder=TEACHER, **charge)
    await plan(world, MONDAY)
    assert await owed(world, TEACHER_VIEW, "重点生每周家访")
    wednesday = MONDAY + timedelta(days=2)
    out = e.StudentGroupUntagged(child=CHILD, group="key_pupil", on=wednesday)
    told.tell(out, f"{SCHOOL_PATH}/{KLASS}", CHILD, at(wednesday), f"child-{CHILD}")
    await world.hear("enrollment", told.entries)
    # This week's goes too, and says why; nothing is asked for in the next.
    assert not await owed(world, TEACHER_VIEW, "重点生每周家访")
    (visit,) = await of_kind(world, "weekly_visit")
    (ended,) = await world.events("DutyCancelled")
    assert (visit["state"], data_of(ended)["reason"]) == ("cancelled", "left_group")
    assert data_of(ended)["cause"]["seq"] == told.entries[-1].seq
    history = await page(world, f"/casework/duties/{visit['duty']}", COUNTY_VIEW)
    assert "不再属于这类学生" in history
    await plan(world, MONDAY + timedelta(days=7))
    periods = [one["period"] for one in await of_kind(world, "weekly_visit")]
    assert periods == ["2026-W47"]


async def test_what_was_missed_before_a_child_was_taken_out_stays_missed(
    world: World, told: Told
) -> None:
    await grouped(world, told, "key_pupil")
    charge = {"scheme": "quanyuan", "tier": "staff_child", "target": CHILD, "since": MONDAY}
    await send(world, "assign_responsibility", COUNTY_VIEW, holder=TEACHER, **charge)
    await plan(world, MONDAY)
    await no_plans(world)
    monday = MONDAY + timedelta(days=7)
    await world.move_to(at(monday, 0, 0))
    # Told before the tick that makes the breach, and back-dated: it saves nothing.
    out = e.StudentGroupUntagged(child=CHILD, group="key_pupil", on=MONDAY + timedelta(days=3))
    told.tell(out, PATH, CHILD, at(monday), f"child-{CHILD}")
    await world.hear("enrollment", told.entries)
    while await world.tick():
        pass
    assert [one["state"] for one in await of_kind(world, "weekly_visit")] == ["breached"]


async def test_a_child_of_two_groups_is_still_called_when_taken_out_of_one_and_tagged_again(
    world: World, told: Told
) -> None:
    """However the events are batched: the call of that evening ends with the last group."""
    await grouped(world, told, "lagging")
    await grouped(world, told, "hardship")
    leave = e.LeaveGranted(child=CHILD, kind="sick", first_on=MONDAY, last_on=MONDAY, note=None)
    told.tell(leave, PATH, CHILD, at(MONDAY), f"attendance-{CHILD}")
    for group in ("lagging", "hardship"):
        out = e.StudentGroupUntagged(child=CHILD, group=group, on=MONDAY)
        told.tell(out, PATH, CHILD, at(MONDAY, 9), f"child-{CHILD}")
        if group == "lagging":
            await world.hear("enrollment", told.entries)
            assert [one["state"] for one in await of_kind(world, "leave_call")] == ["armed"]
    told.tagged("hardship", since=MONDAY)
    await world.hear("enrollment", told.entries)
    assert [one["state"] for one in await of_kind(world, "leave_call")] == ["cancelled"]


async def test_a_dropout_is_asked_after_twice_a_term(world: World, told: Told) -> None:
    case = await open_case(world, told)
    now = at(MONDAY + timedelta(days=3), 8, 30)
    await send(world, "confirm_dropout", COUNTY_VIEW, case=case, on=now.date(), cause="working")
    (duty,) = await of_kind(world, "dropout_follow_ups")
    assert (duty["needed"], duty["due_at"]) == (2, at(TERM.ends_on + timedelta(days=1), 0, 0))
    assert "每学期两次跟踪调查" in await page(world, "/casework/duties", TEACHER_VIEW)
    assert "登记跟踪调查" in await page(world, f"/casework/surveys/{CHILD}", TEACHER_VIEW)
    for number, state in ((1, "armed"), (2, "satisfied")):
        await world.move_to(now + timedelta(days=7 * number))
        asked = {"asked_at": now + timedelta(days=7 * number), "notes": "在外地打工"}
        answer = await send(world, "log_follow_up_survey", TEACHER_VIEW, child=CHILD, **asked)
        assert types(answer) == ["casework.FollowUpSurveyLogged"]
        (duty,) = await of_kind(world, "dropout_follow_ups")
        assert (duty["got"], duty["state"]) == (number, state)


async def test_a_central_school_inspects_twice_a_term(world: World, told: Told) -> None:
    spring = msgspec.structs.replace(
        TERM, term="2027-1", name="春季", opens_on=date(2027, 2, 22), ends_on=date(2027, 7, 9)
    )
    told.tell(spring, COUNTY_PATH, None, at(MONDAY))
    await granted(world, told, CENTRAL, "central_school", TOWNSHIP, TOWNSHIP_PATH)
    await world.move_to(at(date(2027, 2, 21), 12))
    await plan(world, date(2027, 2, 22))
    listed = await page(world, "/casework/duties?mine=true", CENTRAL_VIEW)
    assert "每学期两轮督查" in listed and "0/2 次" in listed
    rounds = [one for one in await of_kind(world, "inspection_rounds") if one["holders"]]
    (duty,) = rounds
    form = await page(world, f"/casework/duties/{duty['duty']}/do", CENTRAL_VIEW)
    assert f"/casework/duties/{duty['duty']}/evidence" in form
    for note in ("第一轮：查了三所学校", "第二轮：查了整改"):
        filed = {"duty": duty["duty"], "done_on": date(2027, 2, 22), "note": note}
        answer = await send(world, "file_evidence", CENTRAL_VIEW, **filed)
        assert types(answer) == ["casework.EvidenceFiled"]
    states = {one["target"]: one["state"] for one in await of_kind(world, "inspection_rounds")}
    assert states.pop(TOWNSHIP) == "satisfied"
    await no_plans(world)
    await world.move_to(at(date(2027, 7, 10), 0, 0))
    while await world.tick():
        pass
    left = {one["target"]: one["state"] for one in await of_kind(world, "inspection_rounds")}
    assert left[TOWNSHIP] == "satisfied" and set(left.values()) == {"satisfied", "breached"}
    assert seed_pack().file.duties["inspection_rounds"].breach == "InspectionOverdue"


async def test_a_lagging_pupil_on_leave_is_called_the_same_evening_and_help_is_seen_to(
    world: World, told: Told
) -> None:
    await grouped(world, told, "lagging")
    granted_leave = e.LeaveGranted(
        child=CHILD, kind="sick", first_on=MONDAY, last_on=MONDAY, note=None
    )
    told.tell(granted_leave, f"{SCHOOL_PATH}/{KLASS}", CHILD, at(MONDAY), f"attendance-{CHILD}")
    await world.hear("enrollment", told.entries)
    await world.move_to(at(MONDAY, 18))
    (call,) = await of_kind(world, "leave_call")
    assert (call["state"], call["due_at"]) == ("armed", at(MONDAY, 20, 30))
    assert "沙马木呷" in await page(world, "/casework/calls", TEACHER_VIEW)
    asked = await page(world, f"/casework/calls/{CHILD}", TEACHER_VIEW)
    for words in ("病好了吗？", "明天能上学吗？", "事情办好了吗？", "有什么我帮忙的吗？"):
        assert words in asked
    said = {"disposition": "confirmed_sick", "better": False, "tomorrow": False, "help": True}
    answer = await send(
        world, "log_evening_call", TEACHER_VIEW, child=CHILD, difficulty="money", **said
    )
    assert types(answer) == ["casework.EveningCallLogged", "casework.DifficultyRecorded"]
    assert (await of_kind(world, "leave_call"))[0]["state"] == "satisfied"
    (again,) = await of_kind(world, "call_again")
    assert (again["state"], again["due_at"]) == ("armed", at(MONDAY + timedelta(days=2), 0, 0))
    # 不得因贫: what was asked for is decided in ten school days, or it is overdue and climbs.
    (aid,) = await of_kind(world, "aid_decision")
    due = at(MONDAY + timedelta(days=15), 0, 0)
    assert (aid["holders"], aid["due_at"]) == ([PRINCIPAL], due)
    await world.move_to(due)
    while await world.tick():
        pass
    assert (await of_kind(world, "aid_decision"))[0]["state"] == "breached"
    assert seed_pack().file.duties["aid_decision"].breach == "AidOverdue"
    note = {"done_on": due.date(), "note": "批了生活补助"}
    await send(world, "file_evidence", PRINCIPAL_VIEW, duty=aid["duty"], **note)
    assert (await of_kind(world, "aid_decision"))[0]["state"] == "late"


async def test_whoever_wavers_is_visited_soon_and_a_flag_without_a_hand_is_overdue(
    world: World, told: Told
) -> None:
    seen = {"observed_at": at(MONDAY, 8, 0), "kind": "mood", "sign": "mood"}
    answer = await send(world, "log_observation", TEACHER_VIEW, child=CHILD, **seen)
    assert types(answer) == ["casework.ObservationLogged", "casework.RiskFlagged"]
    (visit,) = await of_kind(world, "first_visit")
    (hand,) = await of_kind(world, "risk_intervention")
    assert (visit["due_at"], hand["due_at"]) == (
        at(MONDAY + timedelta(days=3), 0, 0),
        at(MONDAY + timedelta(days=6), 0, 0),
    )
    listed = await page(world, "/casework/duties", TEACHER_VIEW)
    assert "沙马木呷：尽快家访" in listed and f'href="/casework/visits/{CHILD}"' in listed
    await world.move_to(at(MONDAY + timedelta(days=6), 0, 0))
    while await world.tick():
        pass
    for kind in ("first_visit", "risk_intervention"):
        (left,) = await of_kind(world, kind)
        assert left["state"] == "breached"
        assert seed_pack().file.duties[kind].breach == "InterventionOverdue"
    history = await page(world, f"/casework/duties/{visit['duty']}", COUNTY_VIEW)
    for words in ("谁在什么时候知道", "沈秀兰", "不是方案写的", "该管没管"):
        assert words in history
    went = {"visited_at": at(MONDAY + timedelta(days=5), 18), "outcome": "will_return"}
    answer = await send(world, "visit_child", TEACHER_VIEW, child=CHILD, **went)
    assert types(answer) == ["casework.ChildVisited"]
    assert {(await of_kind(world, kind))[0]["state"] for kind in ("first_visit",)} == {"late"}


async def test_every_duty_and_charge_says_whether_it_is_main_direct_or_supporting(
    world: World, told: Told
) -> None:
    direct = {"scheme": "baobao", "tier": "teacher_child", "since": MONDAY, "holder": TEACHER}
    answer = await send(world, "assign_responsibility", COUNTY_VIEW, target=CHILD, **direct)
    assert types(answer) == ["casework.ResponsibilityAssigned"]
    shares = {tier.share for one in seed_pack().file.schemes.values() for tier in one.tiers}
    shares |= {kind.share for kind in seed_pack().file.duties.values()}
    assert shares == {"main", "direct", "supporting"}
    assert seed_pack().file.duties["stations_publicity"].share == "supporting"
    await plan_only(world, date(2027, 1, 11))
    kinds = {"main": "open_letter", "supporting": "stations_publicity", "direct": "daily_roll"}
    titles = {share: seed_pack().file.duties[kind].zh for share, kind in kinds.items()}
    for share, title in titles.items():
        listed = await page(world, f"/casework/duties?share={share}", COUNTY_VIEW)
        others = [other for name, other in titles.items() if name != share]
        assert re.search(rf"：{title}", listed)
        assert not any(re.search(rf"：{other}", listed) for other in others)
