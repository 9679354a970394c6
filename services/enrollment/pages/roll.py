"""The roll of a class: the sheet before it is sent, and whether a sending arrived."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.drawing import (
    UNNAMED,
    begin_class,
    child_names,
    command,
    cut_off_of,
    new_id,
    no_school,
    people_names,
)
from services.enrollment.pages.own_class import class_html
from services.enrollment.queries.board import ClassDay, class_day
from services.enrollment.queries.roster import Marked, Sitting, leaves, marks, sitting
from shared.console import Visit
from shared.contracts.words import day_words, time_words
from shared.edge import Edge
from shared.event_store import unanswered
from shared.plain_address import Day
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Form
from shared.web.models.roll import Pupil, RollPage


def router(edge: Edge) -> APIRouter:
    """`/enrollment/classes/{klass}/roll?on=` and `/enrollment/classes/{klass}/rolls/{on}/known`."""
    api = APIRouter(prefix="/enrollment/classes/{klass}")

    @api.get("/roll")
    async def sheet(
        klass: UUID,
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        on: Day | None = None,
    ) -> HTMLResponse:
        found, row = await begin_class(edge, request, viewer, klass, "roll", "roll.submit", on)
        return await class_html(found, "roll.html", await roll_page(found, row, on), klass)

    @api.get("/rolls/{on}/known")
    async def known(
        klass: UUID, on: Day, command_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> dict[str, Any]:
        """Whether a roll that got no answer was taken in, and where to go then."""
        moment = await edge.moment()
        async with viewing(edge.service.engine, viewer, "roll.view", moment.today) as conn:
            row = await class_day(conn, klass, on)
        if row is None:
            raise HTTPException(404)
        async with edge.service.engine.connect() as conn:
            left = await unanswered(conn, row.ledger, [command_id])
        return {"known": not left, "next": sent_path(klass, on)}

    return api


def sent_path(klass: UUID, on: date) -> str:
    return f"/enrollment/classes/{klass}/rolls/{on}"


async def roll_page(found: Visit, row: ClassDay, asked: date | None) -> RollPage:
    on = asked or found.today
    async with viewing(found.edge.service.engine, found.viewer, "roll.view", found.today) as conn:
        places = await sitting(conn, row.klass, on)
        excused = await leaves(conn, [one.child for one in places], on)
        marked = await marks(conn, row.klass, on) if row.taken else {}
    names = await child_names(found, [(one.child, one.name) for one in places])
    return RollPage(
        title=row.name,
        class_name=row.name,
        on=on,
        cut_off=cut_off_of(found, row.path, on) if on == found.today else None,
        pupils=tuple(
            _pupil(one, names.get(one.child, UNNAMED), excused, marked, row.taken) for one in places
        ),
        form=_form(found, row, on),
        back="/" if on == found.today else f"/enrollment/classes/{row.klass}",
        draft_key=f"{row.klass}:{on}",
        corrects=await _corrects(found, row),
    )


def _pupil(
    one: Sitting, name: str, excused: dict[UUID, str], marked: dict[UUID, Marked], taken: bool
) -> Pupil:
    """A first sheet brings approved leave; a correction begins with what stands."""
    leave: Any = excused.get(one.child)
    absent = False
    if taken:
        mark = marked.get(one.child)
        if mark and mark.mark != "unexcused":
            leave = mark.mark
        elif mark:
            leave, absent = None, True
        # Pressed, somebody on leave is there after all.
        absent = absent or (leave is not None and mark is None)
    return Pupil(child=str(one.child), seat=one.seat, name=name, leave=leave, absent=absent)


def _form(found: Visit, row: ClassDay, on: date) -> Form:
    """A roll is kept on the phone under the class's name; the command is made here, once."""
    return Form(
        action=command("submit_roll"),
        command_id=new_id(),
        version=row.version or 0,
        submit="提交",
        hidden=(("klass", str(row.klass)),),
        keeps=f"{day_words(on)}点名 {row.name}",
        check=f"{sent_path(row.klass, on)}/known",
        refusal=_refusal(found, row, on),
    )


def _refusal(found: Visit, row: ClassDay, on: date) -> str:
    if on > found.today:
        return f"{day_words(on)}还没有到，不能点名。"
    if why := no_school(found, row.path, on):
        return f"{day_words(on)}不上课（{why}），不用点名。"
    return ""


async def _corrects(found: Visit, row: ClassDay) -> str:
    if row.submitted_at is None:
        return ""
    author = await author_name(found, row.author)
    return f"{time_words(row.submitted_at)} {author}已经交过。再交一次算更正，原来的记录也留着。"


async def author_name(found: Visit, author: str | None) -> str:
    """Who sent a roll; empty for a program."""
    try:
        staff = UUID(author or "")
    except ValueError:
        return ""
    return (await people_names(found, [staff])).get(staff, "")
