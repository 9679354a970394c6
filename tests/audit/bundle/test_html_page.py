"""verify.html as an inspector opens it: from a folder, in Chromium, without network."""

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.audit.bundle import wild
from tests.audit.bundle.javascript import comparable, python_report
from tests.audit.bundle.mutants import KINDS
from tests.audit.bundle.synthetic import Parts, case, county, parts, ranged, selection
from tests.web.conftest import chromium_path

ACTION_LIMIT_MS = 20_000
MANY = 60
SHOTS_SIZE = {"width": 1100, "height": 1000}
PHONE = {"width": 360, "height": 640}
VERIFY = """async ([bundle, pins, trust, simulated]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const found = await verify(bytes(bundle), { simulated,
    pins: pins.map(([name, text]) => ({ name, bytes: bytes(text) })),
    trust: trust && { name: "trust", bytes: bytes(trust) } });
  const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);
  return JSON.stringify(found, plain);
}"""
ED25519 = """async () => {
  const key = new Uint8Array(32);
  key[0] = 1;
  return crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"])
    .then(() => true, () => false);
}"""


class Opened:
    """The page that came out of a bundle, opened from a file, and all that it asked for."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto((folder / "verify.html").as_uri())

    def check(self, data: bytes, *pins: str, trust: str = "", simulated: bool = False) -> str:
        """The sentence after the form was filled in and sent off."""
        page = self.page
        page.set_input_files("#bundle", self._file("bundle.audit.zip", data))
        named = enumerate(pins)
        page.set_input_files("#pins", [self._file(f"{n}.note", pin.encode()) for n, pin in named])
        page.set_input_files("#trust", [self._file("t.json", trust.encode())] if trust else [])
        page.set_checked("#simulated", simulated)
        page.get_by_role("button", name="核验 Verify").click()
        page.wait_for_selector("#result:not([hidden])")
        return page.locator("#verdict strong").inner_text()

    def _file(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def services(self) -> dict[str, list[str]]:
        """The cells of each log's row."""
        rows = [
            row.locator("td").all_inner_texts() for row in self.page.locator("#services tr").all()
        ]
        return {row[0].split()[-1]: row[1:] for row in rows}


@contextmanager
def opened(made: Parts, folder: Path, size: Any) -> Iterator[Opened]:
    (folder / "verify.html").write_bytes(made.members["verify.html"])
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        page = chromium.new_page(viewport=size, offline=True)
        page.set_default_timeout(ACTION_LIMIT_MS)
        yield Opened(page, folder)
        chromium.close()


def in_chromium(
    work: Callable[[Opened], None], made: Parts, folder: Path, size: Any = SHOTS_SIZE
) -> None:
    """Do this with the page; in a thread, for Playwright wants one without an event loop."""

    def run() -> None:
        with opened(made, folder, size) as found:
            work(found)
            assert found.asked == [(folder / "verify.html").as_uri()]
            assert found.complaints == []

    assert threading.current_thread() is threading.main_thread()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


@pytest.fixture(scope="module")
def whole() -> dict[str, Parts]:
    made = county()
    writers = {"CASE": case, "RANGE": ranged, "SELECTION": selection}
    return {kind: parts(made, write(made)) for kind, write in writers.items()}


def test_the_page_says_what_was_found(whole: dict[str, Parts], tmp_path: Path) -> None:
    made = whole["CASE"]
    pin = made.made.note("casework", 9)
    tampered = next(kind for kind in KINDS if kind.name == "entry_removed[CASE]")
    mutant = tampered.make(Random("page"), made.copy())
    trust = json.dumps({"keys": [made.made.signer.key("demo.example")]})

    def look(page: Opened) -> None:
        text = page.page.locator("#key")
        assert page.check(made.pack()) == "✓ 验证通过"
        assert "没有人为公钥担保" in text.inner_text()
        assert page.services()["casework"][0] == "验证通过 VERIFIED"
        page.page.screenshot(path=tmp_path / "verified.png", full_page=True)
        assert page.check(made.pack(), pin) == "✓ 验证通过"
        assert "公钥就是固定点的公钥" in text.inner_text()
        assert page.check(made.pack(), trust=trust) == "✓ 验证通过"
        assert "公钥出自你的信任文件" in text.inner_text()
        said = page.check(mutant.data)
        assert said.startswith("✕ 不完整：") and f"第 {mutant.index} 条，streamversion" in said
        assert "exit code 13" in page.page.locator("#verdict").inner_text()
        page.page.screenshot(path=tmp_path / "incomplete.png", full_page=True)

    in_chromium(look, made, tmp_path)


def test_simulated_data_need_the_tick_on_a_phone_too(tmp_path: Path) -> None:
    played = county(simulated=True)
    made = parts(played, case(played))

    def look(page: Opened) -> None:
        assert page.check(made.pack()) == "✕ 不是完好的证据包：学籍，origin"
        assert page.check(made.pack(), simulated=True) == "✓ 验证通过"
        page.page.screenshot(path=tmp_path / "phone.png", full_page=True)
        wide = page.page.evaluate("document.documentElement.scrollWidth")
        assert "演示数据" in page.page.locator("#verdict").inner_text()
        assert wide <= PHONE["width"]

    in_chromium(look, made, tmp_path, PHONE)


def test_without_a_file_it_says_what_to_do(whole: dict[str, Parts], tmp_path: Path) -> None:
    def look(page: Opened) -> None:
        page.page.get_by_role("button", name="核验 Verify").click()
        assert "先选证据包文件" in page.page.locator("#verdict").inner_text()
        assert page.page.locator("#result").is_hidden()

    in_chromium(look, whole["CASE"], tmp_path)


def test_what_a_bundle_says_is_only_text(whole: dict[str, Parts], tmp_path: Path) -> None:
    made = whole["CASE"].copy()
    purpose = "<img src=x onerror=document.title=1>\u202egnp"
    data = made.reseal(purpose=purpose).pack()

    def look(page: Opened) -> None:
        assert page.check(data) == "✓ 验证通过"
        facts = page.page.locator("#facts").inner_text()
        assert "<img src=x" in facts and "\\u202egnp" in facts and "\u202e" not in facts
        assert page.page.locator("#facts img").count() == 0

    in_chromium(look, made, tmp_path)


def test_a_browser_says_what_verify_py_says(whole: dict[str, Parts], tmp_path: Path) -> None:
    """With WebCrypto and, taken away, by the page's own code."""

    def b64(text: bytes) -> str:
        return b64encode(text).decode()

    def look(page: Opened) -> None:
        page.page.evaluate(ED25519)
        for seed in range(MANY):
            if seed == MANY * 3 // 4:
                page.page.evaluate("Object.defineProperty(window, 'crypto', { value: null })")
            mutant = wild.sample(Random(f"browser {seed}"), whole)
            path = tmp_path / "b.zip"
            path.write_bytes(mutant.data)
            wanted = comparable(json.loads(python_report(path, mutant).as_json()))
            pins = [[str(tmp_path / "pin.note"), b64(mutant.pin.encode())]] if mutant.pin else []
            trust = mutant.options.get("trust")
            told = b64(json.dumps(trust).encode()) if trust else None
            simulated = mutant.options.get("simulated", False)
            found = page.page.evaluate(VERIFY, [b64(mutant.data), pins, told, simulated])
            assert comparable(json.loads(found)) == wanted, f"seed {seed}"

    in_chromium(look, whole["CASE"], tmp_path)
