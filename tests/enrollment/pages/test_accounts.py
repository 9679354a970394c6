"""Accounts of a school: who has one, and codes on paper, shown once."""

import re

from tests.county import PRINCIPAL, STRANGER, TEACHER, account, data_of
from tests.enrollment.pages import seeded as s
from tests.enrollment.pages.test_rolls import get
from tests.followed import World

HERE = "/enrollment/accounts"


async def test_a_school_sees_its_own_staff_and_their_accounts(world: World) -> None:
    page = (await get(world, HERE, s.PRINCIPAL)).text
    assert "沈秀兰" in page and "班主任" in page and account(TEACHER) in page
    assert "马小川" not in page and "安文秀" not in page and "2 人，2 人还没登录过" in page
    assert 'action="/enrollment/commands/close_account"' in page
    assert (await get(world, HERE)).status_code == 403
    assert (await get(world, HERE, s.INSPECTOR)).status_code == 403
    assert "沈秀兰" not in (await get(world, HERE, s.FOREIGNER)).text


async def test_codes_are_printed_with_names_and_shown_once(world: World) -> None:
    values = {"accounts": [account(TEACHER), account(PRINCIPAL)], "command_id": "x"}
    async with world.browser(s.PRINCIPAL) as browser:
        page = (await browser.post(f"{HERE}/codes", data=values)).text
    # Alone: identifiers have such pieces within.
    codes = set(re.findall(r"(?<![\w-])[3-9A-Y]{4}-[3-9A-Y]{4}(?![\w-])", page))
    assert len(codes) == 2 and "沈秀兰" in page and "http://test" in page
    listed = (await get(world, HERE, s.PRINCIPAL)).text
    assert not any(code in listed for code in codes)
    viewed = await world.events("RecordViewed", ledger="990101-access")
    assert set(data_of(viewed[0])["subjects"]) == {str(TEACHER), str(PRINCIPAL)}


async def test_nobody_prints_codes_of_another_school(world: World) -> None:
    async with world.browser(s.PRINCIPAL) as browser:
        answer = await browser.post(f"{HERE}/codes", data={"accounts": account(STRANGER)})
        assert answer.status_code == 403
        assert (await browser.post(f"{HERE}/codes", data={})).status_code == 422
