"""领导小组: which there are, who was accountable on any day, and what came in for an office."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy import text

from services.casework.commands.bodies import fits
from services.casework.pages.coverage_look import Looked, Named, candidates, named
from services.casework.pages.drawing import begin, command, new_id, pack_of
from services.casework.pages.questions import day
from services.casework.queries.activities import received
from services.casework.queries.bodies import Member, all_bodies, body_of, members
from services.casework.queries.holding import look
from shared.answers import wants_page
from shared.console import Visit
from shared.edge import Edge
from shared.event import business_day
from shared.policy.duty_schema import Body
from shared.rights import EVERYWHERE, Viewer, covers, may, paths_for
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Field, Form, Option
from shared.web.models.work import BodiesPage, BodyLine, BodyPage, InboxRow, MemberRow

UNITS = text(
    "select unit, kind, name, path, ledger from unit where closed_on is null order by path"
)
# A county has a few hundred units with a body or two each.
LINES_SHOWN = 400


def router(edge: Edge) -> APIRouter:
    """`/casework/bodies` and `/casework/bodies/{body}`, pages or JSON."""
    api = APIRouter(prefix="/casework/bodies")

    @api.get("")
    async def listed(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "bodies", "responsibility.view")
        return await found.html("bodies.html", await _bodies(found), "duties")

    @api.get("/{body}", response_model=None)
    async def one(
        body: UUID,
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        on: date | None = None,
    ) -> Response:
        found = await begin(edge, request, viewer, "body", "responsibility.view")
        row = await _formed(found, body)
        kind = pack_of(found, row.path).file.bodies.get(row.code)
        if kind is None:
            raise HTTPException(404)
        chosen = on or found.today
        async with edge.service.engine.connect() as conn:
            holding = await look(conn, row.ledger, chosen)
            held = await members(conn, body, kind, holding, row.path, chosen)
        held = held if row.formed_on <= chosen else []
        if not wants_page(request):
            return JSONResponse(_told(row, chosen, held))
        return await found.html("body.html", await _page(found, row, kind, held, chosen), "duties")

    return api


async def _formed(found: Visit, body: UUID) -> Any:
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "responsibility.view", found.today) as conn:
        rows = await all_bodies(conn)
    row = next((one for one in rows if one.body == body), None)
    if row is None:
        raise HTTPException(404)
    return row


def _told(row: Any, on: date, held: Sequence[Member]) -> dict[str, Any]:
    """Ids and days; no name, so nothing is opened."""
    return {
        "body": str(row.body),
        "code": row.code,
        "unit": row.unit,
        "formed_on": row.formed_on.isoformat(),
        "on": on.isoformat(),
        "members": [msgspec.to_builtins(one) for one in held],
    }


async def _bodies(found: Visit) -> BodiesPage:
    paths = paths_for(found.viewer, "responsibility.view", found.today)
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "responsibility.view", found.today) as conn:
        formed = {row.body: row for row in await all_bodies(conn)}
    async with engine.connect() as conn:
        units = (await conn.execute(UNITS)).all()
    lines: list[BodyLine] = []
    for unit in units:
        if any(path == EVERYWHERE or covers(path, unit.path) for path in paths):
            lines += _lines(found, unit, formed)
    waiting = sum(not line.formed_on for line in lines)
    return BodiesPage(
        title="领导小组",
        about=f"{len(lines) - waiting} 个已成立，{waiting} 个还没有登记成立",
        back="/casework/coverage",
        lines=tuple(lines[:LINES_SHOWN]),
    )


def _lines(found: Visit, unit: Any, formed: dict[UUID, Any]) -> list[BodyLine]:
    if unit.path.count("/") < 2:
        return []
    kinds = pack_of(found, unit.path).file.bodies
    records = may(found.viewer, "activity.record", unit.path, found.today)
    return [
        _line(found, unit, code, kind, formed.get(body_of(unit.ledger, code, unit.unit)), records)
        for code, kind in kinds.items()
        if fits(kind, unit.kind, unit.path)
    ]


def _line(found: Visit, unit: Any, code: str, kind: Body, row: Any, records: bool) -> BodyLine:
    fields = (("unit", unit.unit), ("code", code), ("on", found.today.isoformat()))
    return BodyLine(
        name=row.name if row else kind.zh,
        unit=unit.name,
        href=f"/casework/bodies/{row.body}" if row else "",
        formed_on=row.formed_on.isoformat() if row else "",
        form=_form("form_body", "登记成立", fields) if records and not row else None,
    )


def _form(name: str, submit: str, hidden: tuple[tuple[str, str], ...], *fields: Field) -> Form:
    return Form(
        action=command(name),
        command_id=new_id(),
        version=0,
        submit=submit,
        hidden=hidden,
        fields=fields,
    )


async def _page(found: Visit, row: Any, kind: Body, held: Sequence[Member], on: date) -> BodyPage:
    records = may(found.viewer, "activity.record", row.path, found.today)
    able = await candidates(found, row.path, Looked([row.path], on), "") if records else []
    names = await named(found, {str(one.staff) for one in held} | {one.staff for one in able})
    posts = {post.code: post.zh for post in kind.posts}
    hidden = (("unit", row.unit), ("code", row.code))
    ask = (
        Field(
            name="post",
            label="职务",
            kind="choice",
            required=True,
            options=tuple(
                Option(value=post.code, label=post.zh) for post in kind.posts if _named(post)
            ),
        ),
        Field(
            name="staff",
            label="由谁担任",
            kind="choice",
            required=True,
            options=tuple(Option(value=o.staff, label=names.holder(o.staff)) for o in able),
        ),
        day("since", "从哪天起", found.moment.now),
    )
    return BodyPage(
        title=row.name,
        about=f"{names.places.get(row.unit, '')}，{row.formed_on} 成立",
        back="/casework/bodies",
        on=on.isoformat(),
        members=tuple(_member(found, one, posts, names, hidden, records) for one in held),
        appoint=_form("appoint_member", "任命", hidden, *ask) if records else None,
        inbox=await _inbox(found, row, kind, names) if kind.inbox else None,
    )


def _named(post: Any) -> bool:
    """A post that follows from a role alone is nobody's to appoint: 各班班主任."""
    return post.derive != "homeroom"


def _member(
    found: Visit,
    one: Member,
    posts: dict[str, str],
    names: Named,
    hidden: tuple[tuple[str, str], ...],
    records: bool,
) -> MemberRow:
    more = (
        ("post", one.post),
        ("staff", str(one.staff)),
        ("on", found.today.isoformat()),
        ("reason", "left"),
    )
    removable = records and not one.derived
    return MemberRow(
        post=posts.get(one.post, one.post),
        name=names.holder(str(one.staff)),
        since=one.since.isoformat(),
        until=one.until.isoformat() if one.until else "",
        derived=one.derived,
        remove=_form("remove_member", "免去", (*hidden, *more)) if removable else None,
    )


async def _inbox(found: Visit, row: Any, kind: Body, names: Named) -> tuple[InboxRow, ...]:
    """Evidence of the duties that the body receives, its words opened where they may be."""
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "responsibility.view", found.today) as conn:
        rows = await received(conn, kind.receives, row.unit)
    sealed = [
        (str(one.activity), "note", msgspec.convert(one.data["note"], Sealed))
        for one in rows
        if one.data.get("note")
    ]
    opened = await found.reading.open_all(sealed, row.path)
    words = dict(zip((key for key, _, _ in sealed), opened, strict=True))
    duties = pack_of(found, row.path).file.duties
    return tuple(
        InboxRow(
            title=duties[one.code].zh if one.code in duties else one.code,
            unit=names.where(one.path) or names.places.get(one.unit, ""),
            day=business_day(one.happened_at).isoformat(),
            words=words.get(str(one.activity), ""),
        )
        for one in rows
    )
