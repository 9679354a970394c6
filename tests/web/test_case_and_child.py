"""The rail by keys, typing, jumps and drag; masked values; forms that are kept."""

from playwright.sync_api import Page, expect
from starlette.applications import Starlette

Served = tuple[str, Starlette]
FIVE_MINUTES_MS = 5 * 60 * 1000


def test_both_handles_move_together_by_keys_and_the_address_holds_both_times(
    desktop: Page,
) -> None:
    desktop.goto("/page/case")
    expect(desktop.locator("[data-replay=say]")).to_contain_text("县里知道 6 件事")
    handle = desktop.get_by_role("slider", name="事情发生，时间到")
    handle.focus()
    handle.press("PageUp")
    expect(handle).to_have_attribute("aria-valuetext", "11-09 18:00")
    expect(desktop.locator("[name=known]")).to_have_value("2026-11-09T18:00")
    expect(desktop.locator("[data-replay=say]")).to_contain_text("11月9日 18:00，县里知道 7 件事")
    assert "happened=2026-11-09T18%3A00&linked=1&known=2026-11-09T18%3A00" in desktop.url
    desktop.reload()
    assert "2026-11-09" in desktop.url


def test_apart_the_rail_answers_what_had_happened_as_known_now(desktop: Page) -> None:
    desktop.goto("/page/case")
    desktop.get_by_label("一起走").uncheck()
    known = desktop.get_by_role("slider", name="当时已知，记录到")
    known.focus()
    known.press("End")
    expect(desktop.locator("[data-replay=say]")).to_contain_text("按现在所知：8 件")
    expect(desktop.locator("[name=happened]")).to_have_value("2026-11-08T18:00")


def test_typed_times_jumps_and_steps_do_the_same(desktop: Page) -> None:
    desktop.goto("/page/case")
    desktop.get_by_label("事情发生，时间到").first.fill("2026-11-10T09:06")
    desktop.get_by_label("事情发生，时间到").first.blur()
    expect(desktop.locator("[data-replay=say]")).to_contain_text("县里知道 8 件事")
    desktop.get_by_role("link", name="预警时").click()
    expect(desktop.locator("[data-replay=say]")).to_contain_text("11月6日 08:15，县里知道 5 件事")
    desktop.get_by_role("button", name="下一件").click()
    expect(desktop.locator("[name=known]")).to_have_value("2026-11-06T10:12")
    desktop.get_by_role("button", name="上一件").click()
    expect(desktop.locator("[name=known]")).to_have_value("2026-11-06T08:14")


def test_the_rail_can_be_dragged(desktop: Page) -> None:
    desktop.goto("/page/case")
    box = desktop.locator("[data-handle=happened] .grip").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desktop.mouse.move(x, y)
    desktop.mouse.down()
    desktop.mouse.move(x + 200, y, steps=5)
    desktop.mouse.up()
    expect(desktop.locator("[data-replay=say]")).not_to_contain_text("11月8日")
    value = desktop.locator("[name=happened]").input_value()
    assert value > "2026-11-10"
    assert value == desktop.locator("[name=known]").input_value()


def test_a_masked_phone_opens_for_a_purpose_and_is_covered_after_five_minutes(
    desktop: Page,
) -> None:
    desktop.clock.install()
    desktop.goto("/page/child")
    row = desktop.locator(".guardian", has_text="祖母")
    row.locator("summary").click()
    row.get_by_role("button", name="电话联系").click()
    expect(desktop.get_by_text("137 0000 4413")).to_be_visible()
    expect(desktop.get_by_text("你 08:41 打开，为“电话联系”，已记录")).to_be_visible()
    desktop.clock.fast_forward(FIVE_MINUTES_MS)
    expect(desktop.get_by_text("137 0000 4413")).to_have_count(0)
    expect(row.get_by_text("137 **** 4413")).to_be_visible()
    assert "13700004413" not in desktop.content()


def test_a_masked_value_stays_shut_when_the_reading_cannot_be_recorded(desktop: Page) -> None:
    desktop.goto("/page/child")
    desktop.route("**/open", lambda route: route.fulfill(status=503, body="13700004413"))
    row = desktop.locator(".guardian", has_text="祖母")
    row.locator("summary").click()
    row.get_by_role("button", name="家访").click()
    expect(row.get_by_text("没记上这次打开，所以没有打开")).to_be_visible()
    assert "13700004413" not in desktop.content()


def answer_the_call(phone: Page) -> None:
    for name in ("好些", "不能", "没有事", "没有"):
        phone.get_by_text(name, exact=True).tap()


def test_a_call_is_four_answers_and_says_what_follows(phone: Page, served: Served) -> None:
    phone.goto("/page/form-call")
    expect(phone.get_by_text("明晚会再提醒你打一次。")).to_be_visible()
    phone.get_by_text("能", exact=True).tap()
    expect(phone.get_by_text("明晚会再提醒你打一次。")).to_be_hidden()
    phone.get_by_text("需要帮忙", exact=True).tap()
    expect(phone.get_by_label("要帮什么")).to_be_visible()
    answer_the_call(phone)
    expect(phone.get_by_label("要帮什么")).to_be_hidden()
    phone.get_by_role("button", name="记下，下一个").tap()
    phone.wait_for_url("**/page/case")
    [sent] = served[1].state.received
    assert (sent["well"], sent["tomorrow"], sent["help"]) == (["好些"], ["no"], ["no"])
    assert sent["version"] == ["7"]


def test_a_visit_without_a_network_is_kept_sealed_and_sent_later(
    phone: Page, served: Served
) -> None:
    phone.goto("/page/form-visit")
    phone.get_by_text("祖辈", exact=True).tap()
    phone.get_by_text("要再去", exact=True).tap()
    phone.get_by_label("说一句").fill("家里只有祖母。")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="存下，有网自动提交").tap()
    expect(phone.get_by_text("尚未提交。存在这部手机里")).to_be_visible()
    expect(phone.locator("[data-unsent-link]").last).to_have_text("待提交 1 条")
    assert "祖母" not in phone.evaluate(KEPT_IN_CLEAR)
    phone.context.set_offline(False)
    phone.goto("/page/unsent")
    expect(phone.get_by_text("都交上去了")).to_be_visible()
    [sent] = served[1].state.received
    assert sent["notes"] == ["家里只有祖母。"]


KEPT_IN_CLEAR = """() => new Promise((done) => {
  const open = indexedDB.open('baoxue', 1);
  open.onsuccess = () => {
    const all = open.result.transaction('unsent').objectStore('unsent').getAll();
    all.onsuccess = () => done(JSON.stringify(all.result, (_, value) =>
      value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value));
  };
})"""


def test_what_one_person_left_unsent_is_not_sent_by_another(phone: Page, served: Served) -> None:
    phone.goto("/page/form-visit")
    phone.get_by_text("要再去", exact=True).tap()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="存下，有网自动提交").tap()
    expect(phone.get_by_text("尚未提交。存在这部手机里")).to_be_visible()
    phone.context.set_offline(False)
    phone.goto("/page/inbox")
    phone.wait_for_load_state("networkidle")
    assert served[1].state.received == []


def test_a_fault_takes_the_focus_and_keeps_what_was_written(phone: Page) -> None:
    phone.goto("/page/form-fault")
    summary = phone.locator("[data-faults]")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("到访时间不能晚于现在（08:41）")
    expect(phone.get_by_label("什么时候去的，时间")).to_have_value("15:20")


def test_a_refused_field_of_a_kept_form_is_told_above_the_field(phone: Page) -> None:
    say = "到访时间不能晚于现在（08:41）。改成实际到访时间。"
    answer = {"code": "visit_in_future", "say": "还差 1 处，没有提交", "fields": {"visited": say}}
    phone.route("**/form/visit", lambda route: route.fulfill(status=422, json=answer))
    phone.goto("/page/form-visit")
    phone.get_by_text("要再去", exact=True).tap()
    phone.get_by_role("button", name="存下，有网自动提交").tap()
    expect(phone.locator("[data-field=visited] .error")).to_have_text(say)
    expect(phone.locator("[data-faults]")).to_be_focused()
