"""A teacher's evening on a phone: five children on leave, four answers each, within a minute."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from time import monotonic, time
from uuid import UUID

import uvicorn
from playwright.async_api import Locator, Page, async_playwright

from shared.contracts import enrollment as e
from shared.session import sign_session
from shared.signing import load_signer
from shared.web.render import STATIC_ROOT, static_files
from tests.casework.acting import TEACHER_VIEW
from tests.casework.conftest import casework_template, secrets, told, world
from tests.casework.test_duties import of_kind
from tests.county import KLASS, MONDAY, PATH, SCHOOL, Told, at, sealed_name, uid
from tests.followed import World
from tests.web.conftest import ACTION_LIMIT_MS, PHONE, chromium_path

__all__ = ["casework_template", "secrets", "told", "world"]
LIMIT_SECONDS = 60.0
TAPS_A_CHILD = 5
START_LIMIT_SECONDS = 30.0
LEAVES_SECONDS = 30.0
NAMES = ("木呷阿各", "吉伍小军", "阿苦尔哈", "沙马有作", "吉克拉日")
ANSWERS = (("better", "false"), ("tomorrow", "false"), ("settled", "true"), ("help", "false"))


async def on_leave(world: World, told: Told) -> list[UUID]:
    """Five pupils who lag behind are sick on Monday."""
    children = [uid(name) for name in NAMES]
    for child, name in zip(children, NAMES, strict=True):
        fields = {"name": await sealed_name(world.edge.keyring, child, name)}
        told.tell(e.ChildRegistered(child=child, fields=fields), PATH, child, at(MONDAY, 7))
        seat = e.StudentEnrolled(
            child=child, klass=KLASS, school=SCHOOL, grade=8, seat=None, on=date(2026, 9, 1)
        )
        told.tell(seat, PATH, child, at(MONDAY, 7))
        told.tagged("lagging", child)
    await world.hear("enrollment", told.entries)
    for child in children:
        granted = e.LeaveGranted(
            child=child, kind="sick", first_on=MONDAY, last_on=MONDAY, note=None
        )
        told.tell(granted, PATH, child, at(MONDAY), f"attendance-{child}")
    await world.hear("enrollment", told.entries)
    await world.move_to(at(MONDAY, 18))
    return children


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The service's own application on a port, with the console's assets."""
    world.app.mount(STATIC_ROOT, static_files())
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(world.app, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(START_LIMIT_SECONDS):
        while not server.started:
            await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


@asynccontextmanager
async def phone(world: World, url: str) -> AsyncIterator[Page]:
    signer = load_signer(world.secrets.secrets, world.token_signer)
    token = sign_session(signer, TEACHER_VIEW, time(), time())
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        context = await chromium.new_context(
            base_url=url,
            viewport=PHONE,  # pyright: ignore[reportArgumentType]
            has_touch=True,
            is_mobile=True,
            timezone_id="Asia/Shanghai",
            extra_http_headers={"authorization": f"Bearer {token}"},
        )
        context.set_default_timeout(ACTION_LIMIT_MS * 4)
        yield await context.new_page()
        await chromium.close()


async def tap(what: Locator) -> int:
    await what.tap()
    return 1


async def left_over(page: Page, count: int) -> Locator:
    """The children still to be called about; who was called leaves by itself."""
    calls = page.locator("section.call")
    async with asyncio.timeout(LEAVES_SECONDS):
        while await calls.count() != count:
            await page.reload()
    return calls


async def test_five_evening_calls_take_a_minute_and_five_taps_each(
    world: World, told: Told
) -> None:
    children = await on_leave(world, told)
    async with served(world) as url, phone(world, url) as page:
        await page.goto("/casework/calls")
        began, taps = monotonic(), 0
        for left in range(len(children), 0, -1):
            first = (await left_over(page, left)).first
            for name, value in ANSWERS:
                taps += await tap(first.locator(f"label:has(input[name={name}][value={value}])"))
            async with page.expect_navigation():
                taps += await tap(first.get_by_role("button", name="记下"))
            assert page.url.endswith("/calls"), await page.locator("body").inner_text()
        await left_over(page, 0)
        seconds = monotonic() - began
        assert "今晚没有要打的电话" in await page.locator("body").inner_text()
    print(f"\nfive evening calls: {seconds:.1f} s, {taps} taps")
    assert taps == TAPS_A_CHILD * len(children)
    assert seconds <= LIMIT_SECONDS
    assert {one["state"] for one in await of_kind(world, "leave_call")} == {"satisfied"}
    # 明天能上学吗：否 asks again tomorrow.
    assert {one["state"] for one in await of_kind(world, "call_again")} == {"armed"}
