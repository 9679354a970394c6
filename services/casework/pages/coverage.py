"""责任覆盖: which target of a scheme has no holder or two, on any day; and the sheet to print."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import text

from services.casework.pages.drawing import UNNAMED, begin, new_id, pack_of
from services.casework.pages.known import people_named, places_named
from services.casework.pages.questions import day
from services.casework.queries.coverage import Covered, Sheet, covered, sheet
from shared.console import Visit
from shared.edge import Edge, Moment, allowed
from shared.policy.duty_schema import Scheme
from shared.rights import Viewer, may, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link

# A tier of a county has tens of thousands of children: the page shows holes first, then so many.
ROWS_SHOWN = 100
CANDIDATES = text(
    "select distinct p.staff from person p left join role_grant g using (staff)"
    " where p.unit = any(:units) or g.unit = any(:units) order by p.staff limit 200"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`state`: hole, overlap or empty."""

    target: str
    where: str
    holders: tuple[str, ...]
    since: str
    state: str
    derived: bool
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRows:
    name: str
    summary: str
    rows: tuple[Row, ...]
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePage:
    """Page `coverage.html`."""

    title: str
    about: str
    scheme: str
    on: str
    filters: tuple[Link, ...]
    chosen: str
    tiers: tuple[TierRows, ...]


def router(edge: Edge) -> APIRouter:
    """`/casework/coverage`, `/casework/coverage.jsonl`."""
    api = APIRouter(prefix="/casework")

    @api.get("/coverage")
    async def page(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str = "",
        on: date | None = None,
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "coverage", "responsibility.view")
        return await found.html("coverage.html", await _page(found, scheme, on), "duties")

    @api.get("/coverage/assign")
    async def assign_form(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        tier: str,
        target: str,
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "coverage.assign", "responsibility.assign")
        page = await _assign(found, scheme, tier, target)
        return await found.html("form.html", page, "duties")

    @api.get("/coverage.jsonl")
    async def lines(
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        on: date | None = None,
        all: bool = False,
    ) -> Response:
        moment = await edge.moment()
        found = await _of_viewer(edge, viewer, moment, scheme, on or moment.today)
        wanted = [one for one in found if all or one.hole or one.overlap]
        body = "".join(json.dumps(_line(scheme, one), ensure_ascii=False) + "\n" for one in wanted)
        return Response(body, media_type="application/x-ndjson")

    return api


def _line(scheme: str, one: Covered) -> dict[str, Any]:
    """A target as scripts read it: `state` hole, overlap or held."""
    state = "hole" if one.hole else "overlap" if one.overlap else "held"
    return {
        "scheme": scheme,
        "tier": one.tier,
        "target_kind": one.target_kind,
        "target": one.target,
        "unit": one.path.rsplit("/", 1)[-1],
        "holders": list(one.holders),
        "state": state,
    }


async def _assign(found: Visit, code: str, tier_code: str, target: str) -> FormPage:
    """Who could hold it: the staff of the units on the target's path, by name."""
    rows = await _of_viewer(found.edge, found.viewer, found.moment, code, found.today)
    one = next((r for r in rows if r.tier == tier_code and r.target == target), None)
    scheme = (await _schemes(found)).get(code)
    tier = scheme.tier(tier_code) if scheme else None
    if one is None or scheme is None or tier is None:
        raise HTTPException(404)
    allowed(found.viewer, "responsibility.assign", one.path, found.moment)
    params = {"units": one.path.split("/")}
    async with found.edge.service.engine.connect() as conn:
        people = {str(row.staff) for row in await conn.execute(CANDIDATES, params)}
    known = await people_named(found, people)
    (row,) = await _rows(found, code, [one])
    back = f"/casework/coverage?{urlencode({'scheme': code})}"
    hidden = [("scheme", code), ("tier", tier_code), ("target", target), ("next", back)]
    if len(one.holders) == 1 and not one.derived:
        hidden.append(("instead", one.holders[0]))
    form = Form(
        action="/casework/commands/assign_responsibility",
        command_id=new_id(),
        version=0,
        submit="指定",
        fields=(
            Field(
                name="holder",
                label=tier.zh,
                kind="choice",
                options=tuple(
                    Option(value=who, label=name)
                    for who, name in sorted(known.items(), key=lambda item: item[1])
                ),
                required=True,
            ),
            day("since", "从哪天起", found.moment.now),
        ),
        hidden=tuple(hidden),
        cancel=Link(text="先不指定", href=back),
    )
    return FormPage(title=f"{scheme.zh}：{row.target}", back=back, form=form, detail=row.where)


async def _of_viewer(
    edge: Edge, viewer: Viewer, moment: Moment, scheme: str, on: date
) -> list[Covered]:
    """Every target in the viewer's jurisdiction, ledger after ledger."""
    paths = paths_for(viewer, "responsibility.view", moment.today)
    found: list[Covered] = []
    async with edge.service.engine.connect() as conn:
        for ledger, root in await _ledgers(conn, paths):
            pack = moment.rules.pack(root, on)
            known = pack.file.schemes.get(scheme)
            if known is None:
                continue
            looked = await sheet(conn, ledger, scheme, on)
            found += covered(looked, scheme, known, pack, paths)
    return found


LEDGERS = text("select unit, ledger, path from unit where unit = ledger order by unit")


async def _ledgers(conn: Any, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Counties that a jurisdiction reaches into."""
    rows = (await conn.execute(LEDGERS)).all()
    return [
        (row.ledger, row.path)
        for row in rows
        if any(p == "*" or p.startswith(row.path) or row.path.startswith(p) for p in paths)
    ]


async def _schemes(found: Visit) -> dict[str, Scheme]:
    """The schemes of the first county that the viewer reaches; 404 where there is none yet."""
    paths = paths_for(found.viewer, "responsibility.view", found.today)
    async with found.edge.service.engine.connect() as conn:
        ledgers = await _ledgers(conn, paths)
    if not ledgers:
        raise HTTPException(404)
    return pack_of(found, ledgers[0][1]).file.schemes


async def _page(found: Visit, code: str, on: date | None) -> CoveragePage:
    schemes = await _schemes(found)
    code = code or next(iter(schemes), "")
    scheme = schemes.get(code)
    if scheme is None:
        raise HTTPException(404)
    chosen = on or found.today
    rows = await _of_viewer(found.edge, found.viewer, found.moment, code, chosen)
    holes = sum(one.hole for one in rows)
    overlaps = sum(one.overlap for one in rows)
    about = f"{holes} 处无人，{overlaps} 处重复" if holes or overlaps else "处处有人负责"
    return CoveragePage(
        title=f"责任覆盖：{scheme.zh}",
        about=about,
        scheme=code,
        on=chosen.isoformat(),
        filters=tuple(
            Link(text=one.zh, href=f"/casework/coverage?{urlencode({'scheme': name})}")
            for name, one in schemes.items()
        ),
        chosen=scheme.zh,
        tiers=await _tiers(found, code, scheme, rows),
    )


async def _tiers(
    found: Visit, code: str, scheme: Scheme, rows: Sequence[Covered]
) -> tuple[TierRows, ...]:
    """Holes first, then overlaps, then the rest as far as the page goes."""
    drawn: list[TierRows] = []
    for tier in scheme.tiers:
        mine = [one for one in rows if one.tier == tier.code]
        mine.sort(key=lambda one: (not one.hole, not one.overlap, one.path, one.target))
        shown = mine[:ROWS_SHOWN]
        held = sum(not one.hole for one in mine)
        drawn.append(
            TierRows(
                name=tier.zh,
                summary=f"{held}/{len(mine)}",
                rows=await _rows(found, code, shown),
                more=f"还有 {len(mine) - len(shown)} 处" if len(mine) > len(shown) else "",
            )
        )
    return tuple(drawn)


async def _rows(found: Visit, scheme: str, shown: Sequence[Covered]) -> tuple[Row, ...]:
    people = {one for row in shown for one in row.holders}
    people |= {row.target for row in shown if row.target_kind in {"child", "guardian"}}
    known = await people_named(found, people)
    places = await places_named(found)
    return tuple(_row(found, scheme, one, known, places) for one in shown)


def _row(
    found: Visit, scheme: str, one: Covered, known: dict[str, str], places: dict[str, str]
) -> Row:
    assigns = may(found.viewer, "responsibility.assign", one.path, found.today)
    query = urlencode({"scheme": scheme, "tier": one.tier, "target": one.target})
    grade = one.target.partition("-") if one.target_kind == "grade" else None
    target = f"{places.get(grade[0], '')}{grade[2]}年级" if grade else places.get(one.target)
    where = [places.get(part, "") for part in one.path.split("/")[3:]]
    return Row(
        target=target or known.get(one.target, UNNAMED),
        where=" ".join(part for part in where if part),
        holders=tuple(known.get(holder, holder) for holder in one.holders),
        since=one.since.isoformat() if one.since else "",
        state="hole" if one.hole else "overlap" if one.overlap else "",
        derived=one.derived,
        href=f"/casework/coverage/assign?{query}" if assigns else "",
    )


__all__ = ["CoveragePage", "Sheet", "router"]
