"""Homeroom teachers who have logged no observation for longer than the rules say."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text

from services.casework.pages.drawing import UNNAMED, begin, pack_of
from shared.console import Visit
from shared.edge import Edge
from shared.event import business_day
from shared.rights import Viewer
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.filters import table_date
from shared.web.models.layout import Link
from shared.web.models.office import NameRow, NamesPage

LIST_LIMIT_ROWS = 200
# The jurisdiction is the classes'; who teaches them is no secret within it.
SILENT = text(
    "select k.klass, k.name, k.path, u.name as school, o.observed_at, h.staff,"
    " p.fields -> 'name' as teacher from klass k left join unit u on u.unit = k.school"
    " left join class_observed o on o.klass = k.klass"
    " left join homeroom h on h.klass = k.klass and h.valid_from <= :today"
    " and (h.valid_to is null or h.valid_to >= :today)"
    " left join person p on p.staff = h.staff"
    " where k.closed_on is null and (o.observed_at is null or o.observed_at < :before)"
    " order by o.observed_at nulls first, k.path limit :limit offset :after"
)


def router(edge: Edge) -> APIRouter:
    """`/casework/observations`."""
    api = APIRouter(prefix="/casework")

    @api.get("/observations")
    async def observations(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], after: int = 0
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "observations", "case.view")
        return await found.html("names.html", await _page(found, max(after, 0)), "cases")

    return api


async def _page(found: Visit, after: int) -> NamesPage:
    days = pack_of(found, found.reading.ledger).values.observation.homeroom_silent_days
    params = {
        "today": found.today,
        "before": found.moment.now - timedelta(days=days),
        "limit": LIST_LIMIT_ROWS + 1,
        "after": after,
    }
    async with viewing(found.edge.service.engine, found.viewer, "case.view", found.today) as conn:
        every = (await conn.execute(SILENT, params)).all()
    rows, more = every[:LIST_LIMIT_ROWS], len(every) > LIST_LIMIT_ROWS
    teachers = await _teachers(found, rows)
    return NamesPage(
        title="久未记观察的班",
        about=f"{days} 天没有记过思想观察",
        heads=("班级", "学校", "班主任", "上次观察"),
        rows=tuple(_row(found, row, teachers.get(str(row.staff), UNNAMED)) for row in rows),
        total=after + len(every),
        empty="每个班都有近期的观察记录。",
        filters=(Link(text="台账", href="/casework/cases"),),
        back="/casework/cases",
        next_page=Link(text="下一页", href=f"?after={after + LIST_LIMIT_ROWS}") if more else None,
    )


async def _teachers(found: Visit, rows: Any) -> dict[str, str]:
    named = {str(row.staff): msgspec.convert(row.teacher, Sealed) for row in rows if row.teacher}
    texts = await found.reading.open_all([(who, "name", name) for who, name in named.items()])
    return dict(zip(named, texts, strict=True))


def _row(found: Visit, row: Any, teacher: str) -> NameRow:
    last = table_date(business_day(row.observed_at), found.today) if row.observed_at else ""
    return NameRow(
        name=row.name,
        href=f"/enrollment/classes/{row.klass}",
        cells=(row.school or "", teacher, last or "还没有记过"),
        urgent=not last,
    )
