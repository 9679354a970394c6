"""晚上的电话: children on leave whose guardian must be called tonight, four answers each."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.drawing import UNNAMED, begin, command, new_id, options, pack_of
from services.casework.pages.duties import drawn, may_do
from services.casework.pages.questions import choice, choices, moment, words
from services.casework.queries import duty_list
from services.casework.queries.duty_list import Wanted
from shared.access_words import Right
from shared.console import Visit
from shared.edge import Edge, allowed
from shared.policy.day import moment_of
from shared.rights import Viewer
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsPage:
    """Page `calls.html`."""

    title: str
    about: str
    calls: tuple[Call, ...]


def router(edge: Edge) -> APIRouter:
    """`/casework/calls`, `/casework/calls/{child}`, `/casework/visits|surveys/{child}`."""
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
        codes = pack_of(found, row.path).codes
        asked = (
            moment("visited_at", "实际到访时间", found.moment.now),
            choices("met", "见到了谁", codes.people_met),
            choice("outcome", "结果", codes.outcomes),
            words(),
        )
        return await _ask(found, "登记家访", "visit_child", asked, child, name)

    @api.get("/surveys/{child}")
    async def survey_form(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found, _, name = await _child(edge, request, viewer, child, "alert.decide")
        asked = (moment("asked_at", "什么时候问的", found.moment.now), words("notes", "问到的情况"))
        return await _ask(found, "登记跟踪调查", "log_follow_up_survey", asked, child, name)

    return api


async def _child(
    edge: Edge, request: Request, viewer: Viewer, child: UUID, right: Right
) -> tuple[Visit, Any, str]:
    """A child with an open duty that the viewer may do something about, and its name."""
    found = await begin(edge, request, viewer, "visit.child", "duty.view")
    rows = await _duties(found, Wanted(child=child, kinds=None))
    if not rows:
        raise HTTPException(404)
    allowed(viewer, right, rows[0].path, found.moment)
    return found, rows[0], (await _names(found, rows[:1])).get(rows[0].duty, UNNAMED)


async def _ask(
    found: Visit, title: str, name: str, asked: tuple[Field, ...], child: UUID, who: str
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
    page = FormPage(title=title, back="/casework/duties", form=form, child=who)
    return await found.html("form.html", page, "duties")


async def _calls(edge: Edge, request: Request, viewer: Viewer, child: UUID | None) -> HTMLResponse:
    found = await begin(edge, request, viewer, "calls", "duty.view", "contact")
    # Tonight's alone: whoever cannot come tomorrow either is called again tomorrow.
    tonight = moment_of(found.today, "24:00") + A_MOMENT if child is None else None
    wanted = Wanted(kinds=CALLS, child=child, due_before=tonight, limit=CALLS_SHOWN)
    rows = await _duties(found, wanted)
    if child is not None and not rows:
        raise HTTPException(404)
    known = await _names(found, rows)
    lines = await drawn(found, rows)
    calls = tuple(
        Call(
            child=known.get(row.duty, UNNAMED),
            detail=f"{row.klass_name or ''} {line.due}".strip(),
            form=_form(found, row) if may_do(found, row) else None,
        )
        for row, line in zip(rows, lines, strict=True)
    )
    page = CallsPage(title="晚上的电话", about=f"{len(calls)} 个孩子", calls=calls)
    return await found.html("calls.html", page, "duties")


async def _duties(found: Visit, wanted: Wanted) -> list[Any]:
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "duty.view", found.today) as conn:
        return list(await duty_list.listed(conn, wanted))


async def _names(found: Visit, rows: list[Any]) -> dict[UUID, str]:
    named = [row for row in rows if row.child_name]
    opened: dict[UUID, str] = {}
    for row in named:
        sealed = msgspec.convert(row.child_name, Sealed)
        (opened[row.duty],) = await found.reading.open_all(
            [(str(row.child), "name", sealed)], row.path
        )
    return opened


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
