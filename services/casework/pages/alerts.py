"""The list of alerts, and one alert with its two decisions."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from services.casework.pages.drawing import UNNAMED, alert_card, begin, names
from services.casework.pages.today import heaviest
from services.casework.queries import boards
from services.casework.queries.boards import Found
from shared.answers import wants_page
from shared.console import Visit
from shared.contracts.alert_view import AlertView
from shared.edge import Edge
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.case import AlertsPage
from shared.web.models.layout import Link

FILTERS = {"open": "待核实", "overdue": "已超期", "near": "接近辍学", "decided": "已核实、已排除"}
TOLD = ("state", "kind", "sign", "first_on", "last_on", "days", "overdue", "review", "reason")
TOLD_AT = ("flagged_at", "verify_due_at", "report_due_at", "decided_at", "case", "rule", "calendar")


def router(edge: Edge) -> APIRouter:
    """`/casework/alerts` as a page or as JSON, and `/casework/alerts/{stream}`."""
    api = APIRouter(prefix="/casework/alerts")

    @api.get("", response_model=None)
    async def alerts(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        filter: str = "open",
        unit: str = "",
        child: UUID | None = None,
        page: int = 0,
    ) -> Response:
        found = await begin(edge, request, viewer, "alerts", "alert.view", "verification")
        where = filter if filter in FILTERS else "open"
        rows = await _rows(found, where, unit, child)
        first = max(page, 0) * boards.LIST_LIMIT_ROWS
        shown = rows[first : first + boards.LIST_LIMIT_ROWS]
        if not wants_page(request):
            return JSONResponse({"alerts": [as_json(row) for row in shown], "total": len(rows)})
        more = f"?filter={where}&unit={unit}&page={max(page, 0) + 1}"
        drawn = await _page(found, shown, FILTERS[where], len(rows))
        if first + len(shown) < len(rows):
            drawn = replace(drawn, next_page=Link(text="下一页", href=more))
        return await found.html("alerts.html", drawn, "cases")

    @api.get("/{stream}", response_model=None)
    async def alert(
        stream: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found = await begin(edge, request, viewer, "alert", "alert.view", "verification")
        async with viewing(edge.service.engine, viewer, "alert.view", found.today) as conn:
            row = await boards.alert(conn, stream)
        if row is None or row.view.state == "unflagged":
            raise HTTPException(404)
        if not wants_page(request):
            return JSONResponse(as_json(row))
        return await found.html("alerts.html", await _page(found, [row], ""), "cases")

    return api


async def _rows(found: Visit, where: str, unit: str, child: UUID | None) -> list[Found[AlertView]]:
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "alert.view", found.today) as conn:
        limit, now = boards.READ_LIMIT_ROWS, found.moment.now
        rows = await boards.alerts(conn, where=where, now=now, child=child, limit=limit)
    within = [row for row in rows if not unit or unit in row.path.split("/")]
    return await heaviest(found, within)


async def _page(
    found: Visit, rows: list[Found[AlertView]], chosen: str, total: int = 1
) -> AlertsPage:
    known = await names(found, rows)
    links = (Link(text=text, href=f"?filter={key}") for key, text in FILTERS.items())
    return AlertsPage(
        title="预警",
        cards=tuple(alert_card(found, row, known.get(row.subject, UNNAMED)) for row in rows),
        filters=tuple(links) if chosen else (),
        chosen=chosen,
        total=total,
    )


def as_json(row: Found[AlertView]) -> dict[str, Any]:
    """No personal value: codes, ids and times."""
    view = row.view
    facts = {name: getattr(view, name) for name in (*TOLD, *TOLD_AT)}
    return {
        "stream": row.stream,
        "version": row.version,
        "child": row.subject,
        "path": row.path,
        "klass": row.klass and str(row.klass),
        "school": row.school,
    } | {name: plain(value) for name, value in facts.items()}


def plain(value: Any) -> Any:
    """JSON types alone: dates and times in ISO, ids as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
