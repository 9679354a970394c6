"""Schools that a roster founds hang below their township; posts give the rights that are said."""

from pathlib import Path

import pytest

from tests.enrollment.imports.sending import Office
from tests.enrollment.sheets.files import id_number
from tests.enrollment.world import TOWNSHIP, Enrolled

HEADS = ["姓名", "身份证件号", "学校标识码", "学校名称", "所属乡镇", "年级", "班级"]
COUNTY = "990000/990100/990101"
WAITS, NEW = f"{COUNTY}/990101900", f"{COUNTY}/990101901"
STAFF_HEADS = ["姓名", "工号", "学校标识码", "学校名称", "职务"]


@pytest.fixture
async def office(county: Enrolled, tmp_path: Path) -> Office:
    return Office(county, await county.viewer("officer"), tmp_path)


def roster(*rows: tuple[str, str, str, str]) -> list[list[object]]:
    return [
        HEADS,
        *(
            [name, "", code, f"新{code[-1]}小学", where, "三", cls]
            for name, code, where, cls in rows
        ),
    ]


async def paths(office: Office, kind: str) -> dict[str, str]:
    registered = await office.county.events("UnitRegistered", "UnitMoved")
    found = {}
    for one in registered:
        path = one.unitpath if one.type.endswith("Registered") else ""
        found[one.stream.removeprefix("unit-")] = path
    return {code: path for code, path in found.items() if code.startswith(kind)}


async def test_a_school_hangs_where_its_rows_say_and_else_waits(office: Office) -> None:
    rows = roster(
        ("田小禾", "2199019991", "石桥镇", "1班"),
        ("沙马木呷", "2199019992", "白岩乡", "1班"),
        ("吉克阿依", "2199019993", "", "1班"),
    )
    report = (await office.send("roster", rows))["report"]
    assert (report["accepted"], report["stored"]) == (3, True), report
    assert await paths(office, "219901999") == {
        "2199019991": f"{COUNTY}/{TOWNSHIP}/2199019991",
        "2199019992": f"{NEW}/2199019992",
        "2199019993": f"{WAITS}/2199019993",
    }
    said = {one["code"]: one["reason"] for one in report["warnings"]}
    assert "白岩乡" in said["township_founded"] and "新3小学" in said["township_missing"]
    rows[3][4] = "白岩乡"
    moved = (await office.send("roster", rows))["report"]
    assert "school_moved" in [one["code"] for one in moved["warnings"]]
    (event,) = await office.county.events("UnitMoved")
    assert f'"path":"{NEW}/2199019993"' in bytes(event.data).decode()
    before = len(await office.county.events())
    again = (await office.send("roster", rows))["report"]
    assert (again["unchanged"], again["changed"], again["stored"]) == (3, 0, True)
    assert len(await office.county.events()) == before


async def test_what_refused_rows_alone_would_need_is_not_founded(office: Office) -> None:
    first = roster(("田小禾", "2199019991", "", "1班"), ("沙马木呷", "2199019991", "", "1班"))
    first[1][1] = id_number(7)
    report = (await office.send("roster", first))["report"]
    assert report["stored"], report
    rows = roster(
        ("吉克阿依", "2199019991", "", "1班"),
        # The same child twice: both rows are refused after their class has been looked up.
        ("田小禾", "2199019991", "", "2班"),
        ("田小禾", "2199019994", "白岩乡", "3班"),
    )
    rows[2][1] = rows[3][1] = first[1][1]
    report = (await office.send("roster", rows, partial=True))["report"]
    assert (report["accepted"], report["stored"]) == (1, True), report
    assert len(report["rejected"]) >= 2
    assert len(await office.county.events("ClassOpened")) == 3
    assert "2199019994" not in await paths(office, "219901999")
    assert not {"class_founded", "school_founded"} & {one["code"] for one in report["warnings"]}


async def test_each_post_gives_a_role_or_is_said_to_give_none(office: Office) -> None:
    posts = [
        "校长",
        "副校长",
        "教导主任",
        "年级组长",
        "包级部领导",
        "学籍管理员",
        "后勤",
        "总务主任、会计",
    ]
    rows = [[f"姓{n}", f"T{n:02}", "2199010001", "", post] for n, post in enumerate(posts)]
    before = len(await office.county.events("RoleGranted"))
    report = (await office.send("staff", [STAFF_HEADS, *rows]))["report"]
    assert (report["accepted"], report["stored"]) == (len(posts), True), report
    granted = (await office.county.events("RoleGranted"))[before:]
    roles = [bytes(one.data).decode().split('"role":"')[1].split('"')[0] for one in granted]
    assert sorted(roles) == ["grade_leader"] * 4 + ["principal", "registrar"]
    said = [one for one in report["warnings"] if one["code"] == "post_without_rights"]
    assert [one["reason"].split("“")[1].split("”")[0] for one in said] == [
        "后勤",
        "总务主任",
        "会计",
    ]
    assert {one["cell"] for one in said} == {"E8", "E9"}
