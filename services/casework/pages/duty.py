"""One duty: what it asks, by when, who knew what when; and the plain form that fulfils it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.commands.entries import ENTRIES
from services.casework.pages.charged import entry_form, lent_form
from services.casework.pages.drawing import fitting, new_id, pack_of
from services.casework.pages.duties import SHARES, drawn, may_do, way
from services.casework.pages.questions import day, words
from services.casework.pages.timeline import PEOPLE, timeline
from services.casework.queries import duty_list
from services.casework.queries.charged import allowed_on, charged, one_duty
from shared.attachments import FIELD
from shared.console import Visit, visit
from shared.contracts.words import until_words, word
from shared.edge import Edge, Moment
from shared.event_store import load
from shared.rights import Viewer
from shared.roles import ROLES
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.web.models.case import TimelineEvent
from shared.web.models.form import Field, Form, FormPage
from shared.web.models.layout import Link

NOBODY = "无人"
ESCALATED = "DutyEscalated"
FILE_HINT = "不超过 10 MB，位置信息会去掉"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knew:
    """`at`: since when; `who`: by name; `how`: as its holder, or told at a step of a breach."""

    at: datetime
    who: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPage:
    """Page `duty.html`."""

    title: str
    state: str
    urgent: bool
    act: Link | None
    knew: tuple[Knew, ...]
    rules: tuple[tuple[str, str], ...]
    events: tuple[TimelineEvent, ...]
    files: tuple[Link, ...] = ()


def router(edge: Edge) -> APIRouter:
    """`/casework/duties/{duty}`, `/casework/duties/{duty}/do`."""
    api = APIRouter(prefix="/casework")

    @api.get("/duties/{duty}")
    async def one(
        duty: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found, row = await begin_duty(edge, request, viewer, duty)
        return await found.html("duty.html", await _page(found, row), "duties")

    @api.get("/duties/{duty}/do", response_model=None)
    async def do(
        duty: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found, row = await begin_duty(edge, request, viewer, duty)
        if row.state not in duty_list.OPEN or not may_do(found, row):
            return RedirectResponse(f"/casework/duties/{duty}", 303)
        if (form := way(found, row)) != str(request.url.path):
            return RedirectResponse(form, 303)
        name = lent_form(found, row)
        if name not in ENTRIES:
            return await _plain_form(found, row)
        page = await entry_form(found, row, name)
        if page is None:
            return RedirectResponse(f"/casework/duties/{duty}", 303)
        return await found.html("form.html", page, "duties")

    return api


async def known_duty(edge: Edge, viewer: Viewer, duty: UUID) -> tuple[Viewer, Moment, Any]:
    """The duty as it is listed to the viewer, with what is lent them. 404 beyond their reach."""
    helped, moment = await charged(edge, viewer), await edge.moment()
    row = await one_duty(edge.service.engine, helped, duty, moment.today)
    if row is None:
        raise HTTPException(404)
    return helped, moment, row


async def begin_duty(edge: Edge, request: Request, viewer: Viewer, duty: UUID) -> tuple[Visit, Any]:
    """Begin a page about one duty."""
    helped, moment, row = await known_duty(edge, viewer, duty)
    async with edge.service.engine.connect() as conn:
        grant = await allowed_on(conn, viewer, "duty.view", row, moment)
    purpose = fitting(helped, moment.today, "casework")
    found = await visit(
        edge, request, helped, "duty.do", grant=grant, ledger=row.ledger, purpose=purpose
    )
    return found, row


async def _page(found: Visit, row: Any) -> DutyPage:
    (line,) = await drawn(found, [row])
    names = await _names(found, row)
    told = {step["step"]: _named(step["to"], names) for step in row.told}
    events = await timeline(found, row.ledger, [f"duty-{row.duty}"], row.path)
    steps = iter(told.values())
    is_open = row.state in duty_list.OPEN
    way = Link(text="去办", href=f"/casework/duties/{row.duty}/do")
    overdue = is_open and row.due_at < found.moment.now
    return DutyPage(
        title=line.title,
        state="已超期" if overdue else word(row.state),
        urgent=overdue,
        act=way if is_open and may_do(found, row) else None,
        knew=_knew(row, names),
        rules=_rules(found, row),
        files=await _files(found, row),
        events=tuple(
            replace(one.event, detail=next(steps, "")) if one.kind == ESCALATED else one.event
            for one in events
        ),
    )


async def _files(found: Visit, row: Any) -> tuple[Link, ...]:
    """What was filed with it; each is opened, and that recorded, when somebody asks for it."""
    async with found.edge.service.engine.connect() as conn:
        told = await load(conn, row.ledger, f"duty-{row.duty}")
    filed = [msgspec.json.decode(one.data) for one in told if one.type == "casework.EvidenceFiled"]
    return tuple(
        Link(
            text=f"附件 {number}（{one['attachment']['bytes'] // 1024 + 1} KB）",
            href=f"/casework/duties/{row.duty}/files/{one['attachment']['sha256']}",
        )
        for number, one in enumerate((one for one in filed if one["attachment"]), 1)
    )


async def _names(found: Visit, row: Any) -> Mapping[str, str]:
    """Holders and whoever was told, by id; each opened and recorded with the page."""
    staff = {*map(str, row.holders), *(one for step in row.told for one in step["to"])}
    async with found.edge.service.engine.connect() as conn:
        rows: Any = (await conn.execute(PEOPLE, {"staff": [UUID(one) for one in staff]})).all()
    named = [(str(one.staff), msgspec.convert(one.name, Sealed)) for one in rows if one.name]
    texts = await found.reading.open_all([(who, "name", sealed) for who, sealed in named])
    return {who: text for (who, _), text in zip(named, texts, strict=True)}


def _named(staff: Any, names: Mapping[str, str]) -> str:
    return "、".join(names.get(str(one), "（没有姓名）") for one in staff) or NOBODY


def _knew(row: Any, names: Mapping[str, str]) -> tuple[Knew, ...]:
    """The holder from the beginning, then each level that a breach has climbed to."""
    first = Knew(at=row.began_at, who=_named(row.holders, names), how="承办")
    return (
        first,
        *(
            Knew(
                at=datetime.fromisoformat(step["at"]),
                who=_named(step["to"], names),
                how=f"超期告知：{_role(step['role'])}",
            )
            for step in sorted(row.told, key=lambda step: step["at"])
        ),
    )


def _role(role: str) -> str:
    return ROLES[role].zh if role in ROLES else "承办人"


def _rules(found: Visit, row: Any) -> tuple[tuple[str, str], ...]:
    """What it was armed by: the words of the plans, the times, the versions."""
    pack = pack_of(found, row.path)
    kind = pack.file.duties.get(row.kind)
    basis = "；".join(pack.cited(kind.basis)) if kind else "、".join(row.rows)
    return (
        ("期限", f"{until_words(row.due_at)} 前"),
        ("要办几次", f"{row.needed} 次，已办 {row.got} 次"),
        ("责任", SHARES.get(row.share, "")),
        ("依据", basis + ("（期限是软件的默认值，不是方案写的）" if kind and kind.ours else "")),
        ("超期叫什么", word(kind.breach) if kind else ""),
        ("规则版本", row.policy),
        ("校历版本", row.calendar),
    )


async def _plain_form(found: Visit, row: Any) -> Response:
    (line,) = await drawn(found, [row])
    form = Form(
        action=f"/casework/duties/{row.duty}/evidence",
        command_id=new_id(),
        version=0,
        submit="提交",
        fields=(
            day("done_on", "哪天做的", found.moment.now),
            words("note", "做了什么", "写清时间、地点、参加的人和结果"),
            Field(
                name=FIELD, label="照片或扫描件", kind="file", hint="不超过 10 MB，位置信息会去掉"
            ),
        ),
        cancel=Link(text="先不提交", href="/casework/duties"),
    )
    page = FormPage(title=line.title, back="/casework/duties", form=form, detail=line.due)
    return await found.html("form.html", page, "duties")
