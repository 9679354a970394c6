"""Every page at both sizes: it fits, says nothing in the console, labels what it asks."""

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from shared.web.english import CHINESE
from tests.web.pages import PAGES

EXPECTED_SILENCE = {"county-broken"}  # one of its parts answers 503 on purpose
UNLABELLED = """() => [...document.querySelectorAll('input, select, textarea')]
  .filter((it) => it.type !== 'hidden' && !it.labels?.length && !it.ariaLabel)
  .map((it) => it.outerHTML)"""
NAMELESS = """() => [...document.querySelectorAll('a[href], button, summary')]
  .filter((it) => it.checkVisibility() && !it.innerText.trim() && !it.ariaLabel)
  .map((it) => it.outerHTML)"""
TAPPED = "button, .button, .tabs a, .answer, .pupil, summary:not(.root summary)"
SMALL = """(least) => [...document.querySelectorAll('TAPPED')]
  .filter((it) => it.checkVisibility())
  .map((it) => [it.innerText.trim(), it.getBoundingClientRect().height])
  .filter(([, height]) => height > 1 && height < least)""".replace("TAPPED", TAPPED)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LEAST_PHONE_TARGET_PX = 44
LEAST_TARGET_PX = 24


def visit(page: Page, name: str) -> list[str]:
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    response = page.goto(f"/page/{name}")
    assert response is not None and response.status == 200
    page.wait_for_load_state("networkidle")
    return said


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_fits_a_phone_and_is_labelled(phone: Page, name: str) -> None:
    said = visit(phone, name)
    assert said == [] or name in EXPECTED_SILENCE
    assert phone.evaluate(OVERFLOW) == 0
    assert phone.evaluate(UNLABELLED) == []
    assert phone.evaluate(NAMELESS) == []
    assert phone.evaluate(SMALL, LEAST_PHONE_TARGET_PX) == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_fits_a_desk_and_uses_no_inline_style_or_script(desktop: Page, name: str) -> None:
    said = visit(desktop, name)
    assert said == [] or name in EXPECTED_SILENCE
    assert desktop.evaluate(OVERFLOW) == 0
    assert desktop.evaluate(SMALL, LEAST_TARGET_PX) == []
    html = desktop.content()
    assert " style=" not in html
    assert " onclick=" not in html
    headings = desktop.locator("h1")
    assert headings.count() == 1


def test_a_county_s_navigation_stays_on_one_line_of_a_small_desk(desktop: Page) -> None:
    desktop.set_viewport_size({"width": 1280, "height": 800})
    for lang in ("zh", "en"):
        desktop.goto(f"/language?to={lang}&back=/page/county")
        links = desktop.locator(".top .words a")
        assert links.count() >= 11
        tops = {links.nth(n).bounding_box()["y"] for n in range(links.count())}  # pyright: ignore[reportOptionalSubscript]
        assert len(tops) == 1, lang
        assert desktop.locator(".top").bounding_box()["height"] < 60  # pyright: ignore[reportOptionalSubscript]
        assert desktop.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize("name", ["county", "principal", "case", "roll", "child", "search"])
def test_english_keeps_the_layout_and_translates_what_is_ours(desktop: Page, name: str) -> None:
    desktop.goto(f"/language?to=en&back=/page/{name}")
    expect(desktop.locator("html")).to_have_attribute("lang", "en")
    expect(desktop.get_by_role("link", name="Today").first).to_be_visible()
    assert desktop.evaluate(OVERFLOW) == 0
    desktop.set_viewport_size({"width": 360, "height": 640})
    assert desktop.evaluate(OVERFLOW) == 0


def test_the_system_page_is_wholly_in_english_where_english_is_chosen(desktop: Page) -> None:
    desktop.goto("/language?to=en&back=/page/system-trouble")
    main = desktop.locator("main, .verdict").all_inner_texts()
    expect(desktop.get_by_role("button", name="Apply again")).to_be_visible()
    assert not CHINESE.search(" ".join(main).replace("健康与指标", ""))


def test_the_sign_in_page_of_real_data_fills_the_screen(desktop: Page) -> None:
    """There is no band of a demonstration above it then."""
    desktop.goto("/page/sign-in-once")
    panel = desktop.locator(".sign-in > section").bounding_box()
    assert panel is not None
    assert panel["y"] + panel["height"] == desktop.viewport_size["height"]  # pyright: ignore[reportOptionalSubscript]


def test_the_language_switch_of_the_header_comes_back_to_the_same_page(desktop: Page) -> None:
    desktop.goto("/page/child")
    desktop.get_by_role("link", name="English").first.click()
    desktop.wait_for_url("**/page/child")
    expect(desktop.get_by_role("heading", name="Guardians")).to_be_visible()


def test_the_sentence_is_gathered_and_the_table_filled_from_all_parts(desktop: Page) -> None:
    visit(desktop, "county")
    expect(desktop.locator("[data-clauses]")).to_contain_text(
        "3 名学生新预警。5 件事超期。7 个班还没点名。已点名的 589 个班"
    )
    expect(desktop.locator("#flags-u1")).to_have_text("1")
    expect(desktop.locator("#overdue-all")).to_have_text("5")


def test_a_part_that_does_not_answer_is_named_and_the_others_stay(desktop: Page) -> None:
    visit(desktop, "county-broken")
    expect(desktop.get_by_text("暂时看不到新预警，其他都在")).to_be_visible()
    expect(desktop.locator("[data-clauses]")).to_contain_text("7 个班还没点名")
    expect(desktop.locator(".waiting")).to_have_count(0)


def test_integrity_claims_nothing_before_every_log_was_looked_at(desktop: Page) -> None:
    verdict = desktop.locator(".verdict svg path")
    visit(desktop, "integrity")
    expect(verdict).to_have_count(1)
    visit(desktop, "integrity-waiting")
    expect(desktop.get_by_role("heading", name="还没有核对完")).to_be_visible()
    expect(verdict).to_have_count(0)


def test_a_long_list_of_late_duties_does_not_hide_what_comes_after_it(desktop: Page) -> None:
    desktop.goto("/part/overdue-many")
    expect(desktop.locator(".items > li:visible")).to_have_count(8)
    desktop.get_by_text("另外 4 件").click()
    expect(desktop.locator(".items > li:visible")).to_have_count(12)


def test_an_inspector_sees_no_action(desktop: Page) -> None:
    visit(desktop, "case-read-only")
    expect(desktop.get_by_text("现在可以办")).to_have_count(0)
    expect(desktop.locator("form[method=post]:not([data-sign-out])")).to_have_count(0)


def test_an_inspector_is_offered_to_look_where_others_verify(desktop: Page) -> None:
    visit(desktop, "inspector")
    expect(desktop.get_by_role("link", name="看", exact=True)).to_have_count(3)
    expect(desktop.get_by_role("link", name="核实")).to_have_count(0)


@pytest.mark.parametrize("zoom_width", [720, 360])
def test_a_desk_page_reflows_when_enlarged(desktop: Page, zoom_width: int) -> None:
    desktop.set_viewport_size({"width": zoom_width, "height": 450})
    visit(desktop, "case")
    assert desktop.evaluate(OVERFLOW) == 0
