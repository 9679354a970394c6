"""The gateway passes on many people's requests and must keep nobody's session for the next one."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from baoxue.gateway import make_app
from shared.session_http import COOKIE
from shared.settings import Settings
from shared.signing import make_signing_keys

START_LIMIT_SECONDS = 10.0
HOST = "http://baoxue.test"


async def sign_in(_request: Request) -> Response:
    answer = PlainTextResponse("in")
    answer.set_cookie(COOKIE, "of-a-teacher", httponly=True)
    return answer


async def who(request: Request) -> Response:
    """What reaches the service beside what the browser sent."""
    return JSONResponse(request.headers.get("cookie", ""))


@contextlib.asynccontextmanager
async def enrollment() -> AsyncIterator[str]:
    """A service that signs anybody in, on a port."""
    app = Starlette(
        routes=[
            Route("/enrollment/sign-in", sign_in, methods=["POST"]),
            Route("/enrollment/who", who, methods=["GET", "POST"]),
        ]
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(START_LIMIT_SECONDS):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


async def test_a_stranger_is_not_taken_for_whoever_signed_in_last(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    make_signing_keys(tmp_path / "secrets")
    async with enrollment() as url:
        gateway = make_app(Settings(home=tmp_path, enrollment_url=url))
        transport = httpx2.ASGITransport(gateway)
        async with httpx2.AsyncClient(transport=transport, base_url=HOST) as teacher:
            signed_in = await teacher.post("/sign-in", headers={"origin": HOST})
            assert "of-a-teacher" in signed_in.headers["set-cookie"]
        async with httpx2.AsyncClient(transport=transport, base_url=HOST) as stranger:
            assert (await stranger.get("/enrollment/who")).json() == ""
            posted = await stranger.post("/enrollment/who", headers={"origin": HOST})
            assert posted.json() == ""
