"""Whom today's reminders of missing rolls reached, and which classes have nobody to reach."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.notify.queries.reminded import Told, classes_named, count_told, told_on
from shared.console import Visit, visit
from shared.edge import Edge
from shared.rights import NotAllowed, Viewer, paths_for
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.web.filters import clock_time
from shared.web.models.layout import Link
from shared.web.models.office import NameRow, NamesPage

PAGE_CLASSES = 200
HEADS = ("班", "学校", "提醒了谁", "提醒时间", "看过")
NOBODY = "没有账号，没有提醒到"


def router(edge: Edge) -> APIRouter:
    """`/notify/reminded?on=&nobody=`: the answer to 提醒 and 全部提醒."""
    api = APIRouter(prefix="/notify")

    @api.get("/reminded")
    async def reminded(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        on: date | None = None,
        nobody: Annotated[list[UUID] | None, Query()] = None,
        without: int = 0,
        page: int = 0,
    ) -> HTMLResponse:
        found = await visit(edge, request, viewer, "today")
        paths = paths_for(viewer, "remind", found.today)
        if not paths:
            raise NotAllowed("你的职务不能提醒别人点名。请联系学校。", "remind", "")
        drawn = await _page(found, paths, on or found.today, nobody or [], without, max(page, 0))
        return await found.html("names.html", drawn, "today")

    return api


async def _page(
    found: Visit, paths: Sequence[str], day: date, nobody: list[UUID], without: int, page: int
) -> NamesPage:
    async with found.edge.service.engine.connect() as conn:
        total = await count_told(conn, day, paths)
        told = await told_on(conn, day, paths, PAGE_CLASSES, page * PAGE_CLASSES)
        alone = await classes_named(conn, nobody, paths)
    names = await _names(found, told)
    more = (page + 1) * PAGE_CLASSES < total
    return NamesPage(
        title="提醒点名",
        about=_about(found, total, max(len(alone), without)),
        heads=HEADS,
        rows=(*(_alone(*one) for one in alone), *(_row(one, names) for one in told)),
        total=total + len(alone),
        empty="今天还没有提醒过。",
        next_page=Link(text="下一页", href=f"?on={day}&page={page + 1}") if more else None,
        back="/",
    )


def _about(found: Visit, reached: int, without: int) -> str:
    said = f"今天提醒了 {reached} 个班，同一个班一天只提醒一次。"
    if without:
        said += f"{without} 个班的班主任和校长都没有账号，请直接联系学校。"
    return said


def _alone(klass: UUID, name: str, school: str) -> NameRow:
    href = f"/enrollment/classes/{klass}"
    return NameRow(name=name, href=href, cells=(school, NOBODY, "", ""), urgent=True)


def _row(one: Told, names: dict[UUID, str]) -> NameRow:
    who = names.get(one.staff, "") if one.staff else ""
    read = clock_time(one.read_at) if one.read_at else "还没看"
    return NameRow(
        name=one.class_name,
        href=f"/enrollment/classes/{one.klass}",
        cells=(one.school, who, clock_time(one.queued_at), read),
    )


async def _names(found: Visit, told: Sequence[Told]) -> dict[UUID, str]:
    named = {one.staff: one.name for one in told if one.staff and one.name}
    values = [(str(who), "name", msgspec.convert(name, Sealed)) for who, name in named.items()]
    texts = await found.reading.open_all(values)
    return dict(zip(named, texts, strict=True))
