"""The first page: enrollment draws its frame; when it is away, the other parts still come."""

from datetime import UTC, datetime

import httpx2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from baoxue.system import System
from shared.console import SIGN_OUT, language
from shared.event import business_day
from shared.first_page import first_page
from shared.rights import Viewer
from shared.web.models.layout import Layout
from shared.web.render import SECURITY_HEADERS, render


async def today_page(request: Request, viewer: Viewer, system: System) -> Response:
    """Enrollment's first page, or a bare one that says by its parts what is away."""
    try:
        answer = await system.http.get(
            system.settings.url_of("enrollment") + "/enrollment/first",
            headers={"cookie": request.headers.get("cookie", ""), "accept": "text/html"},
        )
    except httpx2.HTTPError:
        return bare_page(request, viewer)
    if answer.status_code >= 500:
        return bare_page(request, viewer)
    made = Response(answer.content, answer.status_code, media_type="text/html")
    for name in SECURITY_HEADERS:
        if name in answer.headers:
            made.headers[name] = answer.headers[name]
    if "location" in answer.headers:
        made.headers["location"] = answer.headers["location"]
    return made


def bare_page(request: Request, viewer: Viewer) -> Response:
    """Parts without names around them; each asks its own service and says when it is away."""
    now = datetime.now(UTC)
    layout = Layout(
        now=now,
        here="/",
        viewer_name=viewer.account,
        viewer_account=viewer.account,
        sign_out=SIGN_OUT,
    )
    page = first_page(viewer, business_day(now), "")
    drawn = render("today.html", language(request), layout=layout, page=page)
    return HTMLResponse(drawn, headers=SECURITY_HEADERS)
