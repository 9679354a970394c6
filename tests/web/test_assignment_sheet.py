"""The 责任分解表 on paper and on a phone: readable, without what is only for a screen."""

from playwright.sync_api import Page, expect

A4_LANDSCAPE_RATIO = 1.3
LONG = "/page/assignment-sheet"


def test_on_paper_nothing_is_drawn_that_can_only_be_pressed(desktop: Page) -> None:
    desktop.goto(LONG)
    expect(desktop.get_by_role("button", name="打印")).to_be_visible()
    desktop.emulate_media(media="print")
    for what in ("button", "a.button", "nav", ".demo", ".crumbs", ".no-print"):
        for found in desktop.locator(what).all():
            expect(found).to_be_hidden()
    assert desktop.locator("thead").evaluate("it => getComputedStyle(it).display") == (
        "table-header-group"
    )
    assert desktop.locator(".print-sheet").evaluate("it => getComputedStyle(it).page") == "sheet"


def test_the_paper_lies_on_its_side_for_eight_columns(desktop: Page) -> None:
    desktop.goto(LONG)
    pdf = desktop.pdf(prefer_css_page_size=True)
    box = pdf.split(b"/MediaBox")[1].partition(b"]")[0].strip(b" [")
    _, _, width, height = (float(part) for part in box.split())
    assert width / height > A4_LANDSCAPE_RATIO


def test_on_a_phone_its_columns_are_read_by_moving_it_sideways(phone: Page) -> None:
    phone.goto(LONG)
    tier = phone.locator("tbody td").nth(1)
    assert tier.bounding_box()["height"] < 60  # pyright: ignore[reportOptionalSubscript]
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


def test_a_column_that_says_nothing_is_not_drawn(desktop: Page) -> None:
    desktop.goto(LONG)
    expect(desktop.get_by_role("columnheader", name="责任线")).to_have_count(0)
    expect(desktop.get_by_text("（42 人）").first).to_be_visible()
