"""Values of a child's page that are opened for a purpose, one at a time, recorded."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.enrollment.queries.children import child_row
from shared.commands import body_of
from shared.console import visit
from shared.edge import Edge, allowed
from shared.masked import asked_for, open_one
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.viewing import viewing


def router(edge: Edge) -> APIRouter:
    """`POST /enrollment/children/{child}/open`: `field` and `purpose`; answered by the fragment."""
    api = APIRouter(prefix="/enrollment/children")

    @api.post("/{child}/open")
    async def open_value(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        field, purpose = asked_for(await body_of(request))
        moment = await edge.moment()
        async with viewing(edge.service.engine, viewer, "child.view", moment.today) as conn:
            row = await child_row(conn, child)
        if row is None or not row.fields.get(field):
            raise HTTPException(404)
        grant = allowed(viewer, "child.view", row.path, moment)
        found = await visit(
            edge, request, viewer, "child.open", grant=grant, ledger=row.ledger, purpose=purpose
        )
        return await open_one(found, row, field, purpose)

    return api
