"""Classes: the own ones, those behind a count, and who sits in one."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.enrollment.pages.drawing import (
    UNNAMED,
    begin,
    begin_class,
    child_names,
    no_school,
    people_names,
    still_ahead,
    unit_within,
)
from services.enrollment.pages.own_class import class_html
from services.enrollment.pages.roll import sent_path
from services.enrollment.queries.board import ClassDay, board
from services.enrollment.queries.roster import Marked, Sitting, marks, sitting
from shared.answers import wants_page
from shared.console import Visit
from shared.contracts.words import word
from shared.edge import Edge
from shared.plain_address import Offset
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.filters import clock_time
from shared.web.models.layout import Link
from shared.web.models.office import NameRow, NamesPage

# One event names the homeroom teachers of at most so many classes.
LIST_LIMIT_CLASSES = 300
HEADS = ("班", "学校", "班主任", "人数", "今天点名")


def router(edge: Edge) -> APIRouter:
    """`/enrollment/classes?unit=&state=missing` and `/enrollment/classes/{klass}`."""
    api = APIRouter(prefix="/enrollment/classes")

    @api.get("")
    async def classes(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        unit: str = "",
        state: str = "",
        after: Offset = 0,
    ) -> Response:
        found = await begin(edge, request, viewer, "classes", "roll.view")
        rows, about = await _classes(found, unit, state)
        if len(rows) == 1 and not unit and not state:
            return RedirectResponse(f"/enrollment/classes/{rows[0].klass}", 303)
        page = await _page(found, rows, about, unit, state, max(after, 0))
        return await found.html("names.html", page, "class")

    @api.get("/{klass}")
    async def one_class(
        klass: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found, row = await begin_class(edge, request, viewer, klass, "class", "roll.view")
        if not wants_page(request):
            return JSONResponse(await as_json(found, row))
        return await class_html(found, "names.html", await class_page(found, row), klass)

    return api


async def _classes(found: Visit, unit: str, state: str) -> tuple[list[ClassDay], str]:
    path, about = None, ""
    async with viewing(found.edge.service.engine, found.viewer, "roll.view", found.today) as conn:
        if unit and unit != "all":
            path, about = await unit_within(found, conn, unit, "roll.view")
        rows = await board(conn, found.today, path)
    if state == "missing":
        rows = [row for row in rows if lacks_roll(found, row)]
    return rows, about


def lacks_roll(found: Visit, row: ClassDay) -> bool:
    return row.lacking and not no_school(found, row.path, found.today)


async def _page(
    found: Visit, rows: list[ClassDay], about: str, unit: str, state: str, after: int
) -> NamesPage:
    shown = rows[after : after + LIST_LIMIT_CLASSES]
    people = await people_names(found, [row.teacher for row in shown])
    kept = f"unit={unit}&" if unit else ""
    more = after + len(shown) < len(rows)
    following = f"/enrollment/classes?{kept}state={state}&after={after + LIST_LIMIT_CLASSES}"
    return NamesPage(
        title="班级",
        about=about,
        heads=HEADS,
        rows=tuple(_row(found, row, people) for row in shown),
        total=len(rows),
        empty="今天的班都点过名了。" if state == "missing" else "这里还没有班。先导入名册。",
        filters=(
            Link(text="全部", href=f"/enrollment/classes?{kept}state="),
            Link(text="今天还没点名", href=f"/enrollment/classes?{kept}state=missing"),
        ),
        chosen="今天还没点名" if state == "missing" else "全部",
        next_page=Link(text="下一页", href=following) if more else None,
        back="/",
    )


def _row(found: Visit, row: ClassDay, people: dict[UUID, str]) -> NameRow:
    lacks = lacks_roll(found, row)
    ahead = still_ahead(found, row.path) if lacks else None
    said = "还没点名" if lacks else "不上课"
    if ahead:
        said = f"{clock_time(ahead)} 前点名"
    if row.submitted_at:
        said = f"{clock_time(row.submitted_at)}，未到 {row.unexcused}，请假 {row.excused}"
    return NameRow(
        name=row.name,
        href=f"/enrollment/classes/{row.klass}",
        cells=(
            row.school_name or "",
            people.get(row.teacher, "") if row.teacher else "没有班主任",
            str(row.enrolled),
            said if row.enrolled else "没有学生",
        ),
        urgent=lacks and ahead is None,
    )


async def class_page(found: Visit, row: ClassDay) -> NamesPage:
    async with viewing(found.edge.service.engine, found.viewer, "roll.view", found.today) as conn:
        places = await sitting(conn, row.klass, found.today)
        marked = await marks(conn, row.klass, found.today) if row.taken else {}
    names = await child_names(found, [(one.child, one.name) for one in places])
    people = await people_names(found, [row.teacher])
    teacher = people.get(row.teacher, "") if row.teacher else "没有"
    return NamesPage(
        title=row.name,
        about=f"{row.school_name or ''}　班主任 {teacher}",
        heads=("姓名", "座号", "今天"),
        rows=tuple(_pupil(one, names, marked, row.taken) for one in places),
        total=len(places),
        empty="这个班还没有学生。先请学校导入名册。",
        filters=tuple(_links(found, row)),
        back="/",
    )


def _links(found: Visit, row: ClassDay) -> list[Link]:
    if row.taken:
        return [Link(text="看今天的点名", href=sent_path(row.klass, found.today))]
    submits = may(found.viewer, "roll.submit", row.path, found.today)
    if not submits or not lacks_roll(found, row):
        return []
    return [Link(text="开始点名", href=f"/enrollment/classes/{row.klass}/roll")]


def _pupil(
    one: Sitting, names: dict[UUID, str], marked: dict[UUID, Marked], taken: bool
) -> NameRow:
    mark = marked.get(one.child)
    return NameRow(
        name=names.get(one.child, UNNAMED),
        href=f"/enrollment/children/{one.child}",
        cells=(str(one.seat), word(mark.mark) if mark else ("到校" if taken else "")),
        urgent=mark is not None and mark.mark == "unexcused",
    )


async def as_json(found: Visit, row: ClassDay) -> dict[str, Any]:
    """No personal value: ids, counts, times."""
    async with viewing(found.edge.service.engine, found.viewer, "roll.view", found.today) as conn:
        places = await sitting(conn, row.klass, found.today)
    return board_json(row, found.today) | {
        "ledger": row.ledger,
        "path": row.path,
        "teacher": str(row.teacher) if row.teacher else None,
        "children": [{"child": str(one.child), "seat": one.seat} for one in places],
    }


def board_json(row: ClassDay, on: date) -> dict[str, Any]:
    """One class's day for programs; counts of a roll are null while there is none."""
    return {
        "klass": str(row.klass),
        "school": row.school,
        "grade": row.grade,
        "name": row.name,
        "on": on.isoformat(),
        "enrolled": row.enrolled,
        "taken": row.taken,
        "missing": row.missing_at is not None and not row.taken,
        "expected": row.expected,
        "present": row.present,
        "unexcused": row.unexcused if row.taken else None,
        "excused": row.excused if row.taken else None,
        "submitted_at": row.submitted_at.isoformat() if row.submitted_at else None,
        "settles_at": row.settles_at.isoformat() if row.settles_at else None,
        "version": row.version or 0,
    }
