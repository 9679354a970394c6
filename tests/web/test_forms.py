"""A form that is not accepted stays as it is: what was typed, and what is to be mended where."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from starlette.applications import Starlette

from tests.web import examples

Served = tuple[str, Starlette]
COMMAND = "**/casework/commands/report_dropout"
TYPED = "母亲说在县城。电话里没有说清，明天再问。"


def typed(page: Page) -> Locator:
    """The page with a form filled in; its button."""
    page.goto("/page/form-report")
    page.get_by_label("负责人").fill("沈秀兰")
    page.get_by_label("从哪天起").fill("2026-11-18")
    page.get_by_label("说明").fill(TYPED)
    return page.get_by_role("button", name="上报")


def answered(page: Page, status: int, **told: Any) -> None:
    page.route(COMMAND, lambda route: route.fulfill(status=status, json=told))


def still_there(page: Page) -> None:
    assert page.url.endswith("/page/form-report")
    expect(page.get_by_label("负责人")).to_have_value("沈秀兰")
    expect(page.get_by_label("从哪天起")).to_have_value("2026-11-18")
    expect(page.get_by_label("说明")).to_have_value(TYPED)


def test_a_form_that_is_accepted_goes_on_to_where_the_answer_says(
    phone: Page, served: Served
) -> None:
    typed(phone).tap()
    phone.wait_for_url("**/page/case")
    [sent] = served[1].state.received
    assert (sent["notes"], sent["command_id"]) == ([TYPED], [examples.some_id(900)])


def test_a_refusal_that_names_a_field_stands_above_it_and_takes_the_focus(phone: Page) -> None:
    say = "没有这名教职工。从名单里选一人。"
    answered(phone, 422, code="invalid", say=say, fields={"field": "owner"})
    typed(phone).tap()
    owner = phone.get_by_label("负责人")
    expect(owner).to_have_attribute("aria-invalid", "true")
    expect(owner).to_be_focused()
    place = owner.get_attribute("aria-describedby")
    expect(phone.locator(f"[id='{place}']")).to_have_text(say)
    still_there(phone)


def test_any_other_refusal_stands_above_the_button(phone: Page) -> None:
    say = "这个个案已经销号，不能再上报。先重新立案。"
    answered(phone, 409, code="case_closed", say=say, fields={})
    button = typed(phone)
    button.tap()
    alert = phone.get_by_role("alert").filter(has_text=say)
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()
    above, below = alert.bounding_box(), button.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"] + 1
    still_there(phone)


def test_what_was_refused_is_said_no_more_once_it_is_mended(phone: Page, served: Served) -> None:
    answered(phone, 422, code="invalid", say="从名单里选一人。", fields={"field": "owner"})
    button = typed(phone)
    button.tap()
    expect(phone.locator("[aria-invalid]")).to_have_count(1)
    phone.unroute(COMMAND)
    button.tap()
    phone.wait_for_url("**/page/case")
    assert len(served[1].state.received) == 1


def test_without_a_network_nothing_is_lost_and_a_second_press_is_the_same_command(
    phone: Page, served: Served
) -> None:
    button = typed(phone)
    phone.context.set_offline(True)
    button.tap()
    expect(phone.get_by_role("alert")).to_have_text("没有网络，内容还在，请稍后再提交。")
    still_there(phone)
    phone.context.set_offline(False)
    button.tap()
    phone.wait_for_url("**/page/case")
    assert [one["command_id"] for one in served[1].state.received] == [[examples.some_id(900)]]


def test_what_is_changed_after_a_lost_answer_is_not_taken_for_stored(
    phone: Page, served: Served
) -> None:
    """The first attempt was stored, its answer got lost, and then the words were changed."""

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    phone.route(COMMAND, lose)
    button = typed(phone)
    button.tap()
    expect(phone.get_by_role("alert")).to_have_text("没有网络，内容还在，请稍后再提交。")
    phone.unroute(COMMAND)
    phone.get_by_label("说明").fill("已经找到了。")
    button.tap()
    expect(phone.get_by_role("alert")).to_contain_text("刚才那次已经登记了，后来改的没有登记")
    expect(phone.get_by_label("说明")).to_have_value("已经找到了。")
    assert [one["notes"] for one in served[1].state.received] == [[TYPED], [TYPED]]


@pytest.mark.parametrize("status", [502, 503])
def test_a_system_that_is_away_says_so_and_keeps_the_form(phone: Page, status: int) -> None:
    phone.route(COMMAND, lambda route: route.fulfill(status=status, body="<html>away</html>"))
    typed(phone).tap()
    expect(phone.get_by_role("alert")).to_contain_text("没有收到回音，内容还在")
    still_there(phone)


def test_a_form_is_sent_once_however_often_it_is_pressed(phone: Page) -> None:
    waiting: list[Route] = []

    def wait(route: Route) -> None:
        waiting.append(route)

    phone.route(COMMAND, wait)
    button = typed(phone)
    button.tap()
    expect(button).to_be_disabled()
    button.tap(force=True)
    button.tap(force=True)
    phone.wait_for_timeout(300)
    assert len(waiting) == 1
    waiting[0].fulfill(status=200, json={"next": "/page/case"})
    phone.wait_for_url("**/page/case")


def test_a_session_that_ended_is_taken_up_again_over_the_form(phone: Page, served: Served) -> None:
    """The first attempt is told to sign in; the right password, and it is sent."""
    signed_in: list[str] = []

    def sign_in(route: Route) -> None:
        signed_in.append(route.request.post_data or "")
        right = "password=right" in signed_in[-1]
        told = {"next": "/"} if right else {"say": "账号或密码不对。"}
        route.fulfill(status=200 if right else 401, json=told)

    phone.route("**/sign-in", sign_in)
    phone.route(COMMAND, lambda route: route.fulfill(status=401, json={"say": "请先登录。"}))
    typed(phone).tap()
    dialog = phone.get_by_role("dialog", name="登录已过期")
    expect(dialog).to_contain_text("写好的都还在这一页")
    dialog.get_by_label("密码").fill("wrong")
    dialog.get_by_role("button", name="登录，接着提交").tap()
    expect(dialog.get_by_role("alert")).to_have_text("账号或密码不对。")
    phone.unroute(COMMAND)
    dialog.get_by_label("密码").fill("right")
    dialog.get_by_role("button", name="登录，接着提交").tap()
    phone.wait_for_url("**/page/case")
    assert [one["notes"] for one in served[1].state.received] == [[TYPED]]
    assert "account=%E5%91%A8%E5%90%AF%E6%98%8E" in signed_in[0]


def test_whoever_signs_in_later_keeps_the_form(phone: Page) -> None:
    phone.route(COMMAND, lambda route: route.fulfill(status=401, json={"say": "请先登录。"}))
    typed(phone).tap()
    phone.get_by_role("button", name="先不提交").tap()
    expect(phone.get_by_role("alert")).to_contain_text("登录已过期，内容还在")
    still_there(phone)


def test_a_conflict_shows_the_new_content_and_then_takes_the_same_words(phone: Page) -> None:
    """Until the new content was looked at, the form still carries the version it was drawn from."""
    versions: list[str] = []

    def command(route: Route) -> None:
        sent = dict(one.split("=") for one in (route.request.post_data or "").split("&"))
        versions.append(sent["version"])
        say = "别人（或另一个页面）刚改过，请看新内容再提交。"
        fresh = sent["version"] == "8"
        told = {"next": "/page/case"} if fresh else {"code": "conflict", "say": say}
        route.fulfill(status=200 if fresh else 409, json=told)

    phone.route(COMMAND, command)
    button = typed(phone)
    button.tap()
    alert = phone.get_by_role("alert").filter(has_text="别人（或另一个页面）刚改过")
    expect(alert).to_be_visible()
    still_there(phone)
    page = phone.content().replace('name="version" value="7"', 'name="version" value="8"')
    phone.route("**/page/form-report", lambda route: route.fulfill(body=page))
    with phone.expect_response("**/page/form-report"), phone.expect_popup() as opened:
        alert.get_by_role("link", name="看新内容").tap()
    assert opened.value.url.endswith("/page/case")
    opened.value.close()
    expect(phone.locator("input[name=version]")).to_have_value("8")
    button.tap()
    phone.wait_for_url("**/page/case")
    assert versions == ["7", "8"]


def test_where_no_second_tab_opens_what_was_typed_is_there_on_the_way_back(
    phone: Page, served: Served
) -> None:
    """As inside other apps and from the home screen: the new content takes the page's place."""
    say = "别人（或另一个页面）刚改过，请看新内容再提交。"
    answered(phone, 409, code="conflict", say=say)
    button = typed(phone)
    button.tap()
    seen = phone.get_by_role("link", name="看新内容")
    seen.evaluate("link => link.removeAttribute('target')")
    seen.tap()
    phone.wait_for_url("**/page/case")
    phone.unroute(COMMAND)
    phone.go_back()
    still_there(phone)
    expect(phone.get_by_role("status").filter(has_text="你写的还在下面")).to_be_visible()
    phone.get_by_role("button", name="上报").tap()
    phone.wait_for_url("**/page/case")
    assert [one["notes"] for one in served[1].state.received] == [[TYPED]]
    # It was sent: the next time the form is empty.
    phone.goto("/page/form-report")
    expect(phone.get_by_label("说明")).not_to_have_value(TYPED)


def test_a_file_that_is_refused_leaves_the_words_and_the_file(phone: Page) -> None:
    say = "文件超过 10 MB。拍小一点，或分几次提交。"
    told = {"code": "invalid", "say": say, "fields": {"field": "attachment"}}
    phone.route("**/evidence", lambda route: route.fulfill(status=422, json=told))
    phone.goto("/page/form-evidence")
    phone.get_by_label("做了什么").fill(TYPED)
    file = {"name": "家访.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff"}
    phone.get_by_label("照片或扫描件").set_input_files(files=[file])  # pyright: ignore[reportArgumentType]
    phone.get_by_role("button", name="登记").tap()
    upload = phone.get_by_label("照片或扫描件")
    expect(upload).to_have_attribute("aria-invalid", "true")
    expect(phone.locator("[data-field=attachment] .error")).to_have_text(say)
    expect(phone.get_by_label("做了什么")).to_have_value(TYPED)
    assert upload.evaluate("it => it.files.length") == 1


def test_a_kept_form_is_told_of_the_field_that_is_named(phone: Page) -> None:
    say = "填得不对：到访时间要写成 2026-11-18 08:00 这样。改好后再提交。"
    told = {"code": "invalid", "say": say, "fields": {"field": "visited", "reason": "x"}}
    phone.route("**/form/visit", lambda route: route.fulfill(status=422, json=told))
    phone.goto("/page/form-visit")
    phone.get_by_text("要再去", exact=True).tap()
    phone.get_by_role("button", name="存下，有网自动提交").tap()
    expect(phone.locator("[data-field=visited] .error")).to_have_text(say)


def test_a_form_that_is_no_command_loses_nothing_either(phone: Page, served: Served) -> None:
    """Looked for first whether somebody is signed in and the system there."""
    phone.route("**/sign-in", lambda route: route.fulfill(status=200, json={"next": "/"}))
    phone.route("**/unsent", lambda route: route.abort())
    phone.goto("/page/form-export")
    phone.get_by_label("用途").fill("督导抽查")
    button = phone.get_by_role("button", name="导出")
    button.tap()
    expect(phone.get_by_role("alert")).to_have_text("没有网络，内容还在，请稍后再提交。")
    phone.unroute("**/unsent")
    phone.route("**/unsent", lambda route: route.fulfill(status=401))
    button.tap()
    phone.get_by_label("密码").fill("right")
    phone.get_by_role("button", name="登录，接着提交").tap()
    phone.wait_for_url("**/form/visit")
    assert [one["purpose"] for one in served[1].state.received] == [["督导抽查"]]
