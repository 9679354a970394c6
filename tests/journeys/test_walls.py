"""One county's officer sees nobody of another county, on any page that lists people."""

import pytest
from playwright.sync_api import Browser

from baoxue.simulation.demo import FIRST, SECOND
from tests.journeys.person import Person, person
from tests.journeys.running import Running

LISTS = (
    "/",
    "/enrollment/children?text=王",
    "/casework/alerts",
    "/casework/alerts?filter=decided",
    "/casework/cases",
    "/notify/inbox",
)
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def names(officer: Person) -> set[str]:
    """Every name that the lists show, and that leads to a person or case."""
    found: set[str] = set()
    for path in LISTS:
        officer.page.goto(path)
        waiting = officer.page.locator("[data-waiting]")
        if waiting.count():
            waiting.first.wait_for(state="detached")
        found |= set(officer.page.locator("main a.name").all_inner_texts())
    return found


def links(officer: Person, path: str) -> list[str]:
    officer.page.goto(path)
    found = officer.page.locator("main a.name").all()
    return [one.get_attribute("href") or "" for one in found]


def test_the_second_county_sees_no_page_of_the_first(browser: Browser, system: Running) -> None:
    with person(browser, system.url, "xianju") as first:
        children = links(first, "/enrollment/children?text=王")[:3]
        cases = links(first, "/casework/cases")[:3]
        assert children
        assert cases
        assert FIRST[1] in first.words()
    with person(browser, system.url, "linxian") as second:
        with second.timed("另一个县：首页与各列表"):
            seen = names(second)
        assert FIRST[1] not in second.words()
        own = {*links(second, "/enrollment/children?text=王"), *links(second, "/casework/cases")}
        assert own.isdisjoint({*children, *cases})
        for path in (*children, *cases):
            answer = second.page.request.get(path)
            assert answer.status in (403, 404), path
            assert not any(name in answer.text() for name in seen)
        second.page.goto("/")
        assert SECOND[1] in second.words()
