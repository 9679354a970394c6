"""A roll that was sent: its counts, its recall while there is time, and one tap a reason."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.enrollment.pages.drawing import (
    UNNAMED,
    begin_class,
    child_names,
    command,
    new_id,
    pack_of,
)
from services.enrollment.pages.own_class import class_html
from services.enrollment.pages.roll import sent_path
from services.enrollment.queries.board import ClassDay
from services.enrollment.queries.roster import (
    RUN_LOOK_BACK_DAYS,
    Marked,
    Sitting,
    leaves,
    marks,
    runs,
    sitting,
)
from shared.console import Visit
from shared.edge import Edge
from shared.plain_address import Day
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Form, Option
from shared.web.models.layout import Link
from shared.web.models.roll import ReasonRow, RollSentPage
from shared.web.render import SECURITY_HEADERS, render

# A run of one day is said by the mark itself.
RUN_WORTH_SAYING_DAYS = 2


def router(edge: Edge) -> APIRouter:
    """`/enrollment/classes/{klass}/rolls/{on}` and its fragment `/reasons/{child}`."""
    api = APIRouter(prefix="/enrollment/classes/{klass}/rolls/{on}")

    @api.get("")
    async def sent(
        klass: UUID, on: Day, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        if request.headers.get("hx-request"):
            # A fragment asked for the whole page: it is loaded anew, never put into a row.
            return Response(headers={"hx-refresh": "true"})
        found, row = await begin_class(edge, request, viewer, klass, "roll", "roll.view", on)
        if not row.taken:
            if not may(viewer, "roll.submit", row.path, found.today):
                raise HTTPException(404)
            return RedirectResponse(f"/enrollment/classes/{klass}/roll?on={on}", 303)
        return await class_html(found, "roll_sent.html", await sent_page(found, row, on), klass)

    @api.get("/reasons/{child}")
    async def reason(
        klass: UUID,
        on: Day,
        child: UUID,
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
    ) -> Response:
        """What a tap on a reason is answered by: the row with the new version."""
        if not request.headers.get("hx-request"):
            return RedirectResponse(sent_path(klass, on), 303)
        found, row = await begin_class(edge, request, viewer, klass, "roll", "roll.view", on)
        rows = [one for one in await _reasons(found, row, on, child) if one.child == str(child)]
        if not rows:
            raise HTTPException(404)
        drawn = render("parts/roll_reason.html", found.lang, row=rows[0])
        await edge.record(found.reading, found.moment, found.grant)
        return HTMLResponse(drawn, headers=SECURITY_HEADERS)

    return api


async def sent_page(found: Visit, row: ClassDay, on: date) -> RollSentPage:
    assert row.submitted_at and row.settles_at, "a roll that stands has both times"
    expected, present = row.expected or 0, row.present or 0
    return RollSentPage(
        title=row.name,
        on=on,
        sent_at=row.submitted_at,
        enrolled=expected,
        present=present,
        on_leave=row.excused,
        absent=expected - present - row.excused,
        settles_at=row.settles_at,
        recall=_recall(found, row, on),
        reasons=tuple(await _reasons(found, row, on)),
        back="/",
        correct=_correct(found, row, on),
    )


def _recall(found: Visit, row: ClassDay, on: date) -> Form | None:
    """By its author alone, and only while nothing follows from it."""
    own = row.author in (found.viewer.staff, found.viewer.account)
    if not own or row.settles_at is None or found.moment.now >= row.settles_at:
        return None
    return Form(
        action=command("recall_roll"),
        command_id=new_id(),
        version=row.version or 0,
        submit="撤回重点",
        hidden=(
            ("klass", str(row.klass)),
            ("on", on.isoformat()),
            ("recalls", str(row.submission)),
        ),
    )


def _correct(found: Visit, row: ClassDay, on: date) -> Link | None:
    if not may(found.viewer, "roll.submit", row.path, found.today):
        return None
    return Link(text="更正这次点名", href=f"/enrollment/classes/{row.klass}/roll?on={on}")


async def _reasons(
    found: Visit, row: ClassDay, on: date, only: UUID | None = None
) -> list[ReasonRow]:
    """Who is not there without leave that was approved before; `only` one child's row."""
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "roll.view", found.today) as conn:
        places = await sitting(conn, row.klass, on)
        marked = await marks(conn, row.klass, on)
        away = [one for one in places if one.child in marked and only in (None, one.child)]
        children = [one.child for one in away]
        excused = await leaves(conn, children, on)
        since = on - timedelta(days=RUN_LOOK_BACK_DAYS)
        run = await runs(conn, row.klass, children, since, on)
    asked = [
        one
        for one in away
        if not (one.child in excused and marked[one.child].mark == excused[one.child])
    ]
    names = await child_names(found, [(one.child, one.name) for one in asked])
    return [
        _reason(found, row, on, one, marked[one.child], names.get(one.child, UNNAMED), run)
        for one in asked
    ]


def _reason(
    found: Visit,
    row: ClassDay,
    on: date,
    one: Sitting,
    mark: Marked,
    name: str,
    run: dict[UUID, int],
) -> ReasonRow:
    days = run.get(one.child, 0)
    codes = pack_of(found, row.path, on).codes.absence_reasons
    submits = may(found.viewer, "roll.submit", row.path, found.today)
    default = "not_known" if mark.mark == "unexcused" else mark.mark
    return ReasonRow(
        child=str(one.child),
        seat=one.seat,
        name=name,
        reasons=tuple(Option(value=code.code, label=code.zh) for code in codes if submits),
        chosen=mark.reason or default,
        action=command("set_reason"),
        command_id=new_id(),
        # Each tap is a new version of the roll; the other rows on the screen are none the worse.
        version=None,
        hidden=(("klass", str(row.klass)), ("on", on.isoformat())),
        warning=f"连续 {days} 个上学日无故未到" if days >= RUN_WORTH_SAYING_DAYS else "",
    )
