"""The inspector looks back: search by name and by a sentence, then the two times of a child."""

import re
import secrets
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journeys.person import Person, person
from tests.journeys.running import Running

MOST_SECONDS = 60
SURNAME, PHRASE = "李", "跟表哥出去打工"
INPUT_FORMAT = "%Y-%m-%dT%H:%M"
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def test_a_surname_finds_the_children_who_bear_it(browser: Browser, system: Running) -> None:
    with person(browser, system.url, "dudao") as inspector:
        with inspector.timed(f"检索“{SURNAME}”"):
            search(inspector, SURNAME)
        people = inspector.page.locator(".search p a.name[href^='/audit/children/']")
        assert people.count() > 0
        assert all(SURNAME in name for name in people.all_inner_texts())


def test_a_sentence_of_a_visit_is_marked_where_it_stands(browser: Browser, system: Running) -> None:
    with person(browser, system.url, "dudao") as inspector:
        with inspector.timed(f"检索“{PHRASE}”"):
            search(inspector, PHRASE)
        visit = inspector.page.locator(".hits tr", has_text="家访").first
        expect(visit.locator("mark").first).to_have_text(PHRASE)


def test_from_sign_in_to_a_replayed_and_verified_case_takes_a_minute(
    browser: Browser, system: Running, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.zip"
    with person(browser, system.url, "dudao") as inspector:
        # Away from the first page, whose parts would ask on without a session and be refused.
        inspector.page.goto("about:blank")
        inspector.page.context.clear_cookies()
        began = monotonic()
        with inspector.timed("督导：从登录到回放并核验的个案"):
            inspector.sign_in()
            search(inspector, PHRASE)
            inspector.tap(child_found(inspector))
            inspector.page.locator("#rail-drawing .stop").first.wait_for(state="attached")
            move_to(inspector, before_a_late_record(inspector))
            expect(said(inspector)).to_contain_text("县里知道")
            save_bundle(inspector, bundle)
            told = verified(bundle)
        seconds = monotonic() - began
    assert "VERIFIED" in told
    assert seconds <= MOST_SECONDS


def save_bundle(inspector: Person, bundle: Path) -> None:
    inspector.tap(inspector.link("导出"))
    inspector.page.locator("textarea, input[name=purpose]").first.fill("督导抽查")
    with inspector.page.expect_download() as download:
        inspector.tap(inspector.page.locator("button.main"))
    download.value.save_as(bundle)


def verified(bundle: Path) -> str:
    """What the verifier says that nobody of the system has a hand in: one file, Python alone."""
    done = subprocess.run(
        [sys.executable, "-I", "services/audit/verify.py", str(bundle), "--simulated"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_not_there_is_said_plainly(browser: Browser, system: Running) -> None:
    # Fresh each time: a search that was made is itself an entry that can be found.
    words = f"查无此话{secrets.token_hex(4)}"
    with person(browser, system.url, "dudao") as inspector:
        search(inspector, words)
        assert total(inspector) == 0
        assert f"没有找到“{words}”" in inspector.words()


def test_the_rail_tells_what_was_known_from_what_was_not_yet(
    browser: Browser, system: Running
) -> None:
    with person(browser, system.url, "dudao") as inspector:
        search(inspector, PHRASE)
        with inspector.timed("从检索到回放"):
            inspector.tap(child_found(inspector))
            inspector.page.locator("#rail-drawing .stop").first.wait_for(state="attached")
        at = before_a_late_record(inspector)
        with inspector.timed("移动时间"):
            move_to(inspector, at)
        expect(said(inspector)).to_contain_text("县里知道")
        expect(said(inspector)).to_contain_text("已经发生，还不知道")
        known, unknown = counts(inspector)
        assert known > 0
        assert unknown > 0
        assert stops(inspector, "known") == known
        assert stops(inspector, "unknown") == unknown
        inspector.page.reload()
        assert counts(inspector) == (known, unknown)


def test_the_arrow_keys_move_both_handles_while_linked(browser: Browser, system: Running) -> None:
    with person(browser, system.url, "dudao") as inspector:
        search(inspector, PHRASE)
        inspector.tap(child_found(inspector))
        handle = inspector.page.locator("[data-handle=happened]")
        handle.wait_for()
        before, _ = counts(inspector)
        handle.focus()
        handle.press("Home")
        expect(inspector.page.locator("input[name=known]")).to_have_value(
            inspector.page.locator("input[name=happened]").input_value()
        )
        expect(said(inspector)).not_to_contain_text(f"知道 {before} 件")
        assert counts(inspector)[0] < before


def search(inspector: Person, words: str) -> None:
    inspector.page.goto("/audit/search")
    inspector.page.locator("#search input[name=text]").fill(words)
    inspector.tap(inspector.page.locator("#search button.main"))
    inspector.page.wait_for_url(re.compile("text="))


def child_found(inspector: Person) -> Locator:
    """The first hit that is about a child: the inspector's own searches are hits as well."""
    return inspector.page.locator(".hits a.name[href^='/audit/children/']").first


def total(inspector: Person) -> int:
    heading = inspector.page.locator(".search h2").first.inner_text()
    return int(re.sub(r"\D", "", heading))


def said(inspector: Person) -> Locator:
    return inspector.page.locator("[data-replay=say]")


def counts(inspector: Person) -> tuple[int, int]:
    """Known and not yet known, as the sentence above the rail says."""
    text = said(inspector).inner_text()
    known = re.search(r"知道 (\d+) 件", text)
    unknown = re.search(r"另有 (\d+) 件", text)
    return int(known[1]) if known else 0, int(unknown[1]) if unknown else 0


def stops(inspector: Person, state: str) -> int:
    return inspector.page.locator(f"#rail-drawing .stop.{state}").count()


def before_a_late_record(inspector: Person) -> str:
    """A minute at which something had happened that was recorded long after."""
    late = inspector.page.locator(".stop").evaluate_all(
        "all => all.map(one => [one.dataset.happened, one.dataset.recorded])"
    )
    gaps = [tuple(datetime.fromisoformat(one) for one in pair) for pair in late]
    happened, recorded = max(gaps, key=lambda pair: pair[1] - pair[0])
    assert recorded - happened > timedelta(hours=1)
    between = happened + (recorded - happened) / 2
    return (between.replace(tzinfo=None)).strftime(INPUT_FORMAT)


def move_to(inspector: Person, at: str) -> None:
    with inspector.page.expect_response(re.compile("happened=")):
        inspector.page.locator("input[name=happened]").fill(at)
        inspector.page.locator("input[name=happened]").dispatch_event("change")
    inspector.page.wait_for_load_state("networkidle")
