"""A page that has nothing for somebody says so and leads on; what is wrong is told in words."""

from tests.county import COUNTY_PATH, MONDAY, TEACHER
from tests.enrollment.pages import seeded as s
from tests.enrollment.pages.test_rolls import get
from tests.followed import World, viewer_of

# Of an office that opens no personal value, its own name among them.
POLICY = viewer_of(TEACHER, "policy_officer", COUNTY_PATH)


async def test_an_office_without_daily_duties_is_led_to_its_pages(world: World) -> None:
    page = (await get(world, "/enrollment/first", POLICY)).text
    assert "你的职务没有每天要办的事" in page
    assert '<a class="b" href="/casework/policy">规则</a>' in page
    assert "你的职务没有每天要办的事" not in (await get(world, "/enrollment/first", s.COUNTY)).text


async def test_nobody_is_called_unopened_in_the_head_of_the_page(world: World) -> None:
    page = (await get(world, "/enrollment/first", POLICY)).text
    assert "〔未打开〕" not in page and f"<span>{POLICY.account}<small>" in page


async def test_who_only_looks_is_told_that_they_import_nothing(world: World) -> None:
    page = (await get(world, "/enrollment/imports", s.INSPECTOR)).text
    assert "你的职务只看，不导入" in page and "<form class=" not in page.split("<main", 1)[1]


async def test_a_term_is_called_a_term_once(world: World) -> None:
    page = (await get(world, f"/enrollment/calendar?month={MONDAY:%Y-%m}", s.PRINCIPAL)).text
    assert "学期学期" not in page


async def test_a_long_search_is_shown_by_its_beginning(world: World) -> None:
    page = (await get(world, f"/enrollment/children?text={'田' * 3000}", s.COUNTY)).text
    assert f"姓名里有“{'田' * 40}…”" in page and "田" * 41 not in page


async def test_an_address_that_is_wrong_is_mended_in_the_words_of_the_page(world: World) -> None:
    answer = await get(world, "/enrollment/calendar?month=2026-13", s.PRINCIPAL)
    assert answer.status_code == 422
    assert "地址里填得不对：月份要写成 2026-11 这样。" in answer.text
    answer = await get(world, "/enrollment/children/nobody", s.PRINCIPAL)
    assert answer.status_code == 422 and "孩子要从页面里的链接打开" in answer.text
