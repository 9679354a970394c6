"""A form loses nothing: the session ends under it, another page was quicker, a value is wrong."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from baoxue.simulation.demo import PASSWORD
from tests.journeys.person import Person, person
from tests.journeys.running import Running

COOKIE = "baoxue_session"
TALK = "不愿意上学，说数学听不懂。和数学老师商量过。"
# A refusal that is expected is an error to the browser's console, and to nobody else.
EXPECTED = re.compile(r"Failed to load resource: .* (401|409|422) ")
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def open_case(someone: Person) -> str:
    """The path of a case that is being worked on."""
    someone.page.goto("/casework/cases")
    hrefs = someone.page.locator("main a[href^='/casework/cases/case-']")
    for path in {one.get_attribute("href") or "" for one in hrefs.all()}:
        someone.page.goto(f"{path}/do/log_heart_talk")
        if not someone.page.get_by_text("这一步现在办不了").is_visible():
            return path
    raise AssertionError("no case of the school takes a talk")


def talk(page: Page, path: str, at: str, words: str) -> Locator:
    """A talk of today written down and not yet sent; its button. No two are of the same minute."""
    page.goto(f"{path}/do/log_heart_talk")
    page.locator("[name=talked_at_time]").fill(at)
    page.locator("[data-field=with_whom] label").first.click()
    page.locator("[name=notes]").fill(words)
    return page.get_by_role("button", name="登记谈心")


def forgive(someone: Person) -> None:
    someone.complaints[:] = [one for one in someone.complaints if not EXPECTED.search(one)]


def test_a_session_that_ends_in_mid_form_costs_no_word(browser: Browser, system: Running) -> None:
    with person(browser, system.url, "xiaozhang", phone=True) as head:
        path = open_case(head)
        button = talk(head.page, path, "00:01", TALK)
        head.page.context.clear_cookies(name=COOKIE)
        button.tap()
        dialog = head.page.get_by_role("dialog", name="登录已过期")
        dialog.get_by_label("密码").fill(PASSWORD)
        dialog.get_by_role("button", name="登录，接着提交").tap()
        head.page.wait_for_url(f"**{path}")
        expect(head.page.get_by_text(TALK).first).to_be_visible()
        forgive(head)


def test_of_two_pages_the_second_is_told_and_keeps_its_words(
    browser: Browser, system: Running
) -> None:
    with person(browser, system.url, "xiaozhang") as head:
        path = open_case(head)
        other = head.page.context.new_page()
        first = talk(head.page, path, "00:02", "第一个页面写的。")
        second = talk(other, path, "00:03", TALK)
        drawn_from = other.locator("[name=version]").input_value()
        first.click()
        head.page.wait_for_url(f"**{path}")
        with other.expect_response("**/log_heart_talk") as answer:
            second.click()
        assert answer.value.status == 409
        alert = other.get_by_role("alert").filter(
            has_text="别人（或另一个页面）刚改过，请看新内容再提交。"
        )
        expect(alert).to_be_visible()
        expect(other.locator("[name=notes]")).to_have_value(TALK)
        with other.expect_popup() as opened:
            alert.get_by_role("link", name="看新内容").click()
        expect(opened.value.get_by_text("第一个页面写的。").first).to_be_visible()
        expect(other.locator("[name=version]")).not_to_have_value(drawn_from)
        second.click()
        other.wait_for_url(f"**{path}")
        expect(other.get_by_text(TALK).first).to_be_visible()
        forgive(head)


def test_a_wrong_value_is_told_at_its_field(browser: Browser, system: Running) -> None:
    with person(browser, system.url, "xiaozhang", phone=True) as head:
        path = open_case(head)
        button = talk(head.page, path, "00:04", TALK)
        head.page.locator("#form").evaluate("form => form.noValidate = true")
        head.page.locator("[name=talked_at_on]").evaluate("it => it.removeAttribute('max')")
        head.page.locator("[name=talked_at_on]").fill("2999-01-01")
        button.tap()
        wrong = head.page.locator("[name=talked_at_on]")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(head.page.locator("[data-field=talked_at] .error")).to_contain_text("1900 到 2100")
        expect(head.page.locator("[name=notes]")).to_have_value(TALK)
        forgive(head)
