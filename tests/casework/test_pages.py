"""What people see: parts of the first page, alerts, the ledger of cases, one case, its forms."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.casework.pages import sheet
from services.casework.queries import boards
from shared.policy.layer import Layer, encode_layer
from shared.policy.pack import seed_pack, seed_pack_bytes
from shared.rights import Viewer
from tests.casework.acting import (
    COUNTY_VIEW,
    INSPECTOR_VIEW,
    PRINCIPAL_VIEW,
    TEACHER_VIEW,
    TOWN_VIEW,
    flagged,
    give,
    opened,
)
from tests.casework.samples_http import VALUES
from tests.county import (
    CHILD,
    COUNTY_PATH,
    LEDGER,
    MONDAY,
    OTHER_PATH,
    SECOND,
    STRANGER,
    TOWNSHIP,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of

NAME = "沙马木呷"
STRANGER_VIEW = viewer_of(STRANGER, "principal", OTHER_PATH)
EVERYBODY = (TEACHER_VIEW, PRINCIPAL_VIEW, TOWN_VIEW, COUNTY_VIEW, INSPECTOR_VIEW)


async def get(world: World, path: str, viewer: Viewer = TEACHER_VIEW, **more: Any) -> Any:
    async with world.browser(viewer, **more) as browser:
        return await browser.get(path)


@pytest.mark.parametrize("viewer", EVERYBODY, ids=lambda v: v.grants[0].role)
async def test_a_new_alert_stands_on_the_first_page_of_everybody_above(
    world: World, told: Told, viewer: Viewer
) -> None:
    await flagged(world, told)
    page = await get(world, "/casework/today/alerts", viewer)
    assert page.status_code == 200
    assert NAME in page.text and "连续 4 个上学日无故未到" in page.text
    (viewed,) = await world.events("RecordViewed", ledger="990101-access")
    assert data_of(viewed)["subjects"] == [str(CHILD)]


async def test_the_teacher_verifies_in_two_taps_from_the_first_page(
    world: World, told: Told
) -> None:
    alert = await flagged(world, told)
    part = (await get(world, "/casework/today/alerts")).text
    assert 'action="/casework/commands/verify_risk"' in part and 'value="visited"' in part
    values = {"command_id": str(uuid7()), "version": "1", "alert": alert, "reason": "visited"}
    async with world.browser(TEACHER_VIEW) as browser:
        answer = await browser.post("/casework/commands/verify_risk", data=values)
        assert answer.status_code == 303
        page = await browser.get(answer.headers["location"])
    assert "疑似辍学" in page.text and NAME in page.text


async def test_no_label_stands_on_a_teachers_first_page(world: World, told: Told) -> None:
    await give(world, "flag_risk", child=CHILD, sign="weary_of_school")
    teacher = (await get(world, "/casework/today/alerts")).text
    principal = (await get(world, "/casework/today/alerts", PRINCIPAL_VIEW)).text
    assert NAME in teacher and "厌学" not in teacher
    assert "厌学" in principal


async def test_an_inspector_sees_and_decides_nothing(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    page = await get(world, f"/casework/alerts/alert-{alert}", INSPECTOR_VIEW)
    assert NAME in page.text and "verify_risk" not in page.text


async def test_another_school_sees_nothing_of_it(world: World, told: Told) -> None:
    case = await opened(world, told)
    for path in ("/casework/alerts?filter=decided", "/casework/cases?filter=all"):
        page = await get(world, path, STRANGER_VIEW)
        assert page.status_code == 200 and NAME not in page.text
    for path in (
        f"/casework/cases/case-{case}",
        f"/casework/cases/case-{case}/do/log_home_visit",
        f"/casework/children/{CHILD}",
        f"/casework/children/{CHILD}/do/flag_risk",
    ):
        assert (await get(world, path, STRANGER_VIEW)).status_code == 404, path


async def test_counts_fall_to_the_units_below_the_county(world: World, told: Told) -> None:
    await flagged(world, told)
    page = (await get(world, "/casework/today/alerts", COUNTY_VIEW)).text
    assert f'data-for="flags-{TOWNSHIP}"' in page
    within = await get(world, f"/casework/alerts?unit={TOWNSHIP}", COUNTY_VIEW)
    without = await get(world, "/casework/alerts?unit=990101002", COUNTY_VIEW)
    assert NAME in within.text and NAME not in without.text


async def test_unverified_for_too_long_it_is_overdue(world: World, told: Told) -> None:
    await flagged(world, told)
    await world.move_to(at(MONDAY + timedelta(days=6)))
    assert "已超期" in (await get(world, "/casework/alerts?filter=overdue", COUNTY_VIEW)).text
    duties = (await get(world, "/casework/today/duties", COUNTY_VIEW)).text
    assert "已超期" in duties and "核实预警" in duties and NAME in duties
    assert 'action="/notify/commands/remind"' in duties


async def test_duties_of_a_case_lead_to_their_forms(world: World, told: Told) -> None:
    case = await opened(world, told)
    duties = (await get(world, "/casework/today/duties")).text
    assert f"/casework/cases/case-{case}/do/log_home_visit" in duties
    assert "首次家访" in duties and "谈心" in duties
    await give(world, "log_home_visit", case=case, **VALUES["log_home_visit"])
    assert "首次家访" not in (await get(world, "/casework/today/duties")).text


async def test_every_action_has_a_form_that_posts_to_its_command(world: World, told: Told) -> None:
    case = await opened(world, told)
    for name in VALUES:
        page = await get(world, f"/casework/cases/case-{case}/do/{name}", COUNTY_VIEW)
        assert page.status_code == 200, name
        assert f'action="/casework/commands/{name}"' in page.text
        assert f'value="{case}"' in page.text and NAME in page.text
    for name in ("flag_risk", "log_observation"):
        page = await get(world, f"/casework/children/{CHILD}/do/{name}")
        assert f'action="/casework/commands/{name}"' in page.text


async def test_who_may_not_close_is_told_whom_to_ask(world: World, told: Told) -> None:
    case = await opened(world, told)
    page = await get(world, f"/casework/cases/case-{case}/do/close_case", PRINCIPAL_VIEW)
    assert page.status_code == 403 and "县教育局" in page.text
    listed = (await get(world, f"/casework/cases/case-{case}", PRINCIPAL_VIEW)).text
    assert "do/close_case" not in listed and "do/log_home_visit" in listed


async def test_the_case_page_names_who_acted_and_on_whose_behalf(world: World, told: Told) -> None:
    case = await opened(world, told)
    page = (await get(world, f"/casework/cases/case-{case}", INSPECTOR_VIEW)).text
    assert "沈秀兰" in page and "代沈秀兰" in page and "/audit/cases/case-" in page
    theirs = (await get(world, f"/casework/cases/case-{case}", TEACHER_VIEW)).text
    assert "/audit/cases/" not in theirs, "who may not replay is not led to a refusal"
    assert 'class="sheet actions-line' not in page


async def test_a_childs_fragment_lists_alerts_cases_and_what_is_open(
    world: World, told: Told
) -> None:
    case = await opened(world, told)
    part = (await get(world, f"/casework/children/{CHILD}")).text
    assert f"/casework/cases/case-{case}" in part and "首次家访" in part


async def test_the_ledger_of_cases_and_its_filters(world: World, told: Told) -> None:
    case = await opened(world, told)
    seen = {"child": uid("second"), "sign": "near_dropout"}
    await give(world, "flag_risk", **seen)
    found = {
        key: (await get(world, f"/casework/cases?filter={key}", COUNTY_VIEW)).text
        for key in ("open", "near", "risk", "returned", "closed", "all")
    }
    assert NAME in found["open"] and NAME in found["risk"] and NAME not in found["closed"]
    assert "吉克阿依" in found["near"] and "接近辍学" in found["near"]
    assert NAME not in found["near"] and NAME not in found["returned"]
    await give(world, "reinstate", case=case, **VALUES["reinstate"])
    await give(world, "report_relapse", case=case, **VALUES["report_relapse"])
    assert NAME in (await get(world, "/casework/cases?filter=returned", COUNTY_VIEW)).text


async def test_the_export_says_as_of_when_and_what_it_rests_on(world: World, told: Told) -> None:
    case = await opened(world, told)
    answer = await get(world, "/casework/cases.xlsx?filter=open", COUNTY_VIEW)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in book.iter_rows()]  # type: ignore[union-attr]
    assert rows[1][0] == "截至 2026年11月19日 08:30"
    bodies = [
        one.body
        for one in await world.own_entries()
        if b"case-" + str(case).encode() in one.body.split(b'"unitpath"')[0]
    ]
    whole = sha256(b"".join(body + b"\n" for body in bodies)).hexdigest()
    assert whole in str(rows[2][0])
    assert rows[4][1] == NAME and rows[4][3] == "疑似辍学"
    (exported,) = await world.events("ExportCreated", ledger="990101-access")
    assert data_of(exported) | {"classes": []} == {
        "purpose": "oversight",
        "kind": "cases",
        "rows": 1,
        "subjects": [str(CHILD)],
        "classes": [],
        "obtained_by": None,
    }


async def test_lists_go_on_and_an_export_of_more_than_one_record_holds_has_several(
    world: World, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "LIST_LIMIT_ROWS", 1)
    monkeypatch.setattr(sheet, "PART_ROWS", 1)
    told.streak()
    told.streak(child=SECOND)
    await world.move_to(at(MONDAY + timedelta(days=3), 8, 30))
    await world.hear("enrollment", told.entries)
    first = (await get(world, "/casework/alerts", COUNTY_VIEW)).text
    assert "2 件" in first and "page=1" in first
    second = (await get(world, "/casework/alerts?filter=open&page=1", COUNTY_VIEW)).text
    assert "下一页" not in second and second.count("<article") == first.count("<article") == 1
    for event in await world.events("RiskFlagged"):
        alert = event.stream.removeprefix("alert-")
        await give(world, "verify_risk", alert=alert, reason="visited")
    pages = [(await get(world, f"/casework/cases?page={n}", COUNTY_VIEW)).text for n in (0, 1)]
    assert ["下一页" in page for page in pages] == [True, False]
    answer = await get(world, "/casework/cases.xlsx?filter=open", COUNTY_VIEW)
    book = openpyxl.load_workbook(BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in book.iter_rows()]  # type: ignore[union-attr]
    assert len(rows[4:]) == 2
    exported = await world.events("ExportCreated", ledger="990101-access")
    assert [data_of(one)["rows"] for one in exported] == [1, 1]
    named = {one for event in exported for one in data_of(event)["subjects"]}
    assert named == {str(CHILD), str(SECOND)}


async def test_a_teacher_exports_nothing(world: World, told: Told) -> None:
    await opened(world, told)
    assert (await get(world, "/casework/cases.xlsx")).status_code == 403


async def test_json_lists_hold_no_personal_value(world: World, told: Told) -> None:
    case = await opened(world, told)
    alerts = await get(world, "/casework/alerts?filter=decided", accept="application/json")
    cases = await get(world, "/casework/cases", accept="application/json")
    assert alerts.json()["alerts"][0]["state"] == "verified"
    assert cases.json()["cases"][0]["stream"] == f"case-{case}"
    assert NAME not in alerts.text + cases.text
    assert await world.events("RecordViewed", ledger="990101-access") == []


async def test_a_refused_form_is_a_page_with_a_sentence(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    await give(world, "clear_risk", alert=alert, reason="at_school")
    values = {"command_id": str(uuid7()), "version": "1", "alert": alert, "reason": "visited"}
    async with world.browser(TEACHER_VIEW) as browser:
        answer = await browser.post("/casework/commands/verify_risk", data=values)
    assert answer.status_code == 409 and "请看新内容再提交" in answer.text


async def test_a_kept_form_can_ask_whether_it_arrived(world: World, told: Told) -> None:
    case, once = await opened(world, told), uuid7()
    path = f"/casework/cases/case-{case}/known?command_id={once}"
    assert (await get(world, path)).json()["known"] is False
    await give(world, "log_home_visit", case=case, command_id=once, **VALUES["log_home_visit"])
    answer = (await get(world, path)).json()
    assert answer == {"known": True, "next": f"/casework/cases/case-{case}"}


async def test_packs_and_calendars_are_served_to_services_alone(world: World, told: Told) -> None:
    officer = viewer_of(uid("policy"), "policy_officer", COUNTY_PATH)
    changed = seed_pack_bytes().replace(b"verify_hours: 48", b"verify_hours: 24")
    tomorrow = MONDAY + timedelta(days=1)
    values = {"unit": LEDGER, "valid_from": tomorrow, "content": changed.decode(), "basis": "县规"}
    await give(world, "activate_policy", officer, **values)
    layer = Layer(
        layer="county",
        name="秋收",
        first=tomorrow,
        last=tomorrow,
        closed={tomorrow: "秋收"},
        open={},
    )
    content = encode_layer(layer).decode()
    published = {"unit": LEDGER, "valid_from": tomorrow, "content": content}
    await give(world, "publish_calendar", COUNTY_VIEW, **published)
    async with world.browser(TEACHER_VIEW) as browser:
        token = world.edge.call_token("casework")
        headers = {"authorization": f"Bearer {token}"}
        for sha, expected in (
            (sha256(changed).hexdigest(), changed),
            (sha256(content.encode()).hexdigest(), content.encode()),
            (seed_pack().sha256, seed_pack_bytes()),
        ):
            answer = await browser.get(f"/casework/packs/{sha}", headers=headers)
            assert (answer.status_code, answer.content) == (200, expected), answer.text
            assert (await browser.get(f"/casework/packs/{sha}")).status_code == 401
        unknown = await browser.get(f"/casework/packs/{'0' * 64}", headers=headers)
        assert unknown.status_code == 404
    moment = await world.edge.moment()
    assert moment.rules.pack(COUNTY_PATH, tomorrow).values.alert.verify_hours == 24
    assert not moment.rules.school_calendar().is_school_day(tomorrow, COUNTY_PATH).school
    assert moment.rules.pack(COUNTY_PATH, date(2026, 11, 16)).values.alert.verify_hours == 48


async def test_lists_are_ordered_by_grade_and_group(world: World, told: Told) -> None:
    for child in (uid("elsewhere"), CHILD):
        await give(world, "flag_risk", COUNTY_VIEW, child=child, sign="dropout_signs")
    async with world.engine.begin() as conn:
        await conn.execute(
            text("update child set grade = 3 where child = :c"), {"c": uid("elsewhere")}
        )
    page = (await get(world, "/casework/alerts", COUNTY_VIEW)).text
    assert page.index(NAME) < page.index("田小禾")


async def test_classes_that_nobody_observed_for_long_are_listed_with_their_teacher(
    world: World, told: Told
) -> None:
    page = (await get(world, "/casework/observations", PRINCIPAL_VIEW)).text
    assert "8年级1班" in page and "沈秀兰" in page and "还没有记过" in page
    seen = {"child": CHILD, "observed_at": at(MONDAY, 8, 5), "kind": "mood"}
    await give(world, "log_observation", **seen)
    assert "8年级1班" not in (await get(world, "/casework/observations", PRINCIPAL_VIEW)).text
    await world.move_to(at(MONDAY + timedelta(days=31)))
    page = (await get(world, "/casework/observations", PRINCIPAL_VIEW)).text
    assert "8年级1班" in page and "11-16" in page
    assert "8年级1班" not in (await get(world, "/casework/observations", STRANGER_VIEW)).text


async def test_an_alert_of_the_evening_waits_to_be_reported_though_its_day_began_long_ago(
    world: World, told: Told
) -> None:
    """The demonstration's clock waits for it at any hour."""
    thursday = MONDAY + timedelta(days=3)
    told.streak()
    await world.move_to(at(thursday, 22, 40))
    await world.hear("enrollment", told.entries)
    token = world.edge.call_token("casework")
    times = {"since": at(thursday, 22, 10), "before": at(thursday + timedelta(days=1), 6, 30)}
    query = urlencode({name: time.isoformat() for name, time in times.items()})
    async with world.browser(TEACHER_VIEW, "application/json") as browser:
        headers = {"authorization": f"Bearer {token}"}
        answer = await browser.get(f"/casework/waiting?{query}", headers=headers)
    due = answer.json()["due_at"]
    assert due and datetime.fromisoformat(due) == at(thursday + timedelta(days=1), 0, 0)


async def test_who_may_not_see_children_is_led_to_the_duty_itself(world: World, told: Told) -> None:
    await opened(world, told)
    officer = viewer_of(uid("policy"), "policy_officer", COUNTY_PATH)
    listed = (await get(world, "/casework/duties", officer)).text
    assert "/casework/duties/" in listed and "/enrollment/children/" not in listed
    assert "/enrollment/children/" in (await get(world, "/casework/duties", COUNTY_VIEW)).text


async def test_of_a_case_who_may_not_work_it_is_led_to_the_case(world: World, told: Told) -> None:
    case = await opened(world, told)
    due = f"/casework/cases/case-{case}"
    assert f"{due}/do/" in (await get(world, "/casework/today/duties")).text
    watched = (await get(world, "/casework/today/duties", INSPECTOR_VIEW)).text
    assert due in watched and f"{due}/do/" not in watched
