"""谁负责过这名学生: on any day, every holder of every scheme, tier and line, and every post."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from services.casework.pages.children import CHILD, open_child
from services.casework.pages.coverage_look import LINES, SHARES, Named, named
from services.casework.pages.ending import end_href
from services.casework.queries.answering import Answer, answers
from shared.answers import wants_page
from shared.console import Visit
from shared.edge import Edge, allowed
from shared.policy.duty_schema import Scheme
from shared.policy.pack import Pack
from shared.rights import Viewer, may
from shared.roles import ROLES
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.responsibility import AnswerRow, AnswersPage

# The ledgers in which a holding can be found, as every proof names them.
BOOKS = {"enrollment": "学籍", "casework": "个案"}


def router(edge: Edge) -> APIRouter:
    """`/casework/children/{child}/answers`: a page, or JSON for programs."""
    api = APIRouter(prefix="/casework/children")

    @api.get("/{child}/answers", response_model=None)
    async def one(
        child: UUID,
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        on: date | None = None,
    ) -> Response:
        if not wants_page(request):
            return JSONResponse(await _told(edge, viewer, child, on))
        found, name, path = await open_child(edge, request, viewer, child, "child.answers")
        page = await _page(found, child, name, path, on or found.today)
        return await found.html("answers.html", page, "children")

    return api


async def _told(edge: Edge, viewer: Viewer, child: UUID, on: date | None) -> dict[str, Any]:
    """Ids, codes and days; no name, so nothing is opened."""
    moment = await edge.moment()
    async with viewing(edge.service.engine, viewer, "case.view", moment.today) as conn:
        row = (await conn.execute(CHILD, {"child": child})).first()
    if row is None:
        raise HTTPException(404)
    allowed(viewer, "case.view", row.path, moment)
    day = on or moment.today
    pack = moment.rules.pack(row.path, day)
    async with edge.service.engine.connect() as conn:
        found = await answers(conn, row.ledger, child, pack, day)
    return {
        "child": str(child),
        "on": day.isoformat(),
        "policyversion": pack.version,
        "answers": [_line(one) for one in found],
    }


def _line(one: Answer) -> dict[str, Any]:
    told = asdict(one)
    told["since"] = one.since.isoformat() if one.since else None
    told["until"] = one.until.isoformat() if one.until else None
    return told


async def _page(found: Visit, child: UUID, name: str, path: str, on: date) -> AnswersPage:
    pack = found.moment.rules.pack(path, on)
    async with found.edge.service.engine.connect() as conn:
        listed = await answers(conn, found.reading.ledger, child, pack, on)
    names = await named(found, {one.holder for one in listed})
    names.people[str(child)] = name
    groups = [
        (scheme.zh, _rows(found, path, scheme, [o for o in listed if o.scheme == code], names))
        for code, scheme in pack.file.schemes.items()
    ]
    posts = _rows(found, path, None, [o for o in listed if not o.scheme], names)
    return AnswersPage(
        title=f"{name}：谁负责",
        child=name,
        back=f"/enrollment/children/{child}",
        on=on.isoformat(),
        about=_about(listed, pack),
        groups=tuple((title, rows) for title, rows in [*groups, ("职务", posts)] if rows),
    )


def _about(listed: Sequence[Answer], pack: Pack) -> str:
    if not listed:
        return "这一天不在任何班级，没有人负责。"
    holes = sum(one.how == "hole" for one in listed)
    said = f"{holes} 处没人负责，" if holes else ""
    return f"{said}按规则 {pack.version[:8]}"


def _rows(
    found: Visit, path: str, scheme: Scheme | None, listed: Sequence[Answer], names: Named
) -> tuple[AnswerRow, ...]:
    """What is held by hand is ended here by who assigns it where the child sits."""
    ends = may(found.viewer, "responsibility.assign", path, found.today)
    back = str(found.request.url.path)
    return tuple(
        replace(
            _row(scheme, one, names),
            end=end_href(one.scheme, one.tier, one.target, one.holder, back),
        )
        if ends and _by_hand(found, one)
        else _row(scheme, one, names)
        for one in listed
    )


def _by_hand(found: Visit, one: Answer) -> bool:
    """Held by hand, and not over; what touches more than the child is ended where it stands."""
    own = one.target_kind in {"child", "guardian"} and one.how == "assigned"
    return own and (one.until is None or one.until >= found.today)


def _row(scheme: Scheme | None, one: Answer, names: Named) -> AnswerRow:
    tier = scheme.tier(one.tier) if scheme else None
    role = ROLES.get(one.role)
    title = tier.zh if tier else role.zh if role else one.tier
    through = f"（{role.zh}）" if role and tier else ""
    return AnswerRow(
        title=title,
        line=LINES.get(one.line, ""),
        share=SHARES.get(one.share, ""),
        target=names.of(one.target_kind, one.target),
        holder=f"{names.holder(one.holder)}{through}" if one.holder else "无人",
        since=one.since.isoformat() if one.since else "",
        until=one.until.isoformat() if one.until else "",
        source=f"{BOOKS[one.source.service]} {one.source.seq}" if one.source else "",
        hole=one.how == "hole",
    )
