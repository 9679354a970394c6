"""A county's own files from nothing: staff, roster, rolls, calendar."""

from pathlib import Path

import pytest

from tests.enrollment.imports.sending import HEADS, Office
from tests.enrollment.sheets.files import id_number
from tests.enrollment.world import SCHOOL, Enrolled

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
