"""Rules as data: documents, the register, the eight systems, and what was done of what was due."""

from datetime import timedelta
from typing import Any

from services.casework.processes.duty_times import ensure_plans
from shared import clock
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW, TOWN_VIEW
from tests.county import (
    CHILD,
    COUNTY_PATH,
    KLASS,
    LEDGER,
    MONDAY,
    PRINCIPAL,
    SCHOOL,
    TEACHER,
    TOWNSHIP,
    Told,
    at,
    uid,
)
from tests.followed import World, viewer_of
from tests.requirements.casework.desk import page, send, types

POLICY = viewer_of(uid("policy"), "policy_officer", COUNTY_PATH)


async def publish(world: World, code: str = "registry_plan", **more: Any) -> Any:
    values: dict[str, Any] = {
        "unit": SCHOOL,
        "code": code,
        "title": "学籍管理工作计划与措施",
        "edition": "2026-1",
        "owner": "学籍管理员",
        "valid_from": MONDAY,
        "content": "班主任每天点名；家长或监护人送孩子按时到校。",
    }
    return await send(world, "publish_document", PRINCIPAL_VIEW, **(values | more))


async def plan(world: World, days: int) -> None:
    """So many days go by, the periods of each begin and fall due."""
    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    await world.move_to(at(MONDAY + timedelta(days=days), 1))
    while await world.tick():
        pass


async def test_a_document_is_published_with_version_hash_dates_and_owner(
    world: World, told: Told
) -> None:
    assert types(await publish(world)) == ["casework.PolicyDocumentPublished"]
    await publish(world, code="measures", title="辍保学措施", edition="2026-2")
    shown = await page(world, "/casework/policy/documents", POLICY)
    for words in ("学籍管理工作计划与措施", "2026-1", "学籍管理员", "现行", "辍保学措施"):
        assert words in shown
    [event, _] = await world.events("PolicyDocumentPublished")
    assert event.policyversion
    assert "e3b0c44298fc1c14" not in shown, "the hash is of the document's own words"


async def test_rules_name_the_register_entry_that_they_rest_on(world: World, told: Told) -> None:
    content = """format: 2
name: 青禾县规则
extends: seed
sources:
  county-2026: {title: 控辍保学实施细则, issuer: 青禾县教体局, number: 青教〔2026〕3号, date: "2026-11-01", article: 第四条, scope: 青禾县}
values: {alert: {verify_hours: 24}}
basis: {alert.verify_hours: [county-2026]}
"""  # noqa: E501
    tomorrow = MONDAY + timedelta(days=1)
    told_ = {"unit": LEDGER, "content": content, "valid_from": tomorrow, "basis": "county-2026"}
    assert types(await send(world, "activate_policy", POLICY, **told_)) == [
        "casework.PolicyVersionActivated"
    ]
    shown = await page(world, "/casework/policy", POLICY)
    assert "青禾县教体局 青教〔2026〕3号 《控辍保学实施细则》 第四条 2026-11-01" in shown
    assert "还没有生效" in shown
    await world.move_to(at(tomorrow))
    register = await page(world, "/casework/policy/basis", POLICY)
    for words in ("皖政办〔20xx〕3号", "省政府办公厅", "青教〔2026〕3号", "第四条", "预警核实期限"):
        assert words in register


async def test_each_of_the_eight_systems_shows_its_document_and_that_it_runs(
    world: World, told: Told
) -> None:
    before = await page(world, "/casework/systems", POLICY)
    assert "0/8 项" in before
    await publish(world, code="target_system", title="目标责任制度")
    target = {"unit": SCHOOL, "year": "2026", "metric": "pupils_kept", "value": "45"}
    await send(world, "set_target", PRINCIPAL_VIEW, **target)
    after = await page(world, "/casework/systems", POLICY)
    assert "1/8 项" in after
    assert "目标责任制度（2026-1）" in after
    entries = await page(world, f"/casework/systems/target_system?unit={LEDGER}", COUNTY_VIEW)
    assert "casework.TargetSet" in entries
    assert f"/audit/entries/casework/{LEDGER}/" in entries


async def test_of_what_fell_due_it_shows_what_was_done_in_time_late_and_not_at_all(
    world: World, told: Told
) -> None:
    await plan(world, 1)
    meeting = {
        "unit": SCHOOL,
        "kind": "huddle",
        "held_at": at(MONDAY, 9),
        "attended": [str(PRINCIPAL)],
        "agenda": "本周控辍保学",
    }
    held = await send(world, "hold_meeting", PRINCIPAL_VIEW, **meeting)
    assert types(held) == ["casework.MeetingHeld"]
    await plan(world, 8)
    assert await world.events("DutySatisfied")
    shown = await page(world, "/casework/progress", COUNTY_VIEW)
    row = shown.split("weekly_meeting</span>")[1].split("</tr>")[0]
    assert 'weekly_meeting?unit=990101&amp;state=done"' in row
    assert "50%" in row, "two schools, one meeting"
    behind = await page(world, "/casework/progress/weekly_meeting?state=missed", COUNTY_VIEW)
    assert "柳河乡中心小学" in behind
    assert "石桥镇初级中学" not in behind
    plans = await page(world, "/casework/plans", COUNTY_VIEW)
    overdue, with_evidence = plans.split("<h2>超期、没有证据的")[1].split("<h2>有证据的")
    assert "每周碰头会" in with_evidence
    [event] = await world.events("MeetingHeld")
    assert f"{LEDGER} casework {event.ledgerseq}" in with_evidence
    assert "每周碰头会" in overdue


async def test_a_class_shows_survey_summary_owner_and_what_follows(
    world: World, told: Told
) -> None:
    address = f"/casework/classes/{KLASS}/status"
    before = await page(world, address, PRINCIPAL_VIEW)
    assert "开学一个月内摸底" in before
    assert "baseline_survey" not in before, "a duty goes by its words"
    assert "沈秀兰" in before
    assert "2 名学生没有包联教职工" in before
    charge = {
        "scheme": "quanyuan",
        "tier": "staff_child",
        "target": str(CHILD),
        "holder": str(TEACHER),
        "since": MONDAY,
    }
    given = await send(world, "assign_responsibility", PRINCIPAL_VIEW, **charge)
    assert types(given) == ["casework.ResponsibilityAssigned"]
    after = await page(world, address, PRINCIPAL_VIEW)
    assert "1 名学生没有包联教职工" in after
    for step in ("摸底", "汇总", "包班到人", "奖惩", "一票否决"):
        assert step in after


async def test_departments_and_villages_have_their_duties_by_year(world: World, told: Told) -> None:
    duties = {"police": ["查找去向不明的学生"], "village": ["进村入户动员", "报告外出务工的家庭"]}
    values = {"unit": TOWNSHIP, "year": 2026, "duties": duties}
    assert types(await send(world, "adopt_duty_matrix", TOWN_VIEW, **values)) == [
        "casework.DutyMatrixAdopted"
    ]
    shown = await page(world, "/casework/duty-matrix", POLICY)
    for words in ("石桥镇", "派出所", "查找去向不明的学生", "村民委员会", "报告外出务工的家庭"):
        assert words in shown
