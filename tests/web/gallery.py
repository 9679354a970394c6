"""A tiny application that draws every template with examples, for screenshots and browser tests."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from shared.web.filters import BUSINESS_ZONE
from shared.web.render import SECURITY_HEADERS, STATIC_ROOT, render, static_files
from shared.web.words import language
from tests.web import examples, examples_case
from tests.web.pages import PAGES, PARTS


def _page(request: Request, name: str, context: dict[str, Any], status: int = 200) -> Response:
    html = render(name, language(request.cookies), **context)
    return HTMLResponse(html, status_code=status, headers=dict(SECURITY_HEADERS))


async def page(request: Request) -> Response:
    template, make = PAGES[request.path_params["name"]]
    context = make()
    if request.query_params.get("happened"):
        context["page"] = examples_case.case(*_times(request))
    return _page(request, template, context)


def _times(request: Request) -> tuple[datetime, datetime, bool]:
    asked = request.query_params
    happened, known = (
        datetime.fromisoformat(asked[name]).replace(tzinfo=BUSINESS_ZONE)
        for name in ("happened", "known")
    )
    return happened, known, asked.get("linked") == "1"


async def open_value(request: Request) -> Response:
    return _page(request, "parts/masked.html", {"row": examples_case.opened_phone()})


async def part(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "silent":
        return Response(status_code=503)
    template, make = PARTS[name]
    return _page(request, template, {"part": make(), "now": examples.at(8, 41)})


async def submit_roll(request: Request) -> Response:
    form = await request.form()
    received: list[dict[str, list[str]]] = request.app.state.received
    sent = {key: [str(value) for value in form.getlist(key)] for key in form}
    if not any(it["command_id"] == sent["command_id"] for it in received):
        received.append(sent)
    return JSONResponse({"next": "/page/roll-sent"})


async def check_roll(request: Request) -> Response:
    wanted = [request.query_params["command_id"]]
    known = any(it["command_id"] == wanted for it in request.app.state.received)
    return JSONResponse({"known": known, "next": "/page/roll-sent"})


async def give_reason(request: Request) -> Response:
    form = await request.form()
    row = examples.reason(request.path_params["seat"], chosen=str(form["reason"]))
    return _page(request, "parts/roll_reason.html", {"row": row})


async def change_language(request: Request) -> Response:
    answer = RedirectResponse(request.query_params["back"], status_code=303)
    answer.set_cookie("lang", request.query_params["to"])
    return answer


async def worker(_request: Request) -> Response:
    """None: pages of the gallery are looked at with a network, or say for themselves that it is
    gone.
    """
    return Response("", media_type="text/javascript")


async def accept(request: Request) -> Response:
    form = await request.form()
    request.app.state.received.append({key: [str(v) for v in form.getlist(key)] for key in form})
    return JSONResponse({"next": "/page/case"})


def gallery() -> Starlette:
    """The application; `app.state.received` lists the forms that were posted, in order."""
    post: Callable[[str, Any], Route] = lambda path, run: Route(path, run, methods=["POST"])  # noqa: E731
    app = Starlette(
        routes=[
            Route("/page/{name}", page),
            Route("/part/{name}", part),
            post("/roll", submit_roll),
            Route("/roll/check", check_roll),
            post("/open", open_value),
            post("/reason/{seat:int}", give_reason),
            Route("/language", change_language),
            Route("/worker.js", worker),
            post("/form/{name}", accept),
            post("/casework/commands/{name}", accept),
            Mount(STATIC_ROOT, static_files()),
        ]
    )
    app.state.received = []
    return app
