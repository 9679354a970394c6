"""Staff, roster and rolls of schools that nobody has registered; the three layouts of a roll."""

import re
from datetime import date
from pathlib import Path

import pytest

from services.enrollment.imports import storing
from services.enrollment.imports.deeds import PublishDays
from shared.policy.layer import load_layer
from tests.enrollment.imports.sending import Office
from tests.enrollment.sheets.files import id_number
from tests.enrollment.world import Enrolled

CODE, NAME = "2199019999", "新建初级中学"
PUPILS = ["田小禾", "沙马木呷", "吉克阿依"]
STAFF = [
    [
        "姓名",
        "工号",
        "身份证件号",
        "手机",
        "学校标识码",
        "学校名称",
        "职务",
        "任教班级",
        "班主任班级",
    ],
    ["何立新", "T01", "", "13800000001", CODE, NAME, "校长", "", ""],
    ["沈秀兰", "T02", "", "13800000002", CODE, NAME, "教师", "七（1）班", "七（1）班"],
]
ROSTER = [
    ["学生姓名", "身份证号", "学校标识码", "学校名称", "年级", "班级"],
    *([name, id_number(n), CODE, NAME, "七年级", "1班"] for n, name in enumerate(PUPILS, 1)),
]


@pytest.fixture
async def office(county: Enrolled, tmp_path: Path) -> Office:
    made = Office(county, await county.viewer("officer"), tmp_path)
    staff = (await made.send("staff", STAFF))["report"]
    assert (staff["accepted"], staff["stored"], staff["rejected"]) == (2, True, []), staff
    pupils = (await made.send("roster", ROSTER))["report"]
    assert (pupils["accepted"], pupils["stored"], pupils["rejected"]) == (3, True, []), pupils
    return made


def day_list(day: str, marks: dict[str, str]) -> list[list[object]]:
    heads = ["日期", "学校标识码", "年级", "班级", "姓名", "出勤情况"]
    return [heads, *([day, CODE, "七年级", "1班", name, mark] for name, mark in marks.items())]


async def test_a_staff_list_founds_school_and_class_and_grants_roles(office: Office) -> None:
    roles = await office.county.events("RoleGranted")
    mine = [e for e in roles if CODE in e.unitpath]
    assert len(mine) == 3  # principal, subject teacher, homeroom teacher
    assigned = await office.county.events("HomeroomTeacherAssigned")
    assert any(CODE in e.unitpath for e in assigned)
    before = len(await office.county.events())
    again = (await office.send("staff", STAFF))["report"]
    assert (again["unchanged"], again["stored"]) == (2, True)
    assert len(await office.county.events()) == before


async def test_a_row_for_each_child_and_day(office: Office) -> None:
    rows = day_list("2026-11-13", {"田小禾": "到校", "沙马木呷": "旷课", "吉克阿依": "病假"})
    report = (await office.send("roll", rows))["report"]
    assert (report["accepted"], report["stored"], report["rejected"]) == (3, True, [])
    (event,) = await office.county.events("DailyRollSubmitted")
    assert event.via == "import" and event.unitpath.split("/")[-2] == CODE
    again = (await office.send("roll", rows))["report"]
    assert (again["unchanged"], again["stored"]) == (3, True)
    rows[2][-1] = "到校"
    mended = (await office.send("roll", rows))["report"]
    assert (mended["changed"], mended["unchanged"]) == (1, 2)
    assert [one["code"] for one in mended["warnings"]] == ["roll_correction"]


async def test_children_not_named_are_asked_about(office: Office) -> None:
    rows = day_list("2026-11-13", {"沙马木呷": "旷课"})
    asked = await office.send("roll", rows)
    (question,) = asked["report"]["questions"]
    assert question["option"] == "rest" and not asked["report"]["stored"]
    report = (await office.send("roll", rows, answers={"rest": "present"}))["report"]
    assert (report["accepted"], report["stored"]) == (3, True)


async def test_a_list_of_absentees_must_agree_with_the_class(office: Office) -> None:
    heads = ["日期", "学校标识码", "班级", "应到", "实到", "缺勤名单"]
    good = [heads, ["2026-11-13", CODE, "七（1）班", 3, 2, "沙马木呷（病假）"]]
    report = (await office.send("roll", good))["report"]
    assert (report["accepted"], report["stored"]) == (3, True), report
    bad = [heads, ["2026-11-12", CODE, "七（1）班", 4, 3, "沙马木呷"]]
    report = (await office.send("roll", bad))["report"]
    assert [one["code"] for one in report["rejected"]] == ["expected_differs"]
    stranger = [heads, ["2026-11-12", CODE, "七（1）班", 3, 2, "无此人"]]
    report = (await office.send("roll", stranger))["report"]
    assert "child_unknown" in [one["code"] for one in report["rejected"]]
    assert not report["stored"]


async def test_a_month_grid(office: Office) -> None:
    heads: list[object] = ["姓名", *(str(n) for n in range(9, 14))]
    rows = [
        [f"{NAME}七（1）班2026年11月考勤表"],
        heads,
        ["田小禾", "√", "√", "√", "", "√"],
        ["沙马木呷", "√", "旷", "旷", "", "病"],
        ["吉克阿依", "√", "√", "√", "", "√"],
    ]
    report = (await office.send("roll", rows, sheet="七（1）", school=CODE))["report"]
    assert (report["accepted"], report["stored"], report["rejected"]) == (12, True, []), report
    assert len(await office.county.events("DailyRollSubmitted")) == 4


async def test_days_that_no_roll_can_have_are_refused(office: Office) -> None:
    everybody = dict.fromkeys(PUPILS, "到校")
    for day, code in (
        ("2026-11-14", "no_school_that_day"),
        ("2026-11-17", "roll_in_future"),
    ):
        report = (await office.send("roll", day_list(day, everybody)))["report"]
        assert {one["code"] for one in report["rejected"]} == {code}
        assert len(report["rejected"]) == 3 and not report["stored"]


async def test_a_term_and_days_of_a_calendar(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = [
        ["学期", "开学日期", "结束日期"],
        ["2026—2027学年第一学期", "2026-09-01", "2027-01-22"],
    ]
    report = (await office.send("calendar", terms))["report"]
    assert (report["changed"], report["stored"]) == (1, True), report
    again = (await office.send("calendar", terms))["report"]
    assert (again["unchanged"], again["stored"]) == (1, True)
    sent: list[PublishDays] = []

    async def publish(_edge: object, _job: object, _id: object, deed: PublishDays) -> list[str]:
        sent.append(deed)
        return []

    monkeypatch.setattr(storing, "publish", publish)
    days = [
        ["日期", "是否上课", "原因"],
        ["2026-11-26", "否", "运动会"],
        ["2026-11-28", "是", "补课"],
    ]
    report = (await office.send("calendar", days))["report"]
    assert (report["accepted"], report["stored"]) == (2, True), report
    layer = load_layer(sent[0].content.encode())
    assert layer.closed == {date(2026, 11, 26): "运动会"} and sent[0].founding
    assert layer.open == {date(2026, 11, 28): "补课"} and layer.layer == "county"


async def test_a_question_without_choices_is_answered_by_typing(office: Office) -> None:
    rows: list[list[object]] = [
        ["姓名", *(str(n) for n in range(9, 14))],
        *([name, *["√"] * 5] for name in PUPILS),
    ]
    asked = await office.send("roll", rows, sheet="七（1）", school=CODE, via="web")
    assert [one["option"] for one in asked["report"]["questions"]] == ["month"]
    async with office.county.world.browser(office.viewer, "text/html") as person:
        page = await person.get(f"/enrollment/imports/{office.last}")
        assert re.search(r'<input name="answer"[^>]* placeholder="2026-09"', page.text)
        given = {"question": "month", "answer": "2026-11"}
        await person.post(f"/enrollment/imports/{office.last}/answers", data=given)
    await office.work()
    assert (await office.look())["report"]["accepted"] == 15


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((0, "2026-11-14"), {("A2", "日期", "no_school_that_day")}),
        ((3, "5班"), {("D2", "班级", "class_unknown")}),
        ((4, "陌生人"), {("E2", "姓名", "child_unknown")}),
    ],
)
async def test_what_is_wrong_in_a_roll_stands_in_its_own_cell(
    office: Office, change: tuple[int, str], told: set[tuple[str, str, str]]
) -> None:
    rows = day_list("2026-11-13", dict.fromkeys(PUPILS, "到校"))
    rows[1][change[0]] = change[1]
    report = (await office.send("roll", rows))["report"]
    found = {(one["cell"], one["column"], one["code"]) for one in report["rejected"]}
    assert told == {one for one in found if one[2] != "roll_not_whole"}


async def test_a_stranger_in_a_grid_is_one_fault_in_the_cell_of_the_name(office: Office) -> None:
    rows: list[list[object]] = [
        ["2026年11月考勤表"],
        ["姓名", *(str(n) for n in range(9, 14))],
        *([name, *["√"] * 5] for name in [*PUPILS, "陌生人"]),
    ]
    report = (await office.send("roll", rows, sheet="七（1）", school=CODE))["report"]
    found = [(one["cell"], one["column"], one["code"]) for one in report["rejected"]]
    assert [one for one in found if one[2] != "roll_not_whole"] == [("A6", "姓名", "child_unknown")]
    assert {one[1] for one in found if one[2] == "roll_not_whole"} == {"日期"}


async def test_a_code_that_bears_another_name_is_told(office: Office) -> None:
    rows = [list(row) for row in ROSTER]
    rows[1][3] = "另一所中学"
    report = (await office.send("roster", rows))["report"]
    (told,) = [one for one in report["warnings"] if one["code"] == "school_name_differs"]
    assert (told["cell"], told["column"]) == ("D2", "学校名称")
    assert NAME in told["reason"]


async def test_the_columns_that_were_recognised_are_named_in_words(office: Office) -> None:
    await office.send("roster", ROSTER, via="web")
    async with office.county.world.browser(office.viewer, "text/html") as person:
        page = await person.get(f"/enrollment/imports/{office.last}")
    told = re.findall(r"<dt>Sheet1 [A-F] [^<]*</dt><dd>([^<]*)</dd>", page.text)
    assert told == ["姓名", "身份证件号", "学校标识码", "学校名称", "年级", "班级"]
