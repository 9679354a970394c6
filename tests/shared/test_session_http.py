"""Sessions over HTTP: cookie and bearer, renewal under one's hands, forms of strangers."""

from collections.abc import AsyncIterator
from pathlib import Path
from time import time
from typing import Annotated

import httpx2
import pytest
from fastapi import Depends, FastAPI, Request, Response
from starlette.responses import JSONResponse

from shared import session_http as h
from shared.rights import Viewer
from shared.session import SESSION_SECONDS, Caller, NotACaller, NotSignedIn, sign_call, sign_session
from shared.signing import Signer, load_public_keys, load_signer, make_signing_keys

HOST = "http://baoxue.test"
TEACHER = Viewer(account="he.lixin", staff="0198c5b0-0000-7000-8000-0000000000f1", grants=())


class Console:
    """An application with both middlewares, and what its renewal was asked."""

    def __init__(self, folder: Path) -> None:
        make_signing_keys(folder)
        self.signer: Signer = load_signer(folder, "enrollment")
        self.folder = folder
        self.asked: list[str] = []
        self.answer: str | Exception | None = None
        self.app = FastAPI()
        self.app.state.public_keys = load_public_keys(folder)
        self.app.state.service = "enrollment"
        self.app.add_middleware(h.RenewSession, keys=self.app.state.public_keys, renew=self._renew)
        self.app.add_middleware(h.SameOrigin)
        self.app.add_exception_handler(NotSignedIn, refuse)
        self.app.add_exception_handler(NotACaller, refuse)
        self._routes()

    def token(self, age: float = 0) -> str:
        return sign_session(self.signer, TEACHER, time() - age, time() - age)

    async def _renew(self, token: str) -> str | None:
        self.asked.append(token)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def _routes(self) -> None:
        @self.app.api_route("/who", methods=["GET", "POST"])
        def who(viewer: Annotated[Viewer, Depends(h.viewer)]) -> str:
            return viewer.account

        @self.app.get("/feed")
        def feed(caller: Annotated[Caller, Depends(h.caller)]) -> str:
            return caller.service

        @self.app.get("/leave")
        def leave(response: Response) -> None:
            h.clear_cookie(response, secure=True)


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotSignedIn | NotACaller)
    return JSONResponse({"code": error.code}, status_code=401)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


@pytest.fixture
async def http(console: Console) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=console.app)
    async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


def cookie(token: str) -> dict[str, str]:
    return {"cookie": f"theme=plain; {h.COOKIE}={token}; lang=zh"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_cookie_or_bearer_say_who_asks(console: Console, http: httpx2.AsyncClient) -> None:
    for headers in (cookie(console.token()), bearer(console.token())):
        answer = await http.get("/who", headers=headers)
        assert (answer.status_code, answer.json()) == (200, "he.lixin")
    assert console.asked == []


async def test_nobody_is_not_signed_in(console: Console, http: httpx2.AsyncClient) -> None:
    for headers in ({}, cookie("nonsense"), bearer(""), {"authorization": "Basic eA=="}):
        answer = await http.get("/who", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"code": "not_signed_in"})


async def test_a_session_in_use_is_renewed(console: Console, http: httpx2.AsyncClient) -> None:
    console.answer = console.token()
    old = console.token(age=SESSION_SECONDS - 10)
    answer = await http.get("/who", headers=cookie(old))
    assert answer.status_code == 200
    assert console.asked == [old]
    set_to = answer.headers["set-cookie"]
    assert set_to.startswith(f"{h.COOKIE}={console.answer};")
    assert "HttpOnly" in set_to
    assert "SameSite=Lax" in set_to


async def test_a_form_sent_after_twenty_minutes_still_arrives(
    console: Console, http: httpx2.AsyncClient
) -> None:
    console.answer = console.token()
    headers = {**cookie(console.token(age=1200)), "origin": HOST}
    assert (await http.post("/who", headers=headers)).status_code == 200


async def test_a_closed_account_is_signed_out_at_the_renewal(
    console: Console, http: httpx2.AsyncClient
) -> None:
    answer = await http.get("/who", headers=cookie(console.token(age=600)))
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_while_enrollment_is_away_a_session_holds_until_its_end(
    console: Console, http: httpx2.AsyncClient
) -> None:
    console.answer = h.RenewalAway()
    assert (await http.get("/who", headers=cookie(console.token(age=600)))).status_code == 200
    answer = await http.get("/who", headers=cookie(console.token(age=1000)))
    assert (answer.status_code, answer.json()) == (401, {"code": "session_expired"})


async def test_signing_out_is_not_undone_by_the_renewal(
    console: Console, http: httpx2.AsyncClient
) -> None:
    console.answer = console.token()
    answer = await http.get("/leave", headers=cookie(console.token(age=600)))
    (set_to,) = answer.headers.get_list("set-cookie")
    assert "Max-Age=0" in set_to
    assert "Secure" in set_to


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"origin": HOST}, 200),
        ({"referer": f"{HOST}/roll?day=2026-11-23"}, 200),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://baoxue.test.evil.test"}, 403),
        ({"origin": "http://evil.test", "referer": f"{HOST}/"}, 403),
        ({"referer": "http://evil.test/?http://baoxue.test"}, 403),
        ({"origin": "http://[::"}, 403),
        ({}, 403),
    ],
)
async def test_only_our_own_pages_change_something(
    console: Console, http: httpx2.AsyncClient, said: dict[str, str], status: int
) -> None:
    answer = await http.post("/who", headers={**cookie(console.token()), **said})
    assert answer.status_code == status
    assert status == 200 or answer.text == h.FOREIGN


async def test_the_command_line_needs_no_origin(console: Console, http: httpx2.AsyncClient) -> None:
    assert (await http.post("/who", headers=bearer(console.token()))).status_code == 200


async def test_a_service_calls_with_its_own_token(
    console: Console, http: httpx2.AsyncClient
) -> None:
    audit = load_signer(console.folder, "audit")
    answer = await http.get("/feed", headers=bearer(sign_call(audit, "enrollment", "*", time())))
    assert (answer.status_code, answer.json()) == (200, "audit")
    wrong = bearer(sign_call(audit, "casework", "*", time()))
    assert (await http.get("/feed", headers=wrong)).status_code == 401
    assert (await http.get("/feed", headers=bearer(console.token()))).status_code == 401
    assert (await http.get("/feed")).status_code == 401
