"""The roll on a phone: four taps, nothing lost, nothing sent twice."""

from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import Page, expect
from starlette.applications import Starlette

from tests.web import examples

Served = tuple[str, Starlette]
AFTER_MARK_MS = 450
AFTER_SCROLL_MS = 250


def opened(phone: Page, path: str = "/page/roll") -> None:
    phone.goto(path)
    expect(phone.locator("#roll")).to_have_attribute("data-ready", "true")


def pupil(phone: Page, seat: int) -> Any:
    return phone.locator(f'.pupil[data-seat="{seat}"]')


def tap(phone: Page, seat: int) -> None:
    pupil(phone, seat).scroll_into_view_if_needed()
    phone.wait_for_timeout(AFTER_SCROLL_MS)
    pupil(phone, seat).tap()


def mark_two(phone: Page) -> None:
    tap(phone, 28)
    tap(phone, 36)
    expect(phone.locator(".roll-line")).to_contain_text("28 沙马木呷、36 罗小军")
    phone.wait_for_timeout(AFTER_MARK_MS)


def test_two_names_and_the_button_send_the_whole_class_once(phone: Page, served: Served) -> None:
    opened(phone)
    mark_two(phone)
    expect(phone.locator(".send .counts")).to_have_text("应到 45，实到 40，请假 3，未到 2")
    phone.locator(".send").tap()
    phone.wait_for_url("**/page/roll-sent")
    [sent] = served[1].state.received
    assert sent["unexcused"] == [examples.some_id(128), examples.some_id(136)]
    assert len(sent["present"]) == 40
    assert sent["sick"] == [examples.some_id(102), examples.some_id(108)]
    assert sent["command_id"] == [examples.some_id(900)]


def test_all_present_is_a_choice_with_an_outlined_button(phone: Page, served: Served) -> None:
    opened(phone)
    button = phone.locator(".send")
    expect(button).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(button).to_contain_text("没有人缺，提交")
    button.tap()
    phone.wait_for_url("**/page/roll-sent")
    assert "unexcused" not in served[1].state.received[0]


def test_a_second_tap_unmarks_and_leave_can_be_taken_back(phone: Page) -> None:
    opened(phone)
    tap(phone, 28)
    expect(pupil(phone, 28)).to_have_attribute("aria-label", "28 号，沙马木呷，未到")
    tap(phone, 28)
    expect(pupil(phone, 28)).to_have_attribute("aria-pressed", "false")
    expect(pupil(phone, 2)).to_have_attribute("aria-label", "2 号，杨雨桐，病假")
    tap(phone, 2)
    expect(phone.locator(".send .counts")).to_have_text("应到 45，实到 43，请假 2")


def test_the_button_ignores_a_tap_right_after_a_mark(phone: Page, served: Served) -> None:
    opened(phone)
    phone.evaluate(
        """() => { document.querySelector('.pupil[data-seat="28"]').click();
                   document.querySelector('.send').click(); }"""
    )
    phone.wait_for_timeout(AFTER_MARK_MS)
    assert served[1].state.received == []
    assert "/page/roll" in phone.url
    expect(pupil(phone, 28)).to_have_attribute("aria-pressed", "true")


def test_a_touch_that_scrolled_marks_nothing(phone: Page) -> None:
    opened(phone)
    session = phone.context.new_cdp_session(phone)
    session.send(
        "Input.synthesizeScrollGesture", {"x": 60, "y": 400, "yDistance": -200, "speed": 800}
    )
    assert phone.evaluate("scrollY") > 0
    expect(phone.locator('.pupil[aria-pressed="true"]')).to_have_count(0)


def test_marks_survive_a_reload_and_a_closed_tab(phone: Page) -> None:
    opened(phone)
    mark_two(phone)
    context = phone.context
    phone.close()
    again = context.new_page()
    opened(again)
    expect(again.locator('.pupil[aria-pressed="true"]')).to_have_count(2)
    kept = again.evaluate("JSON.stringify(localStorage)")
    assert "沙马木呷" not in kept


def test_without_a_network_it_says_not_sent_and_sends_later(phone: Page, served: Served) -> None:
    opened(phone)
    mark_two(phone)
    phone.context.set_offline(True)
    phone.locator(".send").tap()
    expect(phone.get_by_text("尚未提交")).to_be_visible()
    expect(phone.get_by_text("未到：28 沙马木呷、36 罗小军")).to_be_visible()
    expect(phone.get_by_text("不会当成“全到”")).to_be_visible()
    assert served[1].state.received == []
    phone.context.set_offline(False)
    phone.wait_for_url("**/page/roll-sent")
    assert len(served[1].state.received) == 1


def test_an_unsent_roll_waits_through_a_closed_tab_and_any_page_sends_it(
    phone: Page, served: Served
) -> None:
    opened(phone)
    mark_two(phone)
    phone.context.set_offline(True)
    phone.locator(".send").tap()
    expect(phone.get_by_text("尚未提交")).to_be_visible()
    context = phone.context
    phone.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto("/page/roll-sent")
    again.wait_for_function("() => document.querySelector('[data-unsent-link]').hidden")
    again.wait_for_timeout(AFTER_MARK_MS)
    assert [it["command_id"] for it in served[1].state.received] == [[examples.some_id(900)]]


def test_no_answer_is_checked_by_the_command_id_and_not_sent_twice(
    phone: Page, served: Served
) -> None:
    def lose_the_answer(route: Any) -> None:
        body = parse_qs(route.request.post_data)
        served[1].state.received.append(body)
        route.abort()

    opened(phone)
    mark_two(phone)
    phone.route("**/roll", lose_the_answer)
    phone.locator(".send").tap()
    phone.wait_for_url("**/page/roll-sent")
    assert len(served[1].state.received) == 1


def test_a_refusal_keeps_the_marks_and_says_why(phone: Page) -> None:
    opened(phone)
    mark_two(phone)
    say = "何立新 08:39 已改成“事假”，你选的是“病假”。"
    phone.route("**/roll", lambda route: route.fulfill(status=409, json={"code": "x", "say": say}))
    phone.locator(".send").tap()
    expect(phone.locator("[data-refusal]")).to_have_text(say)
    expect(phone.locator('.pupil[aria-pressed="true"]')).to_have_count(2)


def test_a_reason_is_one_tap_and_the_recall_counts_down(phone: Page) -> None:
    phone.clock.install()
    phone.goto("/page/roll-sent")
    expect(phone.locator("[data-left]")).to_contain_text("还能撤回")
    row = phone.locator(".reason").first
    row.get_by_role("button", name="事假").tap()
    expect(row.get_by_role("button", name="事假")).to_have_attribute("aria-pressed", "true")
    phone.clock.fast_forward(10 * 60 * 1000)
    expect(phone.locator("[data-recall]")).to_be_hidden()
    expect(phone.get_by_text("撤回时间已过")).to_be_visible()
