"""A gallery on a port of its own and a Chromium to look at it."""

import shutil
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette

from tests.web.gallery import gallery

START_LIMIT_SECONDS = 10
ACTION_LIMIT_MS = 8_000
PHONE = {"width": 360, "height": 640}
DESKTOP = {"width": 1440, "height": 900}


def chromium_path() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("no Chromium: apt-get install -y chromium fonts-wqy-zenhei")
    return found


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, Starlette]]:
    app = gallery()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
    server.should_exit = True
    thread.join(START_LIMIT_SECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of all: while it is there no other event loop runs in this thread."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser: Browser, served: tuple[str, Starlette]) -> Iterator[Page]:
    context = browser.new_context(
        base_url=served[0],
        viewport=PHONE,
        has_touch=True,
        is_mobile=True,
        timezone_id="Asia/Shanghai",
    )
    served[1].state.received.clear()
    context.set_default_timeout(ACTION_LIMIT_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def desktop(browser: Browser, served: tuple[str, Starlette]) -> Iterator[Page]:
    context = browser.new_context(base_url=served[0], viewport=DESKTOP, timezone_id="Asia/Shanghai")
    served[1].state.received.clear()
    context.set_default_timeout(ACTION_LIMIT_MS)
    yield context.new_page()
    context.close()
