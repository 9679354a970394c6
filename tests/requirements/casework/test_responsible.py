"""Who answers for whom: schemes, sheets, leading groups, targets, what waits above."""

import json
from datetime import date, timedelta
from typing import Any

from uuid_utils.compat import uuid7

from shared.contracts import enrollment as e
from shared.policy.pack import seed_pack
from shared.rights import Viewer
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW, TOWN_VIEW
from tests.county import (
    CHILD,
    KLASS,
    LEDGER,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    SECOND,
    TEACHER,
    TOWN,
    TOWNSHIP,
    TOWNSHIP_PATH,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of
from tests.requirements.casework.desk import asked, open_case, page, send, types

VILLAGE, VILLAGE_GROUP = "990101001201", "99010100120101"
VILLAGE_PATH = f"{TOWNSHIP_PATH}/{VILLAGE}"
LEADER, SECRETARY, KEEPER = uid("leader"), uid("secretary"), uid("keeper")
WEEK = timedelta(days=7)


def pack_part(part: str, code: str) -> Any:
    """A scheme or body of the rules in force, which are the shipped ones; KeyError if none."""
    return getattr(seed_pack().file, part)[code]


async def coverage(world: World, scheme: str, viewer: Viewer = COUNTY_VIEW, **query: str) -> Any:
    """Lines of `coverage.jsonl`: with `all`, also what is held."""
    pack_part("schemes", scheme)
    more = "".join(f"&{name}={value}" for name, value in query.items())
    path = f"/casework/coverage.jsonl?scheme={scheme}{more}"
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def of(lines: Any, tier: str, target: str) -> Any:
    return next(one for one in lines if one.get("tier") == tier and one["target"] == target)


async def charge(world: World, viewer: Viewer = COUNTY_VIEW, /, **values: Any) -> Any:
    return await send(world, "assign_responsibility", viewer, **{"since": MONDAY, **values})


async def villages(world: World, told: Told) -> None:
    """A village with one group, and people of the township and village."""
    when = at(date(2026, 9, 1))
    for code, name, parent, path in (
        (VILLAGE, "上寨村", TOWNSHIP, VILLAGE_PATH),
        (VILLAGE_GROUP, "第一组", VILLAGE, f"{VILLAGE_PATH}/{VILLAGE_GROUP}"),
    ):
        unit: Any = {"unit": code, "kind": "division", "name": name, "parent": parent}
        event = e.UnitRegistered(**unit, path=path, valid_from=when.date())
        told.tell(event, path, None, when)
    for staff, role, unit, path in (
        (LEADER, "township_leader", TOWNSHIP, TOWNSHIP_PATH),
        (SECRETARY, "first_secretary", VILLAGE, VILLAGE_PATH),
        (KEEPER, "village_education", VILLAGE, VILLAGE_PATH),
    ):
        told.tell(
            e.StaffRegistered(staff=staff, unit=unit, staff_number=None, fields={}),
            path,
            staff,
            when,
        )
        granted = e.RoleGranted(
            staff=staff, role=role, unit=unit, path=path, valid_from=when.date()
        )
        told.tell(granted, path, staff, when)
    await world.hear("enrollment", told.entries)


async def test_every_pupil_has_somebody_and_everybody_has_a_pupil(world: World, told: Told) -> None:
    lines = await coverage(world, "quanyuan", PRINCIPAL_VIEW, all="true")
    assert of(lines, "staff_child", str(CHILD))["state"] == "hole"
    assert str(PRINCIPAL) in {one["staff"] for one in lines if one["state"] == "idle"}
    answer = await charge(
        world,
        PRINCIPAL_VIEW,
        scheme="quanyuan",
        tier="staff_child",
        target=str(CHILD),
        holder=str(PRINCIPAL),
    )
    assert types(answer) == ["casework.ResponsibilityAssigned"]
    after = await coverage(world, "quanyuan", PRINCIPAL_VIEW, all="true")
    assert of(after, "staff_child", str(CHILD))["holders"] == [str(PRINCIPAL)]
    assert str(PRINCIPAL) not in {one["staff"] for one in after if one["state"] == "idle"}
    assert "没有分到学生的教职工" in await page(
        world, "/casework/coverage?scheme=quanyuan_banzhuren", PRINCIPAL_VIEW
    )


async def test_every_teacher_is_a_homeroom_teacher_to_pupils_named(
    world: World, told: Told
) -> None:
    several = [str(CHILD), str(SECOND)]
    answer = await send(
        world,
        "assign_responsibilities",
        PRINCIPAL_VIEW,
        scheme="quanyuan_banzhuren",
        tier="teacher_child",
        targets=several,
        holder=str(TEACHER),
        since=MONDAY,
    )
    assert types(answer) == ["casework.ResponsibilityAssigned"] * 2
    lines = await coverage(world, "quanyuan_banzhuren", PRINCIPAL_VIEW, all="true")
    held = [of(lines, "teacher_child", one)["holders"] for one in several]
    assert held == [[str(TEACHER)]] * 2
    refused = await refusal(
        world,
        PRINCIPAL_VIEW,
        "assign_responsibility",
        scheme="quanyuan_banzhuren",
        tier="teacher_child",
        target=str(CHILD),
        holder=str(PRINCIPAL),
        since=MONDAY,
    )
    assert "只能有一人" in refused


async def refusal(world: World, viewer: Viewer, command: str, /, **values: Any) -> str:
    body = {"command_id": str(uuid7())} | {
        k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()
    }
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.post(f"/casework/commands/{command}", json=body)
    assert answer.status_code in (403, 409), answer.text
    return answer.json()["say"]


async def test_the_four_charges_are_tiers_with_holes_and_queues(world: World, told: Told) -> None:
    tiers = [tier.code for tier in pack_part("schemes", "sibao").tiers]
    lines = await coverage(world, "sibao", all="true")
    assert {one["tier"] for one in lines} == set(tiers)
    assert of(lines, "teacher_child", str(CHILD))["holders"] == [str(TEACHER)]
    grade = f"{SCHOOL}-8"
    assert of(lines, "leader_grade", grade)["state"] == "hole"
    for tier, target, holder, kind in (
        ("central_school", SCHOOL, str(TOWN), "staff"),
        ("leader_grade", grade, str(PRINCIPAL), "staff"),
        ("school_village", str(CHILD), "石桥镇初级中学、上寨村", "office"),
    ):
        answer = await charge(
            world, scheme="sibao", tier=tier, target=target, holder=holder, holder_kind=kind
        )
        assert types(answer) == ["casework.ResponsibilityAssigned"]
    after = await coverage(world, "sibao", all="true")
    assert of(after, "school_village", str(CHILD))["holders"] == ["石桥镇初级中学、上寨村"]
    html = await page(world, "/casework/coverage?scheme=sibao&unit=" + SCHOOL, COUNTY_VIEW)
    assert "班子成员包年级" in html and "何立新" in html and "没人负责" in html
    sheet = await page(world, f"/casework/coverage/sheet?scheme=sibao&unit={SCHOOL}", COUNTY_VIEW)
    assert "四包责任分解表" in sheet and "沈秀兰" in sheet and "编号" in sheet
    assert "直接责任" in sheet


async def test_three_charges_and_one_link_come_out_of_the_rules_alone(
    world: World, told: Told
) -> None:
    lines = await coverage(world, "sanbao_yigua", all="true")
    expected = {tier.code for tier in pack_part("schemes", "sanbao_yigua").tiers}
    assert {one["tier"] for one in lines} == expected
    link = of(lines, "link", str(PRINCIPAL))
    assert link["state"] == "hole"
    answer = await charge(
        world,
        scheme="sanbao_yigua",
        tier="link",
        target=str(PRINCIPAL),
        holder="年度考核",
        holder_kind="office",
    )
    assert types(answer) == ["casework.ResponsibilityAssigned"]
    after = await coverage(world, "sanbao_yigua", all="true")
    assert of(after, "link", str(PRINCIPAL))["holders"] == ["年度考核"]


async def test_every_village_has_exactly_one_leader_at_any_date(world: World, told: Told) -> None:
    await villages(world, told)
    before = await coverage(world, "guagou")
    assert of(before, "leader_village", VILLAGE)["state"] == "hole"
    held = {"scheme": "guagou", "tier": "leader_village", "target": VILLAGE}
    given = await charge(world, **held, holder=str(LEADER))
    assert types(given) == ["casework.ResponsibilityAssigned"]
    body = {**held, "holder": str(TOWN), "since": MONDAY + WEEK}
    assert "只能有一人" in await refusal(world, COUNTY_VIEW, "assign_responsibility", **body)
    handed = await charge(world, **body, instead=str(LEADER))
    assert types(handed) == ["casework.ResponsibilityEnded", "casework.ResponsibilityAssigned"]
    for on, holder in ((MONDAY, LEADER), (MONDAY + WEEK, TOWN)):
        lines = await coverage(world, "guagou", all="true", on=on.isoformat())
        assert of(lines, "leader_village", VILLAGE)["holders"] == [str(holder)]
    day_before = MONDAY - timedelta(days=1)
    earlier = await coverage(world, "guagou", on=day_before.isoformat())
    assert of(earlier, "leader_village", VILLAGE)["state"] == "hole"
    seen = await page(world, "/casework/coverage?scheme=guagou", COUNTY_VIEW)
    assert "上寨村" in seen


async def test_two_lines_of_four_levels_are_one_matrix(world: World, told: Told) -> None:
    await villages(world, told)
    lines = await coverage(world, "shuangxian_siji", all="true")
    kinds = {one["tier"]: one["target_kind"] for one in lines}
    wanted = {tier.code: tier.target for tier in pack_part("schemes", "shuangxian_siji").tiers}
    assert kinds == wanted
    assert of(lines, "klass", str(KLASS))["holders"] == [str(TEACHER)]
    assert of(lines, "group", VILLAGE_GROUP)["state"] == "hole"
    answer = await asked(world, f"/casework/children/{CHILD}/answers", COUNTY_VIEW)
    mine = [one for one in answer["answers"] if one["scheme"] == "shuangxian_siji"]
    assert {one["line"] for one in mine} == {"government", "education"}
    assert {one["share"] for one in mine} == {"main", "direct"}


async def test_five_tiers_show_holes_of_village_group_school_class_and_person(
    world: World, told: Told
) -> None:
    await villages(world, told)
    lines = await coverage(world, "baobao", all="true")
    states = {
        tier: of(lines, tier, target)["state"]
        for tier, target in (
            ("leader_village", VILLAGE),
            ("village_group", VILLAGE_GROUP),
            ("principal_school", SCHOOL),
            ("homeroom_class", str(KLASS)),
            ("teacher_child", str(CHILD)),
        )
    }
    assert states == {
        "leader_village": "hole",
        "village_group": "hole",
        "principal_school": "held",
        "homeroom_class": "held",
        "teacher_child": "hole",
    }
    answer = await charge(
        world, scheme="baobao", tier="village_group", target=VILLAGE_GROUP, holder=str(KEEPER)
    )
    assert types(answer) == ["casework.ResponsibilityAssigned"]
    sheet = f"/casework/coverage/sheet.xlsx?scheme=baobao&unit={SCHOOL}"
    async with world.browser(COUNTY_VIEW) as browser:
        assert (await browser.get(sheet)).content.startswith(b"PK")
    (export,) = await world.events("ExportCreated", ledger=f"{LEDGER}-access")
    assert data_of(export)["kind"] == "assignment_sheet"
    hole = f"/casework/coverage?scheme=baobao&hole=leader_village:{VILLAGE}"
    panel = await page(world, hole, COUNTY_VIEW)
    assert "还没有人负责" in panel and "指定，看下一处" in panel


async def test_roles_of_the_township_and_village_do_their_part_and_no_more(
    world: World, told: Told
) -> None:
    await villages(world, told)
    keeper = viewer_of(KEEPER, "village_education", VILLAGE_PATH)
    secretary = viewer_of(SECRETARY, "first_secretary", VILLAGE_PATH)
    checked = await send(
        world,
        "log_village_check",
        keeper,
        unit=VILLAGE,
        on=MONDAY,
        children=[str(CHILD)],
        notes="在家，明天去学校",
    )
    assert types(checked) == ["casework.VillageCheckLogged"]
    listed = await page(world, "/casework/activities?kind=log_village_check", keeper)
    assert "村委走访" in listed and "上寨村" in listed
    async with world.browser(secretary) as browser:
        assert (await browser.get("/casework/cases")).status_code == 403
        assert (await browser.get(f"/casework/children/{CHILD}/answers")).status_code == 404
    refused = await refusal(
        world, secretary, "log_village_check", unit=TOWNSHIP, on=MONDAY, children=[]
    )
    assert "管辖范围" in refused


BODY = {"unit": SCHOOL, "code": "leading_group"}


async def members(world: World, body: str, on: date, viewer: Viewer = COUNTY_VIEW) -> Any:
    told = await asked(world, f"/casework/bodies/{body}?on={on}", viewer)
    return {(one["post"], one["staff"]) for one in told["members"]}


async def formed(world: World, viewer: Viewer = PRINCIPAL_VIEW, /, **values: Any) -> str:
    answer = await send(world, "form_body", viewer, on=date(2026, 9, 1), **values)
    assert types(answer) == ["casework.LeadingGroupFormed"]
    return answer["next"].rpartition("/")[2]


async def test_the_leading_group_of_a_day_is_its_head_deputies_and_homeroom_teachers(
    world: World, told: Told
) -> None:
    assert pack_part("bodies", "leading_group").unit == "school"
    body = await formed(world, **BODY)
    assert await members(world, body, MONDAY) == {
        ("head", str(PRINCIPAL)),
        ("member", str(TEACHER)),
    }
    deputy = uid("deputy")
    when = at(date(2026, 9, 1))
    told.tell(
        e.StaffRegistered(staff=deputy, unit=SCHOOL, staff_number=None, fields={}),
        SCHOOL_PATH,
        deputy,
        when,
    )
    granted = e.RoleGranted(
        staff=deputy, role="vice_principal", unit=SCHOOL, path=SCHOOL_PATH, valid_from=MONDAY
    )
    told.tell(granted, SCHOOL_PATH, deputy, when)
    newcomer = e.HomeroomTeacherAssigned(klass=KLASS, staff=deputy, valid_from=MONDAY + WEEK)
    told.tell(
        e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=MONDAY + WEEK), PATH, KLASS, when
    )
    told.tell(newcomer, PATH, KLASS, when)
    await world.hear("enrollment", told.entries)
    assert ("deputy", str(deputy)) in await members(world, body, MONDAY)
    later = await members(world, body, MONDAY + WEEK)
    assert ("member", str(TEACHER)) not in later
    assert "副组长（主任）" in await page(world, f"/casework/bodies/{body}", PRINCIPAL_VIEW)


async def test_members_by_name_hold_dated_posts_beside_those_by_office(
    world: World, told: Told
) -> None:
    pack_part("bodies", "leading_group")
    body = await formed(world, **BODY)
    named = {**BODY, "post": "named", "staff": str(TOWN)}
    given = await send(world, "appoint_member", PRINCIPAL_VIEW, **named, since=MONDAY)
    assert types(given) == ["casework.LeadingGroupMemberAppointed"]
    ended = await send(
        world, "remove_member", PRINCIPAL_VIEW, **named, on=MONDAY + WEEK, reason="left"
    )
    assert types(ended) == ["casework.LeadingGroupMemberRemoved"]
    here = ("named", str(TOWN))
    days = (MONDAY - WEEK, MONDAY, MONDAY + WEEK)
    assert [here in await members(world, body, on) for on in days] == [False, True, False]
    assert ("member", str(TEACHER)) in await members(world, body, MONDAY)
    assert "罗正华" in await page(world, f"/casework/bodies/{body}?on={MONDAY}", PRINCIPAL_VIEW)


async def test_the_group_for_prevention_by_law_is_a_body_of_its_own(
    world: World, told: Told
) -> None:
    pack_part("bodies", "law_group")
    body = await formed(world, unit=SCHOOL, code="law_group")
    assert body != await formed(world, **BODY)
    assert ("head", str(PRINCIPAL)) in await members(world, body, MONDAY)
    assert "依法治辍工作领导小组" in await page(world, "/casework/bodies", PRINCIPAL_VIEW)


async def test_the_special_office_has_an_inbox_for_rosters(world: World, told: Told) -> None:
    kind = pack_part("bodies", "special_office")
    assert "special_roster" in kind.receives
    body = await formed(world, COUNTY_VIEW, unit=LEDGER, code="special_office")
    assert "还没有收到" in await page(world, f"/casework/bodies/{body}", COUNTY_VIEW)
    duty = await roster_duty(world)
    filed = await send(
        world, "file_evidence", TOWN_VIEW, duty=duty, done_on=date(2027, 2, 1), note="本乡共三名"
    )
    assert "casework.EvidenceFiled" in types(filed)
    seen = await page(world, f"/casework/bodies/{body}", COUNTY_VIEW)
    assert "因病因残早婚早孕名册" in seen and "石桥镇" in seen


async def roster_duty(world: World) -> str:
    """The township's duty to report its roster, once February has come."""
    from services.casework.processes.duty_times import ensure_plans
    from shared import clock

    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    await world.move_to(at(date(2027, 2, 1), 9))
    for _ in range(200):
        if not await world.tick():
            break
    async with world.browser(TOWN_VIEW, "application/json") as browser:
        answer = await browser.get("/casework/duties.jsonl?state=armed")
    found = [json.loads(line) for line in answer.text.splitlines()]
    return next(one["duty"] for one in found if one["kind"] == "special_roster")


async def test_a_target_is_broken_down_and_its_parts_add_up_or_not(
    world: World, told: Told
) -> None:
    year = "2026-2027"
    top = await send(
        world, "set_target", COUNTY_VIEW, unit=LEDGER, year=year, metric="pupils_kept", value="90"
    )
    assert types(top) == ["casework.TargetSet"]
    parent = await target_of(world, LEDGER)
    down = await send(
        world,
        "cascade_target",
        COUNTY_VIEW,
        parent=parent["target"],
        units={TOWNSHIP: "50", "990101002": "30"},
    )
    assert types(down) == ["casework.TargetSet"] * 2
    told_ = await target_of(world, LEDGER)
    assert (told_["parts"], told_["sum"]) == (2, "80")
    seen = await page(world, f"/casework/targets?year={year}", COUNTY_VIEW)
    assert "与目标不符" in seen and "石桥镇初级中学" in seen


async def target_of(world: World, unit: str, staff: str | None = None) -> Any:
    told = await asked(world, "/casework/targets?year=2026-2027", COUNTY_VIEW)
    return next(o for o in told["targets"] if (o["unit"], o["staff"]) == (unit, staff))


async def test_a_schools_target_reaches_each_class_and_each_teacher(
    world: World, told: Told
) -> None:
    values = {"unit": SCHOOL, "year": "2026-2027", "metric": "pupils_kept", "value": "2"}
    await send(world, "set_target", PRINCIPAL_VIEW, **values)
    parent = await target_of(world, SCHOOL)
    before = await page(world, "/casework/targets?year=2026-2027", PRINCIPAL_VIEW)
    assert "8年级1班" in before and "何立新" in before
    down = await send(
        world,
        "cascade_target",
        PRINCIPAL_VIEW,
        parent=parent["target"],
        units={str(KLASS): "2"},
        staff={str(PRINCIPAL): "2"},
    )
    assert types(down) == ["casework.TargetSet"] * 2
    assert (await target_of(world, str(KLASS)))["value"] == "2"
    assert (await target_of(world, SCHOOL, str(PRINCIPAL)))["parent"] == parent["target"]


async def test_a_case_that_needs_the_upper_level_is_seen_waiting_there(
    world: World, told: Told
) -> None:
    case = await open_case(world, told)
    answer = await send(
        world, "escalate_case", PRINCIPAL_VIEW, case=case, level="county", reason="家长外出"
    )
    assert types(answer) == ["casework.CaseEscalated"]
    (waiting,) = (await asked(world, "/casework/escalated", COUNTY_VIEW))["waiting"]
    assert (waiting["case"], waiting["level"], waiting["unit"]) == (str(case), "county", LEDGER)
    assert "沙马木呷" in await page(world, "/casework/escalated", COUNTY_VIEW)
    await send(world, "escalate_case", COUNTY_VIEW, case=case, level="school")
    assert (await asked(world, "/casework/escalated", COUNTY_VIEW))["waiting"] == []


async def test_the_head_of_a_unit_is_accountable_and_signs(world: World, told: Told) -> None:
    """一把手负责制: the principal answers for the school in every scheme that names it."""
    answer = await asked(world, f"/casework/children/{CHILD}/answers?on={MONDAY}", COUNTY_VIEW)
    heads = [one for one in answer["answers"] if one["role"] == "principal"]
    assert {one["holder"] for one in heads} == {str(PRINCIPAL)}
    assert {"shuangxian_siji", "baobao", ""} <= {one["scheme"] for one in heads}
    assert all(one["source"]["type"] == "enrollment.RoleGranted" for one in heads)
    pack_part("schemes", "baobao")
    html = await page(world, f"/casework/children/{CHILD}/answers?on={MONDAY}", COUNTY_VIEW)
    assert "何立新" in html and "校长包校" in html
