"""What casework knows of one child, as a fragment of the child's page in enrollment."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text

from services.casework.pages.drawing import UNNAMED, alert_reason, fitting, pack_of
from services.casework.pages.questions import FOR_CHILD
from services.casework.pages.today import all_due, drawn
from services.casework.queries import boards
from shared.console import Visit, visit
from shared.contracts.state_names import STATE_NAMES
from shared.edge import Edge, allowed
from shared.rights import Viewer, may
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.layout import Link
from shared.web.models.today import Duty

CHILD = text("select ledger, path, fields -> 'name' as name from child where child = :child")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPart:
    """Fragment `parts/child_casework.html`: alerts, cases, what is open, what may be entered."""

    alerts: tuple[Link, ...]
    cases: tuple[Link, ...]
    duties: tuple[Duty, ...]
    actions: tuple[Link, ...]
    answers: Link


def router(edge: Edge) -> APIRouter:
    """`/casework/children/{child}`, a fragment."""
    api = APIRouter(prefix="/casework/children")

    @api.get("/{child}")
    async def child_part(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found, name, path = await open_child(edge, request, viewer, child, "child.casework")
        part = await _part(found, child, name, path)
        return await found.part("parts/child_casework.html", part)

    return api


async def open_child(
    edge: Edge, request: Request, viewer: Viewer, child: UUID, page: str
) -> tuple[Visit, str, str]:
    """Begin a page about one child; its name and path. 404 outside the jurisdiction."""
    moment = await edge.moment()
    async with viewing(edge.service.engine, viewer, "case.view", moment.today) as conn:
        row = (await conn.execute(CHILD, {"child": child})).first()
    if row is None:
        raise HTTPException(404)
    grant = allowed(viewer, "case.view", row.path, moment)
    purpose = fitting(viewer, moment.today, "casework")
    found = await visit(
        edge, request, viewer, page, grant=grant, ledger=row.ledger, purpose=purpose
    )
    if row.name is None:
        return found, UNNAMED, row.path
    sealed = msgspec.convert(row.name, Sealed)
    (name,) = await found.reading.open_all([(str(child), "name", sealed)], row.path)
    return found, name, row.path


async def _part(found: Visit, child: UUID, name: str, path: str) -> ChildPart:
    engine, now = found.edge.service.engine, found.moment.now
    async with viewing(engine, found.viewer, "case.view", found.today) as conn:
        alerts = await boards.alerts(conn, where="all", now=now, child=child)
        cases = await boards.cases(conn, where="all", child=child)
    pack = pack_of(found, path)
    due = await all_due(found, [*alerts, *cases])
    rows = {row.stream: row for row in (*alerts, *cases)}
    decides = may(found.viewer, "alert.decide", path, found.today)
    return ChildPart(
        alerts=tuple(
            Link(
                text=f"{alert_reason(row, pack)}（{STATE_NAMES[row.view.state]['zh']}）",
                href=f"/casework/alerts/{row.stream}",
                urgent=row.view.state == "open",
            )
            for row in alerts
        ),
        cases=tuple(
            Link(
                text=f"{row.number}（{STATE_NAMES[row.view.state]['zh']}）",
                href=f"/casework/cases/{row.stream}",
            )
            for row in cases
        ),
        answers=Link(text="谁负责", href=f"/casework/children/{child}/answers"),
        duties=tuple(drawn(found, one, rows[one.stream], name) for one in due),
        actions=tuple(
            Link(text=label, href=f"/casework/children/{child}/do/{action}")
            for action, (label, _) in FOR_CHILD.items()
        )
        if decides
        else (),
    )
