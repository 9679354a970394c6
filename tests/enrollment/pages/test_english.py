"""With the language switch on English no Chinese is left on a page but names and places."""

import re

import pytest

from services.enrollment.pages.accounts import LEFT
from shared.rights import Viewer
from tests.enrollment.pages import seeded as s
from tests.followed import World

HIDDEN = re.compile(r"<(script|template)\b.*?</\1>|<!--.*?-->", re.DOTALL)
SAID = re.compile(r'>([^<]+)<|(?:aria-label|placeholder|title)="([^"]*)"')
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Names of people, units and classes are data; the switch names Chinese by its own sign.
DATA = (*s.NAMES.values(), *(name for _, name, *_ in s.PEOPLE), "石桥镇初级中学", "柳河乡中心小学")
DATA += (
    "青禾县",
    "云溪县",
    "石桥镇",
    "柳河乡",
    "八年级（1）班",
    "三年级（1）班",
    "中文",
    "中",
    "保",
)
PAGES = (
    ("/enrollment/classes?unit=all", s.COUNTY),
    ("/enrollment/children", s.COUNTY),
    ("/enrollment/children?state=unexcused", s.PRINCIPAL),
    ("/enrollment/accounts", s.PRINCIPAL),
    ("/enrollment/today/classes", s.PRINCIPAL),
    ("/enrollment/today/missing", s.COUNTY),
    ("/enrollment/today/units", s.COUNTY),
    ("/enrollment/today/roll", s.TEACHER),
    ("/enrollment/accounts", s.TEACHER),
)


def chinese(page: str) -> list[str]:
    """Every Chinese text of a page that is no name."""
    found = ["".join(groups) for groups in SAID.findall(HIDDEN.sub("", page))]
    for name in sorted(DATA, key=len, reverse=True):
        found = [text.replace(name, "") for text in found]
    return [text.strip() for text in found if CHINESE.search(text)]


@pytest.mark.parametrize(("path", "viewer"), PAGES, ids=lambda one: str(one)[:40])
async def test_a_page_in_english_says_nothing_in_chinese(
    world: World, path: str, viewer: Viewer
) -> None:
    async with world.browser(viewer) as browser:
        answer = await browser.get(path, headers={"cookie": "lang=en"})
    assert chinese(answer.text) == []


async def test_what_a_form_sends_back_stays_as_it_was(world: World) -> None:
    async with world.browser(s.PRINCIPAL) as browser:
        page = await browser.get("/enrollment/accounts", headers={"cookie": "lang=en"})
    assert f'name="reason" value="{LEFT}"' in page.text
