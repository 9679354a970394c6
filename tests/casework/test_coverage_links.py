"""What the coverage page leads to opens for whoever it is offered to."""

import re

import pytest

from shared.rights import Viewer
from tests.casework.acting import COUNTY_VIEW, INSPECTOR_VIEW
from tests.county import Told
from tests.followed import World
from tests.requirements.casework.desk import page

ASSIGNING = ("按去年拟新学年的责任表", "从表格导入")
CASEWORK = re.compile(r'href="(/casework/[^"]+)"')


@pytest.mark.parametrize(("viewer", "assigns"), [(COUNTY_VIEW, True), (INSPECTOR_VIEW, False)])
async def test_only_who_may_assign_is_led_to_pages_that_assign(
    world: World, told: Told, viewer: Viewer, assigns: bool
) -> None:
    html = await page(world, "/casework/coverage?scheme=baobao", viewer)
    assert [text in html for text in ASSIGNING] == [assigns, assigns]


async def test_no_link_of_an_inspector_is_refused(world: World, told: Told) -> None:
    html = await page(world, "/casework/coverage?scheme=baobao", INSPECTOR_VIEW)
    async with world.browser(INSPECTOR_VIEW, "text/html") as browser:
        for href in sorted(set(CASEWORK.findall(html))):
            answer = await browser.get(href.replace("&amp;", "&"))
            assert answer.status_code == 200, href
