"""Forms about one child: leave, and what the register says of it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.enrollment.aggregates import ATTENDANCE, CHILD
from services.enrollment.pages.child import begin_child
from services.enrollment.pages.drawing import command, new_id
from services.enrollment.pages.groups import groups_shown, tag_fields, untag_fields
from services.enrollment.pages.home import village_fields
from services.enrollment.pages.registry_words import said
from services.enrollment.queries.attendance import current_leave, version_of
from services.enrollment.queries.children import ChildRow
from shared.access_words import Right
from shared.console import Visit
from shared.contracts.words import day_words, word
from shared.edge import Edge, allowed
from shared.masked import KINDS, NOTHING, open_fields
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link

# (label, right, what the button says)
FORMS: Mapping[str, tuple[str, Right, str]] = {
    "grant_leave": ("登记请假", "leave.record", "登记"),
    "end_leave": ("销假", "leave.record", "登记"),
    "change_child": ("修改信息", "child.change", "存下修改"),
    "tag_group": ("归入类别", "leave.record", "登记"),
    "untag_group": ("移出类别", "leave.record", "登记"),
    "record_village": ("登记所在村", "leave.record", "登记"),
}
# Forms about leave say what is granted already; the others are about the child's own record.
OF_LEAVE = frozenset(("grant_leave", "end_leave"))
SEXES = (Option(value="1", label="男"), Option(value="2", label="女"))
LEAVES = (Option(value="sick", label="病假"), Option(value="personal", label="事假"))
# What the register's form shows as it is; numbers and phones are typed anew, never shown.
CHANGED = (
    "name",
    "sex",
    "born",
    "ethnic",
    "idnumber",
    "studentnumber",
    "hukou",
    "address",
    "guardian",
    "guardianrelation",
    "phone",
    "guardian2",
    "phone2",
)


def router(edge: Edge) -> APIRouter:
    """`/enrollment/children/{child}/do/{name}`."""
    api = APIRouter(prefix="/enrollment/children")

    @api.get("/{child}/do/{name}")
    async def form(
        child: UUID, name: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        if name not in FORMS:
            raise HTTPException(404)
        found, row = await begin_child(edge, request, viewer, child, f"child.{name}")
        allowed(viewer, FORMS[name][1], row.path, found.moment)
        return await found.html("form.html", await form_page(found, row, name), "children")

    return api


async def form_page(found: Visit, row: ChildRow, name: str) -> FormPage:
    label, _, submit = FORMS[name]
    back = f"/enrollment/children/{row.child}"
    opened = await open_fields(found, row, "name")
    async with found.edge.service.engine.connect() as conn:
        leave = await current_leave(conn, row.child, found.today)
        aggregate = ATTENDANCE if name in OF_LEAVE else CHILD
        version = await version_of(conn, row.ledger, f"{aggregate.prefix}{row.child}")
    fields = await _fields(found, row, name)
    return FormPage(
        title=label,
        back=back,
        child=opened.get("name", ""),
        about=" ".join(filter(None, (row.school_name, row.klass_name))),
        detail=_leave(leave) if name in OF_LEAVE else await _groups(found, row, name),
        form=Form(
            action=command(name),
            command_id=new_id(),
            version=version,
            submit=submit,
            fields=fields,
            hidden=(("child", str(row.child)),),
            cancel=Link(text="不登记了", href=back),
        ),
    )


def _leave(leave: tuple[date, date, str] | None) -> str:
    if leave is None:
        return ""
    first, last, kind = leave
    return f"已经登记：{word(kind)} {day_words(first)}—{day_words(last)}。"


async def _groups(found: Visit, row: ChildRow, name: str) -> str:
    said = await groups_shown(found, row) if name in ("tag_group", "untag_group") else []
    return "".join(f"{label}：{groups}。" for label, groups in said)


async def _fields(found: Visit, row: ChildRow, name: str) -> tuple[Field, ...]:
    today = (found.today.isoformat(),)
    if name == "end_leave":
        return (Field(name="on", label="哪天回来", kind="date", value=today, required=True),)
    if name == "tag_group":
        return await tag_fields(found, row)
    if name == "untag_group":
        return await untag_fields(found, row)
    if name == "record_village":
        return await village_fields(found, row)
    if name == "grant_leave":
        return (
            Field(name="kind", label="哪种假", kind="choice", options=LEAVES, required=True),
            Field(name="first_on", label="从", kind="date", value=today, required=True),
            Field(name="last_on", label="到（含）", kind="date", value=today, required=True),
            Field(name="note", label="假条上怎么写", kind="area", hint="可以不填"),
        )
    opened = await open_fields(found, row, *(one for one in CHANGED if one not in KINDS))
    return tuple(_changed(row, one, opened.get(one, "")) for one in CHANGED)


def _changed(row: ChildRow, name: str, text: str) -> Field:
    shown = (said(name, text) if name == "ethnic" else text,) if text not in ("", *NOTHING) else ()
    if name == "sex":
        return Field(name=name, label=word(name), kind="choice", options=SEXES, value=shown)
    hint = "已登记；要改才填" if row.fields.get(name) and not shown else ""
    kind = "date" if name == "born" else "text"
    return Field(name=name, label=word(name), kind=kind, value=shown, hint=hint)
