"""Every hole of a scheme is found with one tap and filled with three, by each who may assign."""

import json
import re
from time import monotonic

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.person import Person, person
from tests.journeys.running import Running

MOST_SECONDS = 30
TAPS_TO_SEE, TAPS_TO_FILL = 1, 3
SCHEME = "quanyuan"
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def open_coverage(someone: Person) -> None:
    """From the first page; the scheme is the officer's to choose."""
    someone.first_page()
    someone.tap(someone.link("责任覆盖"))
    someone.tap(someone.link("全员管理"))
    expect(someone.page.locator("h1.sentence")).to_be_visible()


def holes_told(system: Running, account: str) -> int:
    """As the command line counts them."""
    done = system.cli("coverage", SCHEME, "--json", "--as", account)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return sum(one["state"] == "hole" for one in lines)


def holes_seen(someone: Person) -> int:
    """What the list of all gaps says: of a class's children how many."""
    said = someone.page.locator(".gaps .side").all_inner_texts()
    return sum(int(found[1]) if (found := re.search(r"(\d+) 人", one)) else 1 for one in said)


@pytest.mark.parametrize("account", ["xianju", "xiangzhen", "xiaozhang"])
def test_every_hole_is_seen_with_one_tap_and_one_is_filled_with_three(
    browser: Browser, system: Running, account: str
) -> None:
    expected = holes_told(system, account)
    with person(browser, system.url, account, phone=account == "xiangzhen") as officer:
        began = monotonic()
        open_coverage(officer)
        with officer.timed("看全部空缺"):
            officer.tap(officer.link("逐个看空缺"))
            expect(officer.page.locator(".gaps")).to_be_visible()
        assert officer.taps <= TAPS_TO_SEE
        assert holes_seen(officer) == expected > 0
        assert monotonic() - began <= MOST_SECONDS
        with officer.timed("补上一处空缺"):
            officer.tap(officer.page.locator(".gaps a").first)
            officer.taps += 1
            options = officer.page.locator("#holder option")
            officer.page.locator("#holder").select_option(options.nth(1).get_attribute("value"))
            with officer.page.expect_navigation():
                officer.tap(officer.button("指定，看下一处"))
        assert officer.taps <= TAPS_TO_FILL
        assert holes_told(system, account) < expected
