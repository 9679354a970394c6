"""等上级的个案: which cases wait at an upper level, since when, and whose answer they wait for."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from services.casework.pages.case import open_case
from services.casework.pages.coverage_look import named
from services.casework.pages.drawing import UNNAMED, begin, command, new_id
from services.casework.pages.questions import words
from services.casework.queries.activities import waiting_above
from shared.answers import wants_page
from shared.console import Visit
from shared.edge import Edge, allowed
from shared.event import business_day
from shared.rights import Viewer, may
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link
from shared.web.models.work import WaitingPage, WaitingRow

LEVELS = {"township": "乡镇", "county": "县教体局"}


def router(edge: Edge) -> APIRouter:
    """`/casework/escalated`, a page or JSON; `/casework/escalated/{case}`, the form."""
    api = APIRouter(prefix="/casework/escalated")

    @api.get("", response_model=None)
    async def waiting(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
        found = await begin(edge, request, viewer, "escalated", "case.view")
        async with viewing(edge.service.engine, viewer, "case.view", found.today) as conn:
            rows = await waiting_above(conn)
        if not wants_page(request):
            return JSONResponse({"waiting": [_told(row) for row in rows]})
        return await found.html("escalated.html", await _page(found, rows), "cases")

    @api.get("/{case}")
    async def ask(
        case: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found, row = await open_case(edge, request, viewer, f"case-{case}", "case.escalate")
        allowed(viewer, "case.work", row.path, found.moment)
        back = f"/casework/cases/case-{case}"
        level = Field(
            name="level",
            label="请哪一级帮助",
            kind="choice",
            required=True,
            options=tuple(Option(value=code, label=zh) for code, zh in LEVELS.items()),
        )
        form = Form(
            action=command("escalate_case"),
            command_id=new_id(),
            version=0,
            submit="请上级帮助",
            fields=(level, words("reason", "要上级办什么", "已经办了什么，还差什么")),
            hidden=(("case", str(case)),),
            cancel=Link(text="先不请", href=back),
        )
        page = FormPage(title="请上级帮助", back=back, form=form, about=row.about)
        return await found.html("form.html", page, "cases")

    return api


def _told(row: Any) -> dict[str, Any]:
    """Ids, codes and times; no name."""
    return {
        "case": row.case,
        "number": row.number,
        "child": str(row.child),
        "level": row.code,
        "unit": row.to_unit,
        "since": row.recorded_at.isoformat(),
    }


async def _page(found: Visit, rows: Any) -> WaitingPage:
    sealed = [(str(r.child), "name", msgspec.convert(r.name, Sealed)) for r in rows if r.name]
    opened = await found.reading.open_all(sealed)
    who = dict(zip((child for child, _, _ in sealed), opened, strict=True))
    names = await named(found, ())
    return WaitingPage(
        title="等上级的个案",
        about=f"{len(rows)} 件在等上级" if rows else "没有个案在等上级。",
        back="/casework/cases",
        rows=tuple(_row(found, row, who, names.places) for row in rows),
    )


def _row(found: Visit, row: Any, who: dict[str, str], places: dict[str, str]) -> WaitingRow:
    since = business_day(row.recorded_at)
    answers = may(found.viewer, "case.work", row.path, found.today)
    back = Form(
        action=command("escalate_case"),
        command_id=new_id(),
        version=0,
        submit="退回学校",
        hidden=(("case", row.case), ("level", "school")),
    )
    return WaitingRow(
        number=row.number,
        name=who.get(str(row.child), UNNAMED),
        href=f"/casework/cases/case-{row.case}",
        level=LEVELS.get(row.code) or "",
        unit=places.get(row.to_unit) or "",
        since=since.isoformat(),
        days=(found.today - since).days,
        back=back if answers else None,
    )
