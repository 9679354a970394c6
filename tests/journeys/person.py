"""A person at a console: signs in, taps, and is timed; what the browser complains of is kept."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from baoxue.simulation.demo import PASSWORD

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
ACTION_LIMIT_MS = 30_000
# The pause after a name in which a submit counts as a slip of the same finger.
SLIP_MS = 450
# On a busy machine a page may take longer than five seconds; how long it took is measured.
expect.set_options(timeout=ACTION_LIMIT_MS)


@dataclass(slots=True)
class Person:
    """`taps` since the count was last set; `complaints`: errors of scripts and of the console."""

    account: str
    page: Page
    touch: bool
    taps: int = 0
    complaints: list[str] = field(default_factory=list)

    def tap(self, what: Locator) -> None:
        self.taps += 1
        if self.touch:
            what.tap()
        else:
            what.click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name).first

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name).first

    def sign_in(self) -> None:
        self.page.goto("/sign-in")
        self.page.locator("#account").fill(self.account)
        self.page.locator("#password").fill(PASSWORD)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.wait_for_url(re.compile(r"/$"))

    def first_page(self) -> None:
        """Open, with every part there."""
        self.page.goto("/")
        self.page.locator("[data-waiting]").first.wait_for(state="detached")

    def words(self) -> str:
        """All that is to be read on the page."""
        return self.page.locator("body").inner_text()

    @contextmanager
    def timed(self, journey: str) -> Iterator[None]:
        """Prints seconds and taps of the block."""
        self.taps, began = 0, monotonic()
        yield
        print(f"\n{journey}: {monotonic() - began:.1f} s, {self.taps} taps")


@contextmanager
def person(browser: Browser, url: str, account: str, *, phone: bool = False) -> Iterator[Person]:
    """Signed in. The block's end fails if the browser complained."""
    context = _context(browser, url, phone)
    found = Person(account, context.new_page(), phone)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("console", lambda message: _keep(found.complaints, message))
    try:
        found.sign_in()
        yield found
        assert not found.complaints, found.complaints
    finally:
        context.close()


def _context(browser: Browser, url: str, phone: bool) -> BrowserContext:
    context = browser.new_context(
        base_url=url,
        viewport=PHONE if phone else DESK,  # pyright: ignore[reportArgumentType]
        has_touch=phone,
        is_mobile=phone,
        timezone_id="Asia/Shanghai",
        locale="zh-CN",
    )
    context.set_default_timeout(ACTION_LIMIT_MS)
    return context


def _keep(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type == "error":
        complaints.append(message.text)
