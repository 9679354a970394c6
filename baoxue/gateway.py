"""The gateway: one origin for browsers and programs; what is behind it is a service's own."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from starlette.background import BackgroundTask

from baoxue.first_page import today_page
from baoxue.moving import MovedBack, NotSimulated, move_clock
from baoxue.offline import add_offline
from baoxue.redriving import add_redrive
from baoxue.standing import status_of
from baoxue.system import NotQuiet, System
from baoxue.system_page import add_system_page
from shared import answers, logs
from shared.console import CLOCK_STOPPED, refusal
from shared.contracts.topics import SERVICES
from shared.event import SHANGHAI
from shared.rights import Viewer
from shared.serving import serve
from shared.session import NotSignedIn
from shared.session_http import RenewalAway, RenewSession, SameOrigin, no_cookies
from shared.session_http import viewer as signed_in
from shared.settings import Settings
from shared.signing import load_public_keys
from shared.web.render import STATIC_ROOT, static_files

LANGUAGE_SECONDS = 365 * 24 * 3600
CONNECT_SECONDS = 5.0
READ_SECONDS = 120.0
UPLOAD_LIMIT_BYTES = 64 * 1024 * 1024
# Headers that belong to one connection and not to the message.
HOP = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host")
)
STATIC_SECONDS = 31_536_000
# The cookie of where this browser left the demonstration's clock, and how long it is news.
MOVED = "clock_moved"
MOVED_SECONDS = 24 * 3600
STOPPED_SECONDS = 10 * 60
NEWS = timedelta(minutes=30)


def make_app(settings: Settings | None = None) -> FastAPI:
    """The gateway's application."""
    settings = settings or Settings()
    logs.configure("gateway", settings.log_level)
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    http = httpx2.AsyncClient(timeout=timeout, follow_redirects=False, cookies=no_cookies())
    system = System.here(settings, http)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await http.aclose()

    app = FastAPI(title="baoxue gateway", lifespan=lifespan, docs_url=None, redoc_url=None)
    keys = load_public_keys(settings.home / "secrets")
    app.state.public_keys, app.state.system = keys, system
    app.add_middleware(RenewSession, keys=keys, renew=renewal(system))
    app.add_middleware(SameOrigin)
    app.mount(STATIC_ROOT, static_files())
    answers.install(app, refusal)
    add_own_pages(app, system)
    add_offline(app)
    add_clock(app, system)
    add_redrive(app, system)
    add_system_page(app, system)
    add_proxy(app, system)
    return app


def renewal(system: System) -> Any:
    """Asks enrollment for a fresh session; it alone knows whether the account still holds."""

    async def renew(token: str) -> str | None:
        try:
            answer = await system.http.post(
                system.settings.url_of("enrollment") + "/enrollment/session/renew",
                json={"token": token},
                headers=system.headers("enrollment"),
            )
        except httpx2.HTTPError as error:
            raise RenewalAway from error
        if answer.status_code == 401:
            return None
        if answer.status_code != 200:
            raise RenewalAway(str(answer.status_code))
        return answer.json()["token"]

    return renew


def add_own_pages(app: FastAPI, system: System) -> None:
    """What belongs to no service: first page, health, status, language."""

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "service": "gateway"}

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready", "service": "gateway"}

    @app.get("/status")
    async def status(_viewer: Annotated[Viewer, Depends(signed_in)]) -> dict[str, Any]:
        return await status_of(system)

    @app.get("/", response_class=HTMLResponse)
    async def first(request: Request) -> Response:
        try:
            viewer = signed_in(request)
        except NotSignedIn:
            return RedirectResponse("/sign-in", 303)
        return await today_page(request, viewer, system)

    @app.get("/language")
    async def language(to: str, back: str = "/") -> Response:
        answer = RedirectResponse(own_path(back), 303)
        chosen = "en" if to == "en" else "zh"
        answer.set_cookie("lang", chosen, max_age=LANGUAGE_SECONDS, samesite="lax")
        return answer


def own_path(back: str) -> str:
    """A path of ours to go back to; anything that leads elsewhere becomes the first page."""
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if inside else "/"


NOT_MOVED = {
    NotSimulated: "这里是真实数据，时间不能拨动。",
    MovedBack: "时间只能往前走。",
    NotQuiet: "有的数据还没跟上，时间没有拨动。过一会儿再按一次。",
}


def add_clock(app: FastAPI, system: System) -> None:
    """The demonstration's button: on to the morning of the next school day.

    Once it waits for an alert that has come since this browser pressed it last; the next press
    goes on.
    """

    @app.post("/clock/next-school-day")
    async def next_school_day(
        request: Request,
        _viewer: Annotated[Viewer, Depends(signed_in)],
        back: Annotated[str, Form()] = "/",
    ) -> Response:
        found = await system.get("enrollment", "/enrollment/next-school-day")
        to = datetime.fromisoformat(found["at"]).astimezone(SHANGHAI)
        since = moved_before(request) or await lately(system)
        stands = await move_clock(system, to, since=since)
        answer = RedirectResponse(own_path(back), 303)
        answer.set_cookie(MOVED, stands.isoformat(), max_age=MOVED_SECONDS, samesite="lax")
        if stands < to:
            said = STOPPED_SECONDS
            answer.set_cookie(CLOCK_STOPPED, "1", max_age=said, samesite="lax")
        else:
            answer.delete_cookie(CLOCK_STOPPED)
        return answer

    async def not_moved(request: Request, error: Exception) -> Response:
        say = NOT_MOVED[type(error)]
        if answers.wants_page(request):
            return refusal(request, 409, {"say": say})
        return JSONResponse({"code": "clock", "say": say}, 409)

    for kind in NOT_MOVED:
        app.add_exception_handler(kind, not_moved)


def moved_before(request: Request) -> datetime | None:
    """Where this browser left the clock when it last moved it."""
    try:
        at = datetime.fromisoformat(request.cookies.get(MOVED, ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


async def lately(system: System) -> datetime:
    """Since when an alert is news for somebody who has not moved the clock yet."""
    state = await system.get("enrollment", "/clock")
    return datetime.fromisoformat(state["now"]) - NEWS


def add_proxy(app: FastAPI, system: System) -> None:
    """Pass a service's own paths through unchanged; say which part is away."""

    def target(path: str) -> tuple[str, str] | None:
        first = path.split("/", 1)[0]
        if first in SERVICES:
            return first, f"/{path}"
        if first == "log":
            return "audit", f"/{path}"
        if path in {"sign-in", "sign-out", "founding", "unsent"}:
            return "enrollment", f"/enrollment/{path}"
        return None

    @app.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE"])
    async def pass_on(path: str, request: Request) -> Response:
        found = target(path)
        if found is None:
            return refusal(request, 404, {"say": "没有这一页。"})
        return await forward(system, *found, request)


async def forward(system: System, service: str, path: str, request: Request) -> Response:
    """One request to a service and its answer, streamed."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > UPLOAD_LIMIT_BYTES:
        return refusal(request, 413, {"say": "文件太大。请分成几个文件，每个不超过 64 MB。"})
    headers = [(k, v) for k, v in request.headers.items() if k.lower() not in HOP]
    headers.append(("x-forwarded-host", request.headers.get("host", "")))
    upstream = system.http.build_request(
        request.method,
        system.settings.url_of(service) + path,
        params=request.query_params,
        headers=headers,
        content=request.stream() if request.method in {"POST", "PUT"} else None,
    )
    try:
        answer = await system.http.send(upstream, stream=True)
    except httpx2.HTTPError:
        return away(request, service)
    made = StreamingResponse(
        answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
    )
    # The raw list keeps repeated headers, such as several cookies, apart.
    made.raw_headers = [
        (name.lower(), value)
        for name, value in answer.headers.raw
        if name.decode("latin-1").lower() not in HOP
    ]
    return made


AWAY = {
    "enrollment": "学籍与考勤暂时连不上，点名和学生页打不开。写好的点名还在手机上。",
    "casework": "个案暂时连不上，预警和个案打不开。点名照常。",
    "notify": "消息暂时连不上。其他照常。",
    "audit": "检索和回放暂时连不上。其他照常。",
}


def away(request: Request, service: str) -> Response:
    """A part of the system does not answer: which, and what still works."""
    if answers.wants_page(request) and not request.headers.get("hx-request"):
        return refusal(request, 503, {"say": AWAY[service]})
    return JSONResponse({"code": "away", "say": AWAY[service]}, 503)


if __name__ == "__main__":
    serve("gateway", "baoxue.gateway:make_app")
