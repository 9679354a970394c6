"""From a tap on a phone to a case: the homeroom teacher's minute, the principal's decision."""

import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journeys.person import SLIP_MS, Person, person
from tests.journeys.running import Running

MOST_TAPS = 4
MOVING_MS = 60_000
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def roll_awaits(teacher: Person) -> None:
    """On the first page of a day whose roll is still to be taken."""
    teacher.first_page()
    if not teacher.link("开始点名").is_visible():
        next_school_day(teacher)
    expect(teacher.link("开始点名")).to_be_visible()


def next_school_day(someone: Person) -> None:
    with someone.page.expect_navigation(timeout=MOVING_MS):
        someone.tap(someone.button("下一个上学日"))
    someone.first_page()


def open_roll(teacher: Person) -> None:
    teacher.tap(teacher.link("开始点名"))
    teacher.page.locator("#roll[data-ready=true]").wait_for()


def submit(teacher: Person) -> None:
    teacher.page.wait_for_timeout(SLIP_MS)
    teacher.tap(teacher.page.locator("button.send"))
    expect(teacher.page.get_by_role("heading", name="已提交")).to_be_visible()


def pupil(teacher: Person, name: str) -> Locator:
    return teacher.page.locator(f".pupil[data-name='{name}']")


def two_at_school(teacher: Person, but: str) -> list[str]:
    wanted = teacher.page.locator(".pupil[aria-pressed=false]:not([data-leave])")
    names = [one.get_attribute("data-name") or "" for one in wanted.all()]
    return [name for name in names if name != but][:2]


def test_a_roll_of_two_absences_takes_four_taps_and_can_be_recalled(
    browser: Browser, system: Running, brink: str
) -> None:
    with person(browser, system.url, "banzhuren", phone=True) as teacher:
        roll_awaits(teacher)
        with teacher.timed("点名：两人未到"):
            open_roll(teacher)
            names = two_at_school(teacher, brink)
            for name in names:
                teacher.tap(pupil(teacher, name))
            submit(teacher)
        assert teacher.taps <= MOST_TAPS
        assert "未到 2" in teacher.words()
        assert all(name in teacher.words() for name in names)
        teacher.first_page()
        expect(teacher.page.get_by_role("heading", name="今天已点名")).to_be_visible()
        teacher.tap(teacher.link("看今天的点名"))
        with teacher.timed("撤回"):
            teacher.tap(teacher.button("撤回重点"))
            teacher.page.locator("#roll[data-ready=true], .duty-lead").first.wait_for()
        teacher.first_page()
        expect(teacher.link("开始点名")).to_be_visible()


def test_a_second_tap_takes_the_mark_back(browser: Browser, system: Running, brink: str) -> None:
    with person(browser, system.url, "banzhuren", phone=True) as teacher:
        roll_awaits(teacher)
        open_roll(teacher)
        name = two_at_school(teacher, brink)[0]
        teacher.tap(pupil(teacher, name))
        expect(pupil(teacher, name)).to_have_attribute("aria-pressed", "true")
        teacher.tap(pupil(teacher, name))
        expect(pupil(teacher, name)).to_have_attribute("aria-pressed", "false")


def test_the_fourth_day_away_becomes_an_alert_and_then_a_case(
    browser: Browser, system: Running, brink: str
) -> None:
    with (
        person(browser, system.url, "banzhuren", phone=True) as teacher,
        person(browser, system.url, "xiaozhang") as principal,
    ):
        roll_awaits(teacher)
        with teacher.timed("第四天未到，提交"):
            open_roll(teacher)
            teacher.tap(pupil(teacher, brink))
            submit(teacher)
        day = band_day(teacher)
        with teacher.timed("下一个上学日：停在预警"):
            next_school_day(teacher)
        # Seen on its own day, before the time to report it is over.
        assert band_day(teacher) == day
        assert "时间先停在这里" in teacher.words()
        card = card_of(teacher, brink)
        expect(card).to_be_visible()
        assert "超期" not in card.inner_text()
        with principal.timed("预警，属实，立案"):
            number = verified(principal, brink)
        assert number
        with teacher.timed("下一个上学日"):
            next_school_day(teacher)
        assert band_day(teacher) != day
        assert "时间先停在这里" not in teacher.words()


def test_an_unsent_roll_survives_a_closed_tab_and_a_reload_without_a_network(
    browser: Browser, system: Running, brink: str
) -> None:
    with person(browser, system.url, "banzhuren", phone=True) as teacher:
        roll_awaits(teacher)
        open_roll(teacher)
        address = teacher.page.url
        teacher.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        teacher.tap(pupil(teacher, two_at_school(teacher, brink)[0]))
        context = teacher.page.context
        context.set_offline(True)
        teacher.page.wait_for_timeout(SLIP_MS)
        teacher.tap(teacher.page.locator("button.send"))
        expect(teacher.page.locator(".roll-state", has_text="尚未提交")).to_be_visible()
        teacher.page.close()
        page = context.new_page()
        for _ in range(2):
            page.goto(address)
            expect(page.get_by_text("尚未提交")).to_be_visible()
            expect(page.locator("[data-kept-list] li")).to_have_count(1)
            assert "未到 1" in page.locator("body").inner_text()
            assert brink not in page.content()
        context.set_offline(False)
        expect(page.get_by_role("heading", name="已提交")).to_be_visible()
        teacher.page = page
        teacher.complaints.clear()
        teacher.tap(teacher.button("撤回重点"))
        teacher.page.locator("#roll[data-ready=true], .duty-lead").first.wait_for()


def band_day(someone: Person) -> str:
    """The day that the band over demonstration data shows."""
    return someone.page.locator(".demo .phone").inner_text().split()[0]


def card_of(someone: Person, name: str) -> Locator:
    return someone.page.locator("article", has=someone.page.get_by_role("link", name=name))


def verified(principal: Person, name: str) -> str:
    """The number of the case that the principal has opened about the child."""
    principal.first_page()
    card = card_of(principal, name)
    expect(card).to_be_visible()
    principal.tap(card.get_by_text("家访核实", exact=True))
    with principal.page.expect_navigation():
        principal.tap(card.get_by_role("button", name="属实，立案"))
    principal.page.goto("/casework/cases")
    row = principal.page.locator("tr", has=principal.page.get_by_role("link", name=name))
    expect(row).to_have_count(1)
    return re.split(r"\s", row.inner_text().strip())[0]
