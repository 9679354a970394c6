"""What an office keeps: the calendar of a month, the board for programs, what is not sent."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.classes import board_json
from services.enrollment.pages.drawing import begin
from services.enrollment.queries.board import board, unit_named
from services.enrollment.queries.terms import term_on
from shared.console import Visit, grant_today, visit
from shared.edge import Edge
from shared.plain_address import Day
from shared.rights import NotAllowed, Viewer, covers, may, paths_for
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.layout import Link
from shared.web.models.office import CalendarDay, CalendarPage

LAYERS = {"national": "国家", "county": "县", "school": "学校"}
MONTH = r"^(19|20)\d{2}-(0[1-9]|1[0-2])$"


def router(edge: Edge) -> APIRouter:
    """`/enrollment/calendar?month=&unit=`, `/enrollment/board?on=`, `/enrollment/unsent`."""
    api = APIRouter(prefix="/enrollment")

    @api.get("/calendar")
    async def calendar(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        month: Annotated[str, Query(pattern=MONTH)] = "",
        unit: str = "",
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "calendar", "calendar.view")
        path = await _path(found, unit)
        first = date.fromisoformat(f"{month}-01") if month else found.today.replace(day=1)
        page = await calendar_page(found, path, unit, first)
        return await found.html("calendar.html", page, "calendar")

    @api.get("/board")
    async def board_of(
        viewer: Annotated[Viewer, Depends(signed_in)], on: Day | None = None
    ) -> dict[str, Any]:
        """Every class of the jurisdiction on a day, for programs; no personal value."""
        moment = await edge.moment()
        if not paths_for(viewer, "board.view", moment.today):
            raise NotAllowed("你的职务没有这项权限。请联系县教育局。", "board.view", "")
        day = on or moment.today
        async with viewing(edge.service.engine, viewer, "board.view", moment.today) as conn:
            rows = await board(conn, day)
        return {"on": day.isoformat(), "classes": [board_json(row, day) for row in rows]}

    @api.get("/unsent")
    async def unsent(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await visit(edge, request, viewer, "unsent")
        return await found.html("unsent.html", None, "unsent")

    return api


async def _path(found: Visit, unit: str) -> str:
    """Of the unit that is asked for, within the jurisdiction; else of the viewer's own."""
    if not unit:
        own = grant_today(found.viewer, found.today).path
        return found.reading.ledger if own == "*" else own
    async with found.edge.service.engine.connect() as conn:
        named = await unit_named(conn, unit)
    held = paths_for(found.viewer, "calendar.view", found.today)
    if named is None or not any(covers(above, named[0]) for above in held):
        raise HTTPException(404)
    return named[0]


async def calendar_page(found: Visit, path: str, unit: str, first: date) -> CalendarPage:
    """Whole weeks from Monday."""
    after = (first + timedelta(days=32)).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    monday = first - timedelta(days=first.weekday())
    weeks: list[tuple[CalendarDay, ...]] = []
    while monday < after:
        week = [monday + timedelta(days=n) for n in range(7)]
        weeks.append(tuple(_day(found, path, day, first) for day in week))
        monday += timedelta(days=7)
    days = [day for week in weeks for day in week if day.in_month]
    async with found.edge.service.engine.connect() as conn:
        term = await term_on(conn, path.split("/"), first, after - timedelta(days=1))
    changes = may(found.viewer, "import.run", path, found.today)
    return CalendarPage(
        title="校历",
        month=first,
        weeks=tuple(weeks),
        school_days=sum(day.school for day in days),
        term=term,
        sources=_sources(days),
        before=Link(text="上个月", href=_href(before, unit)),
        after=Link(text="下个月", href=_href(after, unit)),
        import_link=Link(text="导入校历", href="/enrollment/imports") if changes else None,
    )


def _day(found: Visit, path: str, day: date, month: date) -> CalendarDay:
    calendar = found.moment.rules.calendar
    kind = calendar.is_school_day(day, path)
    return CalendarDay(
        on=day,
        school=kind.school,
        reason="" if kind.reason == "周末" else kind.reason,
        layer=LAYERS.get(calendar.layer_of(day, path), ""),
        provisional=kind.provisional,
        in_month=(day.year, day.month) == (month.year, month.month),
    )


def _sources(days: list[CalendarDay]) -> tuple[str, ...]:
    """Who decided which days of the month, where somebody named them."""
    named: dict[str, list[str]] = {}
    for day in days:
        if day.layer and day.reason:
            named.setdefault(day.layer, []).append(f"{day.on.month}月{day.on.day}日")
    return tuple(f"{layer}：{'、'.join(said)}" for layer, said in named.items())


def _href(month: date, unit: str) -> str:
    return f"/enrollment/calendar?month={month:%Y-%m}" + (f"&unit={unit}" if unit else "")
