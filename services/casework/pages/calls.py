"""晚上的电话: children on leave whose guardian must be called tonight, four answers each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.charged import PHONES, contact, home_of, named, reached
from services.casework.pages.drawing import (
    UNNAMED,
    begin,
    command,
    fitting,
    new_id,
    options,
    pack_of,
)
from services.casework.pages.duties import drawn, may_do
from services.casework.pages.questions import choice, choices, moment, words
from services.casework.queries import duty_list
from services.casework.queries.charged import (
    allowed_about,
    allowed_in_duty,
    charged,
    listed_of_charges,
)
from services.casework.queries.duty_list import Wanted
from shared.access_words import Purpose, Right
from shared.commands import body_of
from shared.console import Visit, visit
from shared.edge import Edge
from shared.masked import asked_for, open_one
from shared.policy.day import moment_of
from shared.rights import Viewer, charge_of, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link
from shared.web.models.masked import Masked

A_MOMENT = timedelta(microseconds=1)
CALLS = ("leave_call", "call_again")
CALLS_SHOWN = 20
YES_NO = (("true", "是"), ("false", "否"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One child to be called about; `dial` opens the phone where the number may be seen.

    Without a form for who may look and not call.
    """

    child: str
    detail: str
    form: Form | None
    dial: Link | None = None
    guardians: tuple[Masked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsPage:
    """Page `calls.html`."""

    title: str
    about: str
    calls: tuple[Call, ...]


def router(edge: Edge) -> APIRouter:
    """`/casework/calls`, `/casework/calls/{child}`, `/casework/visits|surveys/{child}`.

    `POST /casework/visits/{child}/open`: a guardian's phone, for a purpose.
    """
    api = APIRouter(prefix="/casework")

    @api.get("/calls")
    async def tonight(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        return await _calls(edge, request, viewer, None)

    @api.get("/calls/{child}")
    async def one(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        return await _calls(edge, request, viewer, child)

    @api.get("/visits/{child}")
    async def visit_form(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found, row, name = await _child(edge, request, viewer, child, "child.visit")
        async with edge.service.engine.connect() as conn:
            home = await home_of(conn, found, row)
        codes = pack_of(found, row.path).codes
        asked = (
            moment("visited_at", "实际到访时间", found.moment.now),
            choices("met", "见到了谁", codes.people_met),
            choice("outcome", "结果", codes.outcomes),
            words(),
        )
        where, reached = await contact(found, home)
        return await _ask(found, "登记家访", "visit_child", asked, child, name, where, reached)

    @api.post("/visits/{child}/open")
    async def open_phone(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        field, purpose = asked_for(await body_of(request), PHONES)
        found, row = await _begin(edge, request, viewer, child, "child.visit", purpose)
        async with edge.service.engine.connect() as conn:
            home = await home_of(conn, found, row)
        if field not in home.fields:
            raise HTTPException(404)
        return await open_one(found, home, field, purpose)

    @api.get("/surveys/{child}")
    async def survey_form(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        records = "casework.FollowUpSurveyLogged"
        found, _, name = await _child(edge, request, viewer, child, "alert.decide", records)
        asked = (moment("asked_at", "什么时候问的", found.moment.now), words("notes", "问到的情况"))
        return await _ask(found, "登记跟踪调查", "log_follow_up_survey", asked, child, name)

    return api


async def _begin(
    edge: Edge,
    request: Request,
    viewer: Viewer,
    child: UUID,
    right: Right,
    purpose: Purpose | None = None,
    records: str = "",
) -> tuple[Visit, Any]:
    """A child with an open duty that the viewer may do something about. 404 without one.

    `records`: as `allowed_in_duty`, which lends less than the right itself.
    """
    helped, moment = await charged(edge, viewer), await edge.moment()
    wanted, engine = Wanted(child=child, kinds=None), edge.service.engine
    async with viewing(engine, helped, "duty.view", moment.today) as conn:
        rows = await duty_list.listed(conn, wanted)
    rows = rows or await listed_of_charges(engine, helped, wanted, moment.today)
    if not rows:
        raise HTTPException(404)
    async with engine.connect() as conn:
        if records:
            grant = await allowed_in_duty(conn, viewer, right, rows[0], moment, records)
        else:
            grant = await allowed_about(conn, viewer, right, rows[0].path, child, moment)
    chosen = purpose or fitting(helped, moment.today, "casework")
    found = await visit(
        edge, request, helped, "visit.child", grant=grant, ledger=rows[0].ledger, purpose=chosen
    )
    return found, rows[0]


async def _child(
    edge: Edge, request: Request, viewer: Viewer, child: UUID, right: Right, records: str = ""
) -> tuple[Visit, Any, str]:
    """As `_begin`, with the child's name."""
    found, row = await _begin(edge, request, viewer, child, right, records=records)
    return found, row, (await named(found, [row])).get(row.duty, UNNAMED)


async def _ask(
    found: Visit,
    title: str,
    name: str,
    asked: tuple[Field, ...],
    child: UUID,
    who: str,
    where: tuple[tuple[str, str], ...] = (),
    reached: Sequence[Masked] = (),
) -> HTMLResponse:
    form = Form(
        action=command(name),
        command_id=new_id(),
        version=0,
        submit=title,
        fields=asked,
        hidden=(("child", str(child)),),
        cancel=Link(text="不登记了", href="/casework/duties"),
    )
    page = FormPage(
        title=title,
        back="/casework/duties",
        form=form,
        child=who,
        explain=where,
        guardians=tuple(reached),
    )
    return await found.html("form.html", page, "duties")


async def _calls(edge: Edge, request: Request, viewer: Viewer, child: UUID | None) -> HTMLResponse:
    helped = await charged(edge, viewer)
    found = await begin(edge, request, helped, "calls", "duty.view", "contact")
    # Tonight's alone: whoever cannot come tomorrow either is called again tomorrow.
    tonight = moment_of(found.today, "24:00") + A_MOMENT if child is None else None
    wanted = Wanted(kinds=CALLS, child=child, due_before=tonight, limit=CALLS_SHOWN)
    rows = await _duties(found, wanted)
    if child is not None:
        if not rows:
            raise HTTPException(404)
        found = await _as_lent(found, request, rows[0])
    known = await named(found, rows)
    lines = await drawn(found, rows)
    calls = [
        Call(
            child=known.get(row.duty, UNNAMED),
            detail=f"{row.klass_name or ''} {line.due}".strip(),
            form=_form(found, row) if may_do(found, row) else None,
            guardians=await reached(found, row),
        )
        for row, line in zip(rows, lines, strict=True)
    ]
    page = CallsPage(title="晚上的电话", about=f"{len(calls)} 个孩子", calls=tuple(calls))
    return await found.html("calls.html", page, "duties")


async def _duties(found: Visit, wanted: Wanted) -> list[Any]:
    """Those of the viewer's offices, and their own about children whom they answer for."""
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "duty.view", found.today) as conn:
        rows = list(await duty_list.listed(conn, wanted))
    lent = await listed_of_charges(engine, found.viewer, wanted, found.today)
    return sorted([*rows, *lent], key=lambda row: (row.due_at, row.duty))[: wanted.limit]


async def _as_lent(found: Visit, request: Request, row: Any) -> Visit:
    """The page of one child whom no office of the viewer shows is looked at as what is lent."""
    charge = charge_of(found.viewer, row.child, found.today)
    if charge is None or may(found.viewer, "duty.view", row.path, found.today):
        return found
    edge, viewer = found.edge, found.viewer
    purpose = fitting(viewer, found.today, "contact")
    return await visit(
        edge, request, viewer, "calls", grant=charge, ledger=row.ledger, purpose=purpose
    )


def _form(found: Visit, row: Any) -> Form:
    codes = pack_of(found, row.path).codes
    asked = tuple(_yes_no(code.code, code.zh) for code in codes.leave_answers)
    return Form(
        action=command("log_evening_call"),
        command_id=new_id(),
        version=0,
        submit="记下",
        fields=(
            *asked,
            Field(
                name="difficulty",
                label="帮什么忙",
                kind="choice",
                options=options(codes.difficulties),
                shown_when=("help", "true"),
            ),
            Field(
                name="disposition",
                label="电话结果",
                kind="choice",
                options=options(codes.dispositions),
                value=("confirmed_sick",),
                required=True,
            ),
        ),
        hidden=(("child", str(row.child)),),
    )


CONSEQUENCES = {
    ("tomorrow", "false"): "明天还要再打一次",
    ("help", "true"): "会登记困难，学校跟进",
}


def _yes_no(name: str, label: str) -> Field:
    listed = tuple(
        Option(value=value, label=text, consequence=CONSEQUENCES.get((name, value), ""))
        for value, text in YES_NO
    )
    return Field(name=name, label=label, kind="choice", options=listed)
