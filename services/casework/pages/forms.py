"""The forms of a case and of a child: one child, one form, for a phone."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.actions import BY_NAME, Action, allowed_in
from services.casework.pages.case import open_case
from services.casework.pages.children import open_child
from services.casework.pages.drawing import UNNAMED, command, names, new_id, pack_of
from services.casework.pages.questions import ASKED, FOR_CHILD
from services.casework.queries import boards
from services.casework.queries.boards import Found
from shared.console import Visit
from shared.contracts.case_view import CaseView
from shared.edge import Edge, allowed
from shared.event_store import unanswered
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Field, Form, FormPage
from shared.web.models.layout import Link

# Entered on the way, where there may be no network: kept on the phone until they are sent.
KEPT = {"log_home_visit": "家访", "log_phone_follow_up": "电话", "attempt_persuasion": "劝返"}


def router(edge: Edge) -> APIRouter:
    """`/casework/cases/{stream}/do/{action}` and `/casework/children/{child}/do/{action}`."""
    api = APIRouter(prefix="/casework")

    @api.get("/cases/{stream}/do/{name}")
    async def case_form(
        stream: str, name: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        action = BY_NAME.get(name)
        if action is None:
            raise HTTPException(404)
        found, row = await open_case(edge, request, viewer, stream, f"case.{name}")
        allowed(viewer, action.right, row.path, found.moment)
        return await found.html("form.html", await _case_form(found, row, action), "cases")

    @api.get("/children/{child}/do/{name}")
    async def child_form(
        child: UUID, name: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        if name not in FOR_CHILD:
            raise HTTPException(404)
        found, name_of, path = await open_child(edge, request, viewer, child, f"child.{name}")
        allowed(viewer, "alert.decide", path, found.moment)
        label, ask = FOR_CHILD[name]
        fields = ask(pack_of(found, path), found.moment.now)
        back = f"/enrollment/children/{child}"
        form = _form(name, label, fields, 0, (("child", str(child)),), back)
        page = FormPage(title=label, back=back, form=form, child=name_of)
        return await found.html("form.html", page, "cases")

    @api.get("/cases/{stream}/known")
    async def known(
        stream: str, command_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> dict[str, Any]:
        """Whether a command that got no answer was accepted, and where to go then."""
        return await _known(edge, viewer, stream, command_id)

    return api


async def _known(edge: Edge, viewer: Viewer, stream: str, command_id: UUID) -> dict[str, Any]:
    moment = await edge.moment()
    async with viewing(edge.service.engine, viewer, "case.view", moment.today) as conn:
        row = await boards.case(conn, stream)
    if row is None:
        raise HTTPException(404)
    async with edge.service.engine.connect() as conn:
        left = await unanswered(conn, row.ledger, [command_id])
    return {"known": not left, "next": f"/casework/cases/{stream}"}


async def _case_form(found: Visit, row: Found[CaseView], action: Action) -> FormPage:
    """Drawn from this version of the stream; sent from an older one it is a conflict."""
    back = f"/casework/cases/{row.stream}"
    name = (await names(found, [row])).get(row.subject, UNNAMED)
    hidden = [("case", row.stream.removeprefix("case-"))]
    if action.name == "log_observation":
        hidden.append(("child", row.subject))
    fields = ASKED[action.name](pack_of(found, row.path), found.moment.now)
    form = _form(action.name, action.label, fields, row.version, tuple(hidden), back)
    late = action not in allowed_in(row.view.state)
    return FormPage(
        title=action.label,
        back=back,
        form=form,
        child=name,
        about=row.about,
        detail="这一步现在办不了，先看个案。" if late else "",
    )


def _form(
    name: str,
    label: str,
    fields: tuple[Field, ...],
    version: int,
    hidden: tuple[tuple[str, str], ...],
    back: str,
) -> Form:
    return Form(
        action=command(name),
        command_id=new_id(),
        version=version,
        submit=label,
        fields=fields,
        hidden=hidden,
        cancel=Link(text="不登记了", href=back),
        keeps=KEPT.get(name, ""),
        check=f"{back}/known" if name in KEPT else "",
    )
