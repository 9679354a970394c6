"""A roster says in which village a household is, by its own column or in an address."""

from pathlib import Path
from typing import Any

import pytest

from tests.county import data_of
from tests.enrollment.imports.sending import HEADS, Office
from tests.enrollment.sheets.files import id_number
from tests.enrollment.world import OPENS, OTHER_TOWNSHIP, SCHOOL, TOWNSHIP, Enrolled

VILLAGES = (
    (f"{TOWNSHIP}001", "河湾村", TOWNSHIP),
    (f"{TOWNSHIP}002", "东村", TOWNSHIP),
    (f"{OTHER_TOWNSHIP}001", "东村", OTHER_TOWNSHIP),
)


@pytest.fixture
async def office(county: Enrolled, tmp_path: Path) -> Office:
    for code, name, parent in VILLAGES:
        unit: dict[str, Any] = {"unit": code, "name": name, "parent": parent}
        await county.give("register_unit", kind="division", valid_from=OPENS, **unit)
    return Office(county, await county.viewer("officer"), tmp_path)


def roster(*homes: tuple[str, str]) -> list[list[str]]:
    """Address and village of each pupil."""
    names = ("赵一禾", "钱二禾", "孙三禾", "李四禾")
    rows = [
        [name, "男", id_number(n), SCHOOL, "石桥镇初级中学", "八年级", "1班", *home]
        for n, (name, home) in enumerate(zip(names, homes, strict=False))
    ]
    return [[*HEADS, "所在村"], *rows]


async def villages(office: Office) -> list[str | None]:
    return [data_of(one)["village"] for one in await office.county.events("ChildVillageRecorded")]


async def test_a_roster_links_children_to_villages_once_and_says_what_it_does_not_know(
    office: Office,
) -> None:
    rows = roster(
        ("青禾县石桥镇河湾村3组", ""),
        ("青禾县柳河乡东村1号", ""),
        ("外省某市", "东村"),
        ("外省某市", "山那边村"),
    )
    done = (await office.send("roster", rows))["report"]
    assert (done["accepted"], done["rejected"], done["stored"]) == (4, [], True)
    assert "village_unknown" in {one["code"] for one in done["warnings"]}
    linked = [f"{TOWNSHIP}001", f"{OTHER_TOWNSHIP}001", f"{TOWNSHIP}002"]
    assert sorted(await villages(office)) == sorted(linked)
    (first, *_) = await office.county.events("ChildVillageRecorded")
    assert (data_of(first)["on"], data_of(first)["source"]) == (str(OPENS), "roster")
    before = len(await office.county.events())
    assert (await office.send("roster", rows))["report"]["unchanged"] == 4
    assert len(await office.county.events()) == before
    rows[1][-1] = "东村"
    changed = (await office.send("roster", rows))["report"]
    assert (changed["changed"], changed["unchanged"]) == (1, 3)
    (told,) = (await office.look(details="true"))["changes"]
    assert told["was"] == "石桥镇 河湾村", told
    assert told["now"].startswith("石桥镇 东村")
    assert len(await villages(office)) == 4
