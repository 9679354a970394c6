"""The first page of an empty system: a county is founded by whoever opens it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from uuid_utils.compat import uuid7

from services.enrollment.commands.units import CountyFields, found_county
from services.enrollment.queries.ledgers import any_county
from services.enrollment.sessions.grants import operator
from services.enrollment.sessions.tokens import signed
from shared.answers import wants_page
from shared.commands import answer, body_of, read
from shared.console import language
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.rights import Viewer
from shared.session_http import session, set_cookie
from shared.web.models.form import Field, Form
from shared.web.models.layout import Layout
from shared.web.models.office import FoundingPage
from shared.web.render import SECURITY_HEADERS, render

PATH = "/founding"
# Whoever founds the first county goes on as the operator, who brings the rosters in.
FOUNDER = "founding"


def router(edge: Edge) -> APIRouter:
    api = APIRouter()

    @api.get(PATH)
    async def page(request: Request) -> Response:
        if await _founded(edge):
            return RedirectResponse("/", 303)
        return await _draw(edge, request, {})

    @api.post(PATH)
    async def found(request: Request) -> Response:
        viewer = await _founder(edge, request)
        values = await body_of(request)
        try:
            done = await found_county(edge, viewer, read(CountyFields, values))
        except CommandRejected as refusal:
            if not wants_page(request):
                raise
            return await _draw(edge, request, values, refusal)
        made = answer(request, done)
        if viewer.obtained_by == FOUNDER:
            set_cookie(made, signed(edge, viewer), secure=is_secure(request))
        return made

    return api


async def _founded(edge: Edge) -> bool:
    async with edge.service.engine.connect() as conn:
        return await any_county(conn)


async def _founder(edge: Edge, request: Request) -> Viewer:
    """Anybody while there is no county; later whoever has the right. Raises NotSignedIn."""
    if await _founded(edge):
        return session(request).viewer
    return operator(FOUNDER)


def is_secure(request: Request) -> bool:
    """Whether the browser came by TLS, as the proxy before the gateway says."""
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"


async def _draw(
    edge: Edge,
    request: Request,
    values: Mapping[str, Any],
    refusal: CommandRejected | None = None,
) -> HTMLResponse:
    at_fault = str(refusal.fields.get("field", "")) if refusal else ""
    say = refusal.say if refusal else ""
    asked = (("code", "县级行政区划代码", "六位数字"), ("name", "县的名称", ""))
    fields = tuple(
        Field(
            name=name,
            label=label,
            hint=hint,
            value=(str(values.get(name, "")),),
            error=say if name == at_fault else "",
            required=True,
        )
        for name, label, hint in asked
    )
    form = Form(
        action=PATH,
        command_id=str(uuid7()),
        version=0,
        submit="建县",
        fields=fields,
        refusal="" if at_fault else say,
    )
    moment = await edge.moment()
    layout = Layout(now=moment.now, here=PATH)
    page = FoundingPage(form=form)
    drawn = render("founding.html", language(request), layout=layout, page=page)
    return HTMLResponse(drawn, 422 if refusal else 200, headers=SECURITY_HEADERS)
