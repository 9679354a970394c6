"""交接责任: what somebody who leaves still answers for, and who takes each of it."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.coverage_look import Looked, Named, candidates, named
from services.casework.pages.drawing import fitting, new_id, pack_of
from services.casework.pages.ending import end_href
from services.casework.queries.held import HOMEROOM, Held, held_by, held_in, place_of_staff
from shared.console import Visit, visit
from shared.edge import Edge, allowed
from shared.policy.duty_schema import Scheme
from shared.rights import Viewer
from shared.roles import ROLES
from shared.session import Caller
from shared.session_http import caller
from shared.session_http import viewer as signed_in
from shared.web.models.form import Form, Option
from shared.web.models.responsibility import HandoverPage, HandPost, HandRow

# A child's name each, and so many of those who could take it, stay below what a reading names.
ROWS_SHOWN = 200


def router(edge: Edge) -> APIRouter:
    """`/casework/handover/{staff}`; for the service that ends posts and classes
    `/casework/held/{staff}` and `/casework/held/class/{klass}`.
    """
    api = APIRouter(prefix="/casework")

    @api.get("/held/{staff}")
    async def held(
        staff: UUID,
        _caller: Annotated[Caller, Depends(caller)],
        on: date | None = None,
        within: str | None = None,
    ) -> dict[str, Any]:
        """`{"held": […]}`: empty where nobody has to take anything over."""
        async with edge.service.engine.connect() as conn:
            moment = await edge.moment(conn)
            place = await place_of_staff(conn, staff)
            if place is None:
                return {"held": []}
            pack = moment.rules.pack(place.path, moment.today)
            found = await held_by(conn, staff, pack, on or moment.today, within)
        return _told(pack.file.schemes, found)

    @api.get("/held/class/{klass}")
    async def held_of_class(
        klass: UUID, _caller: Annotated[Caller, Depends(caller)], on: date | None = None
    ) -> dict[str, Any]:
        """`{"held": […]}`: what people hold by hand of the class and of those who sit in it."""
        async with edge.service.engine.connect() as conn:
            moment = await edge.moment(conn)
            found = await held_in(conn, klass, on or moment.today)
        schemes = moment.rules.pack(found[0].path, moment.today).file.schemes if found else {}
        return _told(schemes, found)

    @api.get("/handover/{staff}")
    async def page(
        staff: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        async with edge.service.engine.connect() as conn:
            moment = await edge.moment(conn)
            place = await place_of_staff(conn, staff)
        if place is None:
            raise HTTPException(404)
        grant = allowed(viewer, "responsibility.assign", place.path, moment)
        purpose = fitting(viewer, moment.today, "oversight")
        found = await visit(
            edge, request, viewer, "handover", grant=grant, ledger=place.ledger, purpose=purpose
        )
        drawn = await _page(found, staff, place.path)
        return await found.html("handover.html", drawn, "duties")

    return api


def _told(schemes: dict[str, Scheme], held: Sequence[Held]) -> dict[str, Any]:
    return {"held": [msgspec.to_builtins(one) | _said(schemes, one) for one in held]}


def _said(schemes: dict[str, Scheme], one: Held) -> dict[str, str]:
    """What people read: the scheme and tier, or the post."""
    if one.by == "post":
        role = ROLES.get(one.role)
        return {"title": role.zh if role else one.role}
    return {"title": _title(schemes, one)}


def _title(schemes: dict[str, Scheme], one: Held) -> str:
    scheme = schemes.get(one.scheme)
    tier = scheme.tier(one.tier) if scheme else None
    return f"{scheme.zh}：{tier.zh}" if scheme and tier else f"{one.scheme} {one.tier}"


async def _page(found: Visit, staff: UUID, path: str) -> HandoverPage:
    pack = pack_of(found, path)
    async with found.edge.service.engine.connect() as conn:
        held = await held_by(conn, staff, pack, found.today)
    charges = [one for one in held if one.by == "assigned"]
    looked = Looked([path], found.today)
    able = [o for o in await candidates(found, path, looked, "") if o.staff != str(staff)]
    people = {o.staff for o in able} | {o.target for o in charges[:ROWS_SHOWN]} | {str(staff)}
    names = await named(found, people)
    posts = [one for one in held if one.by == "post"]
    schemes = pack.file.schemes
    return HandoverPage(
        title=f"{names.holder(str(staff))}：交接责任",
        about=f"还负责 {len(held)} 处" if held else "没有要交接的责任了，可以停用账号。",
        back="/enrollment/accounts",
        rows=tuple(_row(schemes, one, names, str(staff)) for one in charges[:ROWS_SHOWN]),
        posts=tuple(HandPost(title=_post(one, names), form=_post_form(one)) for one in posts),
        holders=tuple(Option(value=one.staff, label=names.holder(one.staff)) for one in able),
        form=_form(str(staff)) if charges else None,
        since=found.today.isoformat(),
    )


def _row(schemes: dict[str, Scheme], one: Held, names: Named, staff: str) -> HandRow:
    return HandRow(
        title=_title(schemes, one),
        target=names.of(one.target_kind, one.target),
        since=one.since.isoformat() if one.since else "",
        name=f"{one.scheme}:{one.tier}:{one.target}",
        end=end_href(one.scheme, one.tier, one.target, staff, f"/casework/handover/{staff}"),
    )


def _form(staff: str) -> Form:
    return Form(
        action="/casework/commands/assign_responsibilities",
        command_id=new_id(),
        version=0,
        submit="交接",
        hidden=(("instead", staff), ("next", f"/casework/handover/{staff}")),
    )


def _post(one: Held, names: Named) -> str:
    role = ROLES.get(one.role)
    return f"{names.places.get(one.unit, one.unit)}　{role.zh if role else one.role}"


def _post_form(one: Held) -> Form:
    """Posts are enrollment's: its own commands give them to somebody else."""
    if one.role == HOMEROOM:
        return _enrolling("assign_homeroom", (("klass", one.unit),))
    return _enrolling("grant_role", (("role", one.role), ("unit", one.unit)))


def _enrolling(command: str, hidden: Sequence[tuple[str, str]]) -> Form:
    return Form(
        action=f"/enrollment/commands/{command}",
        command_id=new_id(),
        version=0,
        submit="由他接任",
        hidden=tuple(hidden),
    )
