"""Whoever follows what a page offers reaches a page: no refusal, no error, nothing for programs."""

import html
import re
from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import urljoin

import httpx2
import pytest

from tests.journeys.running import Running

ACCOUNTS = (
    "banzhuren", "renke", "nianji", "xiaozhang", "xueji", "xiangzhen", "xianju", "zhengce",
    "dudao", "xitong", "linxian",
)  # fmt: skip
PAGES, OF_ONE_SHAPE = 260, 2
LINK = re.compile(r'(?:href|hx-get)="([^"]+)"')
ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
# The exact bytes of an entry are offered as what they are.
BYTES = "/audit/entries/"
ELSEWHERE = ("/static", "/assets", "/language", BYTES)
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def shape(address: str) -> str:
    """The address without what it is about: pages of one shape are drawn alike."""
    path, _, query = address.partition("?")
    return ONE.sub("#", path) + "?" + ",".join(sorted(re.findall(r"(\w+)=", query)))


def offered(address: str, page: str) -> Iterator[str]:
    for found in LINK.findall(page):
        where = urljoin(address, html.unescape(found)).partition("#")[0]
        if where.startswith("/") and not where.startswith(ELSEWHERE):
            yield where


def refused(browser: httpx2.Client) -> Iterator[str]:
    """Address, answer, and the page that offered it, wherever it is no page or file."""
    waiting, seen, shapes = deque([("/", "")]), {"/"}, Counter[str]()
    while waiting and shapes.total() < PAGES:
        address, source = waiting.popleft()
        if shapes[shape(address)] >= OF_ONE_SHAPE:
            continue
        shapes[shape(address)] += 1
        answer = browser.get(address)
        kind = answer.headers.get("content-type", "")
        if answer.is_error or "json" in kind:
            yield f"{address} {answer.status_code} {kind}, from {source}"
        for one in offered(address, answer.text if "html" in kind else ""):
            if one not in seen:
                seen.add(one)
                waiting.append((one, address))


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_link_leads_to_a_page(system: Running, account: str) -> None:
    headers = {"accept": "text/html", "origin": system.url}
    with httpx2.Client(
        base_url=system.url, headers=headers, follow_redirects=True, timeout=60
    ) as browser:
        asked = dict(
            re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', browser.get("/sign-in").text)
        )
        browser.post("/sign-in", data=asked | {"demo": account})
        assert list(refused(browser)) == []
