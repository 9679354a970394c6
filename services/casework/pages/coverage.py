"""责任覆盖: which target of a scheme has no holder or two, on any day, and the next one to mend."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.casework.pages.coverage_look import Looked, Named, look_at, named, schemes_of
from services.casework.pages.coverage_panel import panel
from services.casework.pages.coverage_table import (
    GAPS_SHOWN,
    HERE,
    IDLE_SHOWN,
    Asked,
    gap_lines,
    lines_of,
    people_of,
    shown_in,
    units_of,
)
from services.casework.pages.drawing import begin
from services.casework.queries.coverage import Covered
from services.casework.queries.matrix import Gap, counts, gaps, lines, living_in
from shared.access_words import Right
from shared.commands import FieldsInvalid
from shared.console import Visit
from shared.edge import Edge
from shared.policy.duty_schema import Scheme
from shared.rights import Viewer, may, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Link
from shared.web.models.responsibility import CoveragePage, GapPanel

A_DAY = timedelta(days=1)
ASSIGN: Right = "responsibility.assign"


def router(edge: Edge) -> APIRouter:
    """`/casework/coverage` and `/casework/coverage.jsonl`."""
    api = APIRouter(prefix="/casework")

    @api.get("/coverage")
    async def page(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str = "",
        on: date | None = None,
        unit: str = "",
        hole: str = "",
        all: bool = False,
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "coverage", "responsibility.view")
        asked = Asked(scheme=scheme, on=on, unit=unit, hole=hole, all=all)
        return await found.html("coverage.html", await coverage_page(found, asked), "duties")

    @api.get("/coverage/assign")
    async def assign_form(
        viewer: Annotated[Viewer, Depends(signed_in)], scheme: str, tier: str, target: str
    ) -> Response:
        """An older address of one hole: its panel stands on the coverage page now."""
        return await _to_panel(edge, viewer, scheme, tier, target)

    @api.get("/coverage.jsonl")
    async def json_lines(
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        on: date | None = None,
        all: bool = False,
    ) -> Response:
        body = await _json_lines(edge, viewer, scheme, on, all)
        return Response(body, media_type="application/x-ndjson")

    return api


async def _to_panel(edge: Edge, viewer: Viewer, scheme: str, tier: str, target: str) -> Response:
    moment = await edge.moment()
    looked = await look_at(edge, viewer, moment, scheme, moment.today)
    one = next((r for r in looked.all if r.tier == tier and r.target == target), None)
    if one is None or not may(viewer, ASSIGN, one.path, moment.today):
        raise HTTPException(404)
    asked = Asked(scheme=scheme)
    return RedirectResponse(asked.href(hole=f"{tier}:{one.at}"), 303)


async def _json_lines(
    edge: Edge, viewer: Viewer, scheme: str, on: date | None, everything: bool
) -> str:
    """Holes and overlaps; `everything`: what is held too, and who holds nothing."""
    moment = await edge.moment()
    looked = await look_at(edge, viewer, moment, scheme, on or moment.today)
    if looked.paths and looked.scheme is None:
        say = f"那一天的规则里没有责任制“{scheme}”。核对代码和日期；有哪些，看责任覆盖页。"
        raise FieldsInvalid(say, field="scheme")
    wanted = [one for one in looked.all if everything or one.hole or one.overlap]
    told = [_told(scheme, one) for one in wanted]
    if everything:
        told += [{"scheme": scheme, "staff": one, "state": "idle"} for one in looked.idle]
    return "".join(map(_line, told))


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"


def _told(scheme: str, one: Covered) -> dict[str, Any]:
    """A target as scripts read it: `state` hole, overlap or held."""
    state = "hole" if one.hole else "overlap" if one.overlap else "held"
    return {
        "scheme": scheme,
        "tier": one.tier,
        "target_kind": one.target_kind,
        "target": one.target,
        "unit": one.path.rsplit("/", 1)[-1],
        "village": one.home.rpartition("/")[2] or None,
        "holders": list(one.holders),
        "since": one.since.isoformat() if one.since else None,
        "derived": one.derived,
        "state": state,
    }


async def coverage_page(found: Visit, asked: Asked) -> CoveragePage:
    """The whole page: what is wrong first, then unit by unit, then the panel of one gap."""
    schemes = await schemes_of(found)
    assigns = tuple(paths_for(found.viewer, ASSIGN, found.today))
    asked = replace(asked, scheme=asked.scheme or next(iter(schemes)), assigns=assigns)
    code, on = asked.scheme, asked.on or found.today
    looked = await look_at(found.edge, found.viewer, found.moment, code, on)
    scheme = looked.scheme
    if scheme is None or looked.pack is None:
        raise HTTPException(404)
    tiers = [tier.code for tier in scheme.tiers]
    everything = gaps(looked.all, tiers)
    chosen = next((g for g in everything if f"{g.tier}:{g.at}" == asked.hole), None)
    unit = _unit(looked, asked.unit, chosen, everything, asked.all)
    mine = [there for one in looked.all if (there := living_in(one, unit))]
    holes = [one for one in mine if one.hole]
    table = {} if asked.all else lines(mine, unit)  # instead of it the gaps are listed
    listed = [g for g in everything if f"{g.path}/".startswith(f"{unit}/")] if asked.all else []
    names = await named(found, people_of(table, listed, looked.idle))
    names = _with_schools(names, looked, unit)
    return CoveragePage(
        title="责任",
        place=names.places.get(unit.rpartition("/")[2], ""),
        holes=len(holes),
        children=len(looked.children_of(holes)),
        doubles=sum(one.overlap for one in mine),
        about=_about(scheme, looked),
        schemes=tuple(Link(text=s.zh, href=asked.href(scheme=c)) for c, s in schemes.items()),
        chosen=scheme.zh,
        scheme=code,
        unit=asked.unit,
        on=on.isoformat(),
        before=asked.href(on=on - A_DAY),
        after=asked.href(on=on + A_DAY),
        print=Link(text="打印责任分解表", href=_sheet(code, on, unit)),
        all_gaps=Link(text=f"逐个看空缺（{_holes(everything)}）", href=asked.href(all=1, unit="")),
        up=_up(looked, unit, names, asked),
        units=units_of(looked, unit, names, asked),
        tiers=tuple(tier.zh for tier in scheme.tiers if shown_in(table, tier.code)),
        lines=lines_of(table, scheme, unit, names, asked, chosen),
        panel=await _panel(found, looked, asked, everything, chosen),
        gaps=gap_lines(listed, scheme, names, asked) if asked.all else None,
        more=f"还有 {len(listed) - GAPS_SHOWN} 处" if len(listed) > GAPS_SHOWN else "",
        idle=tuple(names.holder(one) for one in looked.idle[:IDLE_SHOWN]),
        others=_others(code, assigns=bool(assigns)),
    )


async def _panel(
    found: Visit, looked: Looked, asked: Asked, everything: Sequence[Gap], chosen: Gap | None
) -> GapPanel | None:
    """The chosen gap's panel, which leads on to the next one."""
    if chosen is None:
        return None
    after = _after(everything, chosen)
    href = asked.href(hole=f"{after.tier}:{after.at}") if after else asked.href()
    nearby = Link(text="先看下一处", href=href) if after else None
    return await panel(found, looked, asked.scheme, chosen, nearby, href)


def _holes(everything: Sequence[Gap]) -> int:
    return sum(len(gap.targets) for gap in everything if not gap.double)


def _about(scheme: Scheme, looked: Looked) -> str:
    tiers = "、".join(tier.zh for tier in scheme.tiers)
    version = looked.pack.version if looked.pack else ""
    return f"{scheme.zh}（{tiers}），规则 {version[:8]}。粗框是空缺，虚线框是重复。"


def _sheet(scheme: str, on: date, unit: str) -> str:
    query = urlencode({"scheme": scheme, "on": on.isoformat(), "unit": unit.rpartition("/")[2]})
    return f"{HERE}/sheet?{query}"


def _others(scheme: str, *, assigns: bool) -> tuple[Link, ...]:
    """The other pages about who answers for what, without those that refuse who only looks."""
    year = f"{HERE}/year?{urlencode({'scheme': scheme})}"
    assigning = (
        Link(text="按去年拟新学年的责任表", href=year),
        Link(text="从表格导入", href="/enrollment/imports?kind=assignments"),
    )
    return (
        *(assigning if assigns else ()),
        Link(text="领导小组", href="/casework/bodies"),
        Link(text="会议和工作记录", href="/casework/activities"),
        Link(text="目标分解", href="/casework/targets"),
        Link(text="等上级的个案", href="/casework/escalated"),
    )


def _unit(
    looked: Looked, asked: str, chosen: Gap | None, everything: Sequence[Gap], everywhere: bool
) -> str:
    """The path that is looked into: asked for, that of the chosen gap, else where most is wrong."""
    root = looked.root
    paths = {path for one in looked.sheets for path in one.holding.paths.values()}
    if asked:
        path = next((p for p in paths if p.rpartition("/")[2] == asked), None)
        if path is None or not any(f"{path}/".startswith(f"{top}/") for top in _tops(looked)):
            raise HTTPException(404)
        return path
    if chosen is not None:
        return _unit_of(chosen.path, paths)
    if everywhere:
        return root
    below = counts(looked.all, root.count("/") + 1)
    worst = max(below, key=lambda path: below[path], default=root)
    is_county = root.count("/") == COUNTY_DEPTH
    return worst if is_county and everything and worst in paths else root


COUNTY_DEPTH = 2


def _with_schools(names: Named, looked: Looked, unit: str) -> Named:
    """In a village classes of several schools stand side by side."""
    paths = {one.path for one in looked.all if one.home == unit}
    called = {path.rpartition("/")[2]: names.where(path) for path in paths}
    return replace(names, places=names.places | called) if called else names


def _tops(looked: Looked) -> list[str]:
    return [path if path != "*" else looked.root for path in looked.paths]


def _unit_of(path: str, units: set[str]) -> str:
    """The nearest unit of a gap that has lines below it: a class stands in its school's."""
    while path and path not in units:
        path = path.rpartition("/")[0]
    return path


def _up(looked: Looked, unit: str, names: Named, asked: Asked) -> Link | None:
    if unit == looked.root:
        return None
    above = unit.rpartition("/")[0]
    code = above.rpartition("/")[2]
    return Link(text=names.places.get(code, ""), href=asked.href(unit=code))


def _after(everything: Sequence[Gap], chosen: Gap | None) -> Gap | None:
    """The gap after the chosen one; after the last comes the first again."""
    if chosen is None or len(everything) < 2:
        return None
    place = everything.index(chosen)
    return everything[(place + 1) % len(everything)]


__all__ = ["coverage_page", "router"]
