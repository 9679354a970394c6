"""The form of a child's village: a pupil may live anywhere in the county."""

import re

from uuid_utils.compat import uuid7

from tests.enrollment.world import (
    CHILDREN,
    OPENS,
    OTHER_KLASS,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    Enrolled,
    enroll,
)
from tests.requirements.casework.desk import page

CHILD = CHILDREN[0]
FORM = f"/enrollment/children/{CHILD}/do/record_village"
NEAR, FAR = f"{OTHER_TOWNSHIP}001", f"{TOWNSHIP}001"
OPTION = re.compile(r'<option value="(\d*)"( selected)?>([^<]*)<')


async def test_it_offers_all_villages_of_the_county_those_of_the_schools_township_first(
    county: Enrolled,
) -> None:
    for code, name, parent in ((FAR, "河湾村", TOWNSHIP), (NEAR, "东村", OTHER_TOWNSHIP)):
        await county.give(
            "register_unit", unit=code, name=name, kind="division", parent=parent, valid_from=OPENS
        )
    await enroll(county, [CHILD])
    await county.give("enroll_child", child=CHILD, klass=OTHER_KLASS)
    officer = await county.viewer("officer")
    form = await page(county.world, FORM, officer)
    assert [(code, name) for code, _, name in OPTION.findall(form)] == [
        ("", "不属于任何村"),
        (NEAR, "柳河乡 东村"),
        (FAR, "石桥镇 河湾村"),
    ]
    values = {"command_id": str(uuid7()), "child": str(CHILD), "village": FAR, "source": "school"}
    async with county.world.browser(officer) as browser:
        answer = await browser.post("/enrollment/commands/record_village", data=values)
    assert answer.status_code == 303, answer.text
    await county.world.settled()
    form = await page(county.world, FORM, officer)
    assert [code for code, selected, _ in OPTION.findall(form) if selected] == [FAR]
