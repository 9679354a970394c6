"""What a device keeps for hours without a network: a shell without names, and its assets."""

import json
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from shared.console import language
from shared.web.models.layout import Layout
from shared.web.render import HTMX, SECURITY_HEADERS, STATIC, STATIC_ROOT, asset, render

SHELL = "/offline"
NAMED = ("console.css", "page.js", "offline.js")
# A service worker is asked for anew at each visit, so that a new release is heard of.
WORKER_HEADERS = {"cache-control": "no-cache", "service-worker-allowed": "/"}


def add_offline(app: FastAPI) -> None:
    """`/offline` and `/worker.js`; both are the same for everybody."""

    @app.get(SHELL)
    async def shell(request: Request) -> HTMLResponse:
        layout = Layout(now=datetime.now(UTC), here="/")
        drawn = render("offline.html", language(request), layout=layout, page=None)
        return HTMLResponse(drawn, headers=SECURITY_HEADERS)

    @app.get("/worker.js")
    async def worker() -> Response:
        text = (STATIC / "worker.js").read_text(encoding="utf-8")
        head = f"const SHELL = {json.dumps(SHELL)};\nconst ASSETS = {json.dumps(assets())};\n"
        return Response(head + text, media_type="text/javascript", headers=WORKER_HEADERS)


def assets() -> list[str]:
    """What the shell needs: those that it names with their digest, and modules by their name."""
    modules = sorted(one.name for one in STATIC.glob("*.js") if one.name != "worker.js")
    return [asset(name) for name in (*NAMED, HTMX)] + [f"{STATIC_ROOT}/{m}" for m in modules]
