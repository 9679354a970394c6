"""The operator's page at the gateway: every process is named, what is parked can be applied."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from time import time

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from baoxue.gateway import make_app
from shared.rights import EVERYWHERE, Grant, Viewer
from shared.session import sign_session
from shared.session_http import COOKIE
from shared.settings import Settings
from shared.signing import load_signer, make_signing_keys

HOST = "http://baoxue.test"
PARKED = {
    "subscription": "casework.absence_to_risk",
    "subject": "a-child",
    "entries": 2,
    "since": "2026-11-18T00:41:00Z",
    "reason": "ValueError: not as it should be",
}
STATUS = {
    "ready": True,
    "problems": [],
    "relay_lag": 3,
    "parked": {"casework.absence_to_risk": 2},
    "subscriptions": {"casework.absence_to_risk": {"lag": 41}},
}


async def answer(request: Request) -> Response:
    """What every service says of itself; casework alone has something parked."""
    told: Mapping[str, object] = {
        "/clock": {"now": "2026-11-18T01:00:00+00:00", "simulated": True},
        "/status": STATUS,
        "/parked": [PARKED] if request.url.hostname == "casework" else [],
        "/redrive": {"applied": 2},
    }
    return JSONResponse(told[request.url.path])


SERVICES = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    make_signing_keys(tmp_path / "secrets")
    return tmp_path


def browser(home: Path, role: str, path: str, away: str = "") -> httpx2.AsyncClient:
    """Signed in, at a gateway whose services answer as above, but for one that is `away`."""
    names = ("enrollment", "casework", "notify", "audit", "sealer")
    urls = {f"{name}_url": f"http://{name}" for name in names}
    gateway = make_app(Settings(home=home, **urls))  # pyright: ignore[reportArgumentType]
    inside = httpx2.ASGITransport(SERVICES)

    async def carry(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == away:
            raise httpx2.ConnectError("away")
        return await inside.handle_async_request(request)

    gateway.state.system.http = httpx2.AsyncClient(transport=httpx2.MockTransport(carry))
    grant = Grant(role=role, unit=path, path=path, valid_from=date(2026, 1, 1))
    viewer = Viewer(account="somebody", staff=None, grants=(grant,))
    token = sign_session(load_signer(home / "secrets", "enrollment"), viewer, time(), time())
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(gateway),
        base_url=HOST,
        cookies={COOKIE: token},
        headers={"accept": "text/html", "origin": HOST},
    )


async def test_every_process_is_named_and_what_is_parked_stands_with_its_reason(home: Path) -> None:
    async with browser(home, "operator", EVERYWHERE) as operator:
        page = await operator.get("/system")
    assert page.status_code == 200
    assert "都能服务，1 个对象有搁置的事件" in page.text
    for what in ("学籍与考勤", "个案", "消息", "检索与回放", "封签", "not as it should be", "41"):
        assert what in page.text


async def test_the_button_applies_what_is_parked_and_says_how_many(home: Path) -> None:
    wish = {name: str(PARKED[name]) for name in ("subscription", "subject")}
    async with browser(home, "operator", EVERYWHERE) as operator:
        page = await operator.post("/system/redrive", data=wish)
        strange = await operator.post("/system/redrive", data=wish | {"subscription": "nobody.x"})
    assert "处理了 2 件。" in page.text
    assert "没有叫 nobody.x 的订阅。" in strange.text


@pytest.mark.parametrize("away", ["notify", "enrollment"])
async def test_a_service_that_is_away_is_said_and_the_others_still_stand_there(
    home: Path, away: str
) -> None:
    async with browser(home, "operator", EVERYWHERE, away=away) as operator:
        page = await operator.get("/system")
    assert page.status_code == 200
    assert "1 个进程不能服务" in page.text and "away: ConnectError" in page.text
    assert "not as it should be" in page.text


async def test_nobody_but_an_operator_sees_it(home: Path) -> None:
    async with browser(home, "county_officer", "990000/990100/990101") as officer:
        page = await officer.get("/system")
        asked = await officer.post("/system/redrive", data={"subscription": "a.b", "subject": "c"})
    assert (page.status_code, asked.status_code) == (403, 403)
    assert "只有系统管理员" in page.text
