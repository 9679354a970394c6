"""A county's own files from nothing: staff, roster, rolls, calendar."""

from pathlib import Path

import openpyxl
import pytest

from services.enrollment.imports import storing
from tests.county import data_of
from tests.enrollment.imports.sending import HEADS, Office
from tests.enrollment.sheets.files import id_number
from tests.enrollment.world import OPERATOR, OTHER_SCHOOL, SCHOOL, Enrolled

NAMES = ["田小禾", "沙马木呷", "吉克阿依", "何立春"]


@pytest.fixture
async def office(county: Enrolled, tmp_path: Path) -> Office:
    return Office(county, await county.viewer("officer"), tmp_path)


def roster(
    names: list[str] = NAMES, code: str = SCHOOL, place: str = "甲村1号"
) -> list[list[object]]:
    rows = [
        [name, "男", id_number(n), code, "新校", "八年级", "3班", place]
        for n, name in enumerate(names, 1)
    ]
    return [list(HEADS), *rows]


async def test_a_roster_is_stored_and_the_same_file_again_changes_nothing(office: Office) -> None:
    first = await office.send("roster", roster())
    assert first["state"] == "done", first
    report = first["report"]
    assert (report["accepted"], report["changed"], report["unchanged"]) == (4, 0, 0)
    assert report["stored"] is True and report["rejected"] == [] and report["missing"] == 0
    assert len(await office.county.events("ChildRegistered")) == 4
    before = len(await office.county.events())
    again = (await office.send("roster", roster()))["report"]
    assert (again["accepted"], again["unchanged"], again["stored"]) == (4, 4, True)
    assert len(await office.county.events()) == before


async def test_a_column_of_a_roster_says_who_is_in_which_group(office: Office) -> None:
    """Once a child and group; nobody is taken out by silence; an unknown word refuses its row."""
    await office.send("roster", roster())
    said = [["重点生、学困生"], ["无"], [""], ["特困生"]]
    head, *rows = roster()
    grouped = [[*head, "学生类别"], *[row + more for row, more in zip(rows, said, strict=True)]]
    done = (await office.send("roster", grouped))["report"]
    assert (done["changed"], done["unchanged"], done["rejected"]) == (2, 2, [])
    told = [data_of(one)["group"] for one in await office.county.events("StudentGroupTagged")]
    assert sorted(told) == ["hardship", "key_pupil", "struggling"]
    before = len(await office.county.events())
    for again in (grouped, roster()):
        assert (await office.send("roster", again))["report"]["unchanged"] == 4
    assert len(await office.county.events()) == before
    grouped[2][-1] = "天才"
    (fault,) = (await office.send("roster", grouped))["report"]["rejected"]
    assert (fault["code"], fault["column"]) == ("group_unknown", "学生类别")


async def test_changed_values_are_listed_with_old_and_new(office: Office) -> None:
    await office.send("roster", roster())
    changed = roster(place="甲村1号")
    changed[2][7] = "乙村9号"
    dry = await office.send("roster", changed[:4], dry_run=True)
    assert dry["report"]["changed"] == 1 and dry["report"]["missing"] == 1
    assert not dry["report"]["stored"] and dry["state"] == "checked"
    more = await office.look(details="true")
    (change,) = more["changes"]
    assert (change["name"], change["was"], change["now"]) == ("沙马木呷", "甲村1号", "乙村9号")
    assert more["missing"] == ["何立春"]
    done = (await office.send("roster", changed[:4]))["report"]
    assert (done["changed"], done["unchanged"], done["stored"]) == (1, 2, True)
    (event,) = await office.county.events("ChildChanged")
    assert b"address" in bytes(event.data)


async def test_bad_rows_wait_unless_the_good_ones_are_asked_for(office: Office) -> None:
    rows = roster()
    rows[3][2] = "990101201302159999"
    refused = (await office.send("roster", rows))["report"]
    assert not refused["stored"] and refused["accepted"] == 3
    (fault,) = refused["rejected"]
    assert (fault["cell"], fault["code"]) == ("C4", "id_checksum")
    assert set(fault) == {"sheet", "cell", "column", "code", "reason"}
    part = (await office.send("roster", rows, partial=True))["report"]
    assert part["stored"] and part["accepted"] == 3 and len(part["rejected"]) == 1
    mended = await _errors(office, {2: id_number(3)})
    report = (await office.file("roster", mended))["report"]
    assert (report["accepted"], report["stored"], report["rejected"]) == (1, True, [])
    assert len(await office.county.events("ChildRegistered")) == 4


async def _errors(office: Office, mend: dict[int, str]) -> Path:
    async with office.county.world.browser(office.viewer, "application/json") as program:
        found = await program.get(f"/enrollment/imports/{office.last}/errors.xlsx")
    assert found.status_code == 200
    path = office.folder / "errors.xlsx"
    path.write_bytes(found.content)
    book = openpyxl.load_workbook(path)
    assert "原因" in [cell.value for cell in book.active[1]]
    for column, value in mend.items():
        book.active.cell(row=2, column=column + 1).value = value
    book.save(path)
    return path


async def test_one_number_with_another_stored_name_is_refused(office: Office) -> None:
    await office.send("roster", roster())
    other = roster()
    other[1][0] = "马小川"
    report = (await office.send("roster", other))["report"]
    assert [one["code"] for one in report["rejected"]] == ["id_number_two_names"]
    assert report["accepted"] == 3 and not report["stored"]


async def test_namesakes_in_another_class_are_asked_about(office: Office) -> None:
    heads = ["姓名", "出生日期", "学校标识码", "学校名称", "年级", "班级"]
    await office.send("roster", [heads, ["田小禾", "2013-02-15", SCHOOL, "", "8", "3班"]])
    again = [heads, ["田小禾", "2013-02-15", SCHOOL, "", "8", "4班"]]
    asked = await office.send("roster", again)
    (question,) = asked["report"]["questions"]
    assert asked["state"] == "asked" and not asked["report"]["stored"]
    assert question["choices"][-1]["key"] == "new"
    answers = {question["id"]: question["choices"][0]["key"]}
    moved = (await office.send("roster", again, answers=answers))["report"]
    assert (moved["changed"], moved["stored"]) == (1, True)
    assert len(await office.county.events("ChildRegistered")) == 1
    assert len(await office.county.events("StudentLeftClass")) == 1


async def test_a_school_brings_in_its_own_classes_only(office: Office) -> None:
    office.viewer = await office.county.viewer("principal")
    refused = (await office.send("roster", roster(code=OTHER_SCHOOL)))["report"]
    assert not refused["stored"] and len(refused["rejected"]) == 4
    own = (await office.send("roster", roster()))["report"]
    assert own["stored"] and own["accepted"] == 4
    stranger = Office(office.county, await office.county.viewer("stranger"), office.folder)
    async with office.county.world.browser(stranger.viewer, "application/json") as program:
        assert (await program.get(f"/enrollment/imports/{office.last}")).status_code in (404, 409)


async def test_a_crash_while_storing_is_rolled_forward(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "DEEDS_A_CHUNK", 2)
    written, real = [], storing._store_chunk

    async def breaks(*args: object) -> None:
        if len(written) == 2:
            raise ConnectionResetError
        written.append(args)
        await real(*args)

    monkeypatch.setattr(storing, "_store_chunk", breaks)
    with pytest.raises(ConnectionResetError):
        await office.send("roster", roster())
    half = await office.look()
    assert half["state"] == "storing" and 0 < half["done"] < half["total"]
    monkeypatch.setattr(storing, "_store_chunk", real)
    await office.work()
    whole = await office.look()
    assert whole["state"] == "done" and whole["report"]["stored"]
    assert len(await office.county.events("ChildRegistered")) == 4
    assert len(await office.county.events("ImportStarted", "ImportFinished")) == 2


async def test_an_unreadable_file_is_said_to_be_one(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"\x00\x01 not a spreadsheet")
    found = await office.file("roster", path)
    assert found["unreadable"] and found["state"] == "refused" and not found["report"]["stored"]


async def test_the_report_page_shows_faults_and_the_names_it_opened_are_recorded(
    office: Office,
) -> None:
    await office.send("roster", roster())
    changed = roster()
    changed[1][7] = "丙村3号"
    changed[4][2] = "990101201302159999"
    await office.send("roster", changed, dry_run=True)
    async with office.county.world.browser(office.viewer) as browser:
        page = await browser.get(f"/enrollment/imports/{office.last}")
        home = await browser.get("/enrollment/imports")
    assert page.status_code == 200 and "丙村3号" in page.text and "C5" in page.text
    assert "田小禾" in page.text and "导入过的" in home.text
    read = await office.county.world.events("RecordViewed", ledger="990101-access")
    first = (await office.county.events("ChildRegistered"))[0].subject
    assert any(first in bytes(one.data).decode() for one in read)


async def test_the_operator_imports_into_the_only_county_and_opens_no_name(
    county: Enrolled, tmp_path: Path
) -> None:
    office = Office(county, OPERATOR, tmp_path)
    names = [f"田{chr(0x4E00 + n)}禾" for n in range(1000)]
    report = (await office.send("roster", roster(names)))["report"]
    assert (report["accepted"], report["stored"]) == (1000, True), report["rejected"][:3]
    changed = roster(names)
    changed[1][7] = "丁村5号"
    await office.send("roster", changed, dry_run=True)
    (change,) = (await office.look(details="true"))["changes"]
    assert change["name"] == change["now"] == "〔未打开〕"


async def test_an_empty_file_is_reported_as_unreadable(office: Office) -> None:
    empty = office.folder / "空.csv"
    empty.write_bytes(b"")
    found = await office.file("roster", empty)
    assert found["unreadable"] and not found["report"]["stored"]
    assert [one["code"] for one in found["report"]["rejected"]] == ["file_empty"]
