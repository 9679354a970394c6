"""结束责任: one holder answers no longer after a day, and what that leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text

from services.casework.commands.charges import place_of, within
from services.casework.pages.coverage_look import Looked, look_at, named
from services.casework.pages.drawing import command, fitting, new_id
from services.casework.pages.questions import day
from services.casework.queries.charges import stream_of
from services.casework.queries.coverage import Covered
from shared.console import Visit, visit
from shared.edge import Edge, allowed
from shared.policy.duty_schema import Tier
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link

HERE = "/casework/coverage/end"
HELD = text(
    "select holder, holder_kind, since, until from responsibility where ledger = :ledger"
    " and scheme = :scheme and tier = :tier and target = :target"
    " and (until is null or until >= :today) order by since, holder"
)
VERSION = text("select version from current where ledger = :ledger and stream = :stream")
REASONS = (
    Option(value="reassigned", label="分工调整"),
    Option(value="left", label="离开岗位"),
    Option(value="not_needed", label="不再需要"),
    Option(value="mistaken", label="当初指定错了"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One holder of one target, as addresses name it; `version`: what the page was drawn from."""

    scheme: str
    tier: str
    target: str
    holder: str
    version: int

    def is_of(self, one: Covered) -> bool:
        return (one.tier, one.target) == (self.tier, self.target)


def end_href(scheme: str, tier: str, target: str, holder: str, back: str = "") -> str:
    """The way to the page for one holder of one target; `back`: where to go on afterwards."""
    asked = {"scheme": scheme, "tier": tier, "target": target, "holder": holder}
    return f"{HERE}?{urlencode(asked | ({'back': back} if back else {}))}"


def router(edge: Edge) -> APIRouter:
    """`/casework/coverage/end`."""
    api = APIRouter(prefix="/casework")

    @api.get("/coverage/end")
    async def page(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        tier: str,
        target: str,
        holder: str,
        back: str = "/casework/coverage",
    ) -> HTMLResponse:
        async with edge.service.engine.connect() as conn:
            ledger, path = await place_of(conn, target)
            moment = await edge.moment(conn)
            asked = {"ledger": ledger, "scheme": scheme, "tier": tier, "target": target}
            held = (await conn.execute(HELD, asked | {"today": moment.today})).all()
            stream = {"ledger": ledger, "stream": stream_of(ledger, scheme, tier, target)}
            version = (await conn.execute(VERSION, stream)).scalar() or 0
        grant = allowed(viewer, "responsibility.assign", path, moment)
        purpose = fitting(viewer, moment.today, "oversight")
        found = await visit(
            edge, request, viewer, "coverage.end", grant=grant, ledger=ledger, purpose=purpose
        )
        looked = await look_at(edge, viewer, moment, scheme, moment.today)
        which = Held(scheme=scheme, tier=tier, target=target, holder=holder, version=version)
        drawn = await _page(found, looked, which, held, within(back))
        return await found.html("form.html", drawn, "duties")

    return api


async def _page(
    found: Visit, looked: Looked, which: Held, held: Sequence[Any], back: str
) -> FormPage:
    tier = looked.scheme.tier(which.tier) if looked.scheme else None
    mine = next((one for one in held if one.holder == which.holder), None)
    covered = next((one for one in looked.all if which.is_of(one)), None)
    if looked.scheme is None or tier is None or mine is None or covered is None:
        raise HTTPException(404)
    others = [one for one in held if one.holder != which.holder and one.since <= found.today]
    staff = {one.holder for one in (mine, *others) if one.holder_kind == "staff"}
    names = await named(found, staff | {which.target})
    until = (("到哪天", mine.until.isoformat()),) if mine.until else ()
    return FormPage(
        title="结束责任",
        back=back,
        child=names.target(covered),
        explain=(
            ("责任制", f"{looked.scheme.zh}　{tier.zh}"),
            ("由谁负责", names.holder(which.holder)),
            ("从哪天起", mine.since.isoformat()),
            *until,
            ("结束以后", _left(looked, tier, covered, [names.holder(o.holder) for o in others])),
        ),
        form=_form(found, which, mine.holder_kind, back),
    )


def _left(looked: Looked, tier: Tier, covered: Covered, others: Sequence[str]) -> str:
    """Who answers then; else the hole that it leaves, and whom that touches."""
    if others:
        return f"仍由{'、'.join(others)}负责。"
    if tier.derive:
        return "由任这个职务的人负责。"
    children = len(looked.children_of([covered]))
    touched = f"，涉及 {children} 名学生" if children else ""
    return f"第二天起这里没人负责{touched}。要交给别人，请用交接。"


def _form(found: Visit, which: Held, holder_kind: str, back: str) -> Form:
    return Form(
        action=command("end_responsibility"),
        command_id=new_id(),
        version=which.version,
        submit="结束",
        fields=(
            replace(day("last", "最后一天", found.moment.now), latest=""),
            Field(name="reason", label="为什么结束", kind="choice", options=REASONS, required=True),
        ),
        hidden=(
            ("scheme", which.scheme),
            ("tier", which.tier),
            ("target", which.target),
            ("holder", which.holder),
            ("holder_kind", holder_kind),
            ("next", back),
        ),
        cancel=Link(text="不结束", href=back),
    )
