"""The 责任分解表 on paper and on a phone: readable, without what is only for a screen."""

from playwright.sync_api import Page, expect

A4_LANDSCAPE_RATIO = 1.3
LONG = "/page/assignment-sheet"
# 273 mm between the margins, at 96 px an inch.
A4_PRINTED_PX = 1032
# The lines that words take in every column but 层级, 对象 and 所在, beside forty names.
LINES = """() => {
  document.querySelectorAll("tbody tr").forEach((tr) => {
    tr.children[3].textContent = "沙马木呷、".repeat(40);
  });
  return [...document.querySelectorAll("tbody tr")].flatMap((tr) =>
    [0, 2, 5, 6, 7].map((at) => {
      const range = document.createRange();
      range.selectNodeContents(tr.children[at]);
      return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size || 1;
    }));
}"""


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


def test_on_paper_no_name_and_no_short_word_is_broken_by_a_long_list_beside_it(
    desktop: Page,
) -> None:
    """A county's longest class once left a column of one glyph for whoever answers."""
    desktop.set_viewport_size({"width": A4_PRINTED_PX, "height": 700})
    desktop.goto(LONG)
    desktop.emulate_media(media="print")
    lines = desktop.evaluate(LINES)
    assert lines and set(lines) == {1}
