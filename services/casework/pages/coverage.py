"""责任覆盖: which target of a scheme has no holder or two, on any day, and the next one to mend."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.casework.pages.coverage_look import Looked, Named, look_at, named, schemes_of
from services.casework.pages.coverage_panel import panel
from services.casework.pages.drawing import begin
from services.casework.queries.coverage import Covered
from services.casework.queries.matrix import Cell, Gap, counts, gaps, lines
from shared.console import Visit
from shared.edge import Edge
from shared.policy.duty_schema import Scheme
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Link
from shared.web.models.responsibility import (
    CellView,
    CoveragePage,
    GapLine,
    LineView,
    UnitGaps,
)

HERE = "/casework/coverage"
# The list of all gaps shows so many; of a county without any assignment there are thousands.
GAPS_SHOWN = 300
IDLE_SHOWN = 40
# With the panel beside it the page stays below what one reading names.
PEOPLE_SHOWN = 220
HOLDERS_SHOWN = 3
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address says: `hole` is `TIER:PLACE`; `all` lists every gap."""

    scheme: str
    on: date | None = None
    unit: str = ""
    hole: str = ""
    all: bool = False

    def href(self, **change: Any) -> str:
        known = {"scheme": self.scheme, "on": self.on, "unit": self.unit} | change
        return f"{HERE}?{urlencode({k: v for k, v in known.items() if v})}"


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
        moment = await edge.moment()
        looked = await look_at(edge, viewer, moment, scheme, moment.today)
        one = next((r for r in looked.all if r.tier == tier and r.target == target), None)
        if one is None or not may(viewer, "responsibility.assign", one.path, moment.today):
            raise HTTPException(404)
        asked = Asked(scheme=scheme)
        return RedirectResponse(asked.href(hole=f"{tier}:{one.at}"), 303)

    @api.get("/coverage.jsonl")
    async def json_lines(
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        on: date | None = None,
        all: bool = False,
    ) -> Response:
        moment = await edge.moment()
        looked = await look_at(edge, viewer, moment, scheme, on or moment.today)
        wanted = [one for one in looked.all if all or one.hole or one.overlap]
        body = "".join(_line(_told(scheme, one)) for one in wanted)
        idle = [{"scheme": scheme, "staff": one, "state": "idle"} for one in looked.idle]
        body += "".join(map(_line, idle)) if all else ""
        return Response(body, media_type="application/x-ndjson")

    return api


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
        "holders": list(one.holders),
        "since": one.since.isoformat() if one.since else None,
        "derived": one.derived,
        "state": state,
    }


async def coverage_page(found: Visit, asked: Asked) -> CoveragePage:
    """The whole page: what is wrong first, then unit by unit, then the panel of one gap."""
    schemes = await schemes_of(found)
    code = asked.scheme or next(iter(schemes))
    on = asked.on or found.today
    asked = Asked(scheme=code, on=asked.on, unit=asked.unit, hole=asked.hole, all=asked.all)
    looked = await look_at(found.edge, found.viewer, found.moment, code, on)
    scheme = looked.scheme
    if scheme is None or looked.pack is None:
        raise HTTPException(404)
    tiers = [tier.code for tier in scheme.tiers]
    everything = gaps(looked.all, tiers)
    chosen = next((g for g in everything if f"{g.tier}:{g.at}" == asked.hole), None)
    unit = _unit(looked, asked.unit, chosen, everything, asked.all)
    mine = [one for one in looked.all if f"{one.path}/".startswith(f"{unit}/")]
    holes = [one for one in mine if one.hole]
    table = _chosen_tiers(lines(mine, unit))
    listed = [g for g in everything if f"{g.path}/".startswith(f"{unit}/")] if asked.all else []
    names = await named(found, _people(table, listed, looked.idle))
    next_gap = _after(everything, chosen)
    next_href = asked.href(hole=f"{next_gap.tier}:{next_gap.at}") if next_gap else asked.href()
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
        all_gaps=Link(text=f"逐个看空缺（{_few(everything)}）", href=asked.href(all=1, unit="")),
        up=_up(looked, unit, names, asked),
        units=_units(looked, unit, names, asked),
        tiers=tuple(tier.zh for tier in scheme.tiers if _shown(table, tier.code)),
        lines=_lines(table, scheme, unit, names, asked, chosen),
        panel=await panel(found, looked, code, chosen, _next(next_gap, next_href), next_href)
        if chosen
        else None,
        gaps=_gap_lines(listed, scheme, names, asked) if asked.all else None,
        more=f"还有 {len(listed) - GAPS_SHOWN} 处" if len(listed) > GAPS_SHOWN else "",
        idle=tuple(names.holder(one) for one in looked.idle[:IDLE_SHOWN]),
        others=_others(code, asked),
    )


def _few(everything: Sequence[Gap]) -> int:
    return sum(1 for gap in everything if not gap.double)


def _about(scheme: Scheme, looked: Looked) -> str:
    tiers = "、".join(tier.zh for tier in scheme.tiers)
    version = looked.pack.version if looked.pack else ""
    return f"{scheme.zh}（{tiers}），规则 {version[:8]}。粗框是空缺，虚线框是重复。"


def _sheet(scheme: str, on: date, unit: str) -> str:
    query = urlencode({"scheme": scheme, "on": on.isoformat(), "unit": unit.rpartition("/")[2]})
    return f"{HERE}/sheet?{query}"


def _others(scheme: str, asked: Asked) -> tuple[Link, ...]:
    """The other pages about who answers for what."""
    return (
        Link(text="按去年拟新学年的责任表", href=f"{HERE}/year?{urlencode({'scheme': scheme})}"),
        Link(text="从表格导入", href="/enrollment/imports?kind=assignments"),
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


def _tops(looked: Looked) -> list[str]:
    return [path if path != "*" else looked.root for path in looked.paths]


def _unit_of(path: str, units: set[str]) -> str:
    """The nearest unit of a gap that has lines below it: a class stands in its school's."""
    while path and path not in units:
        path = path.rpartition("/")[0]
    return path


def _chosen_tiers(table: dict[str, dict[str, Cell]]) -> dict[str, dict[str, Cell]]:
    return {key: cells for key, cells in table.items() if cells}


def _shown(table: dict[str, dict[str, Cell]], tier: str) -> bool:
    return any(tier in cells for cells in table.values())


def _people(
    table: dict[str, dict[str, Cell]], listed: Sequence[Gap], idle: Sequence[str]
) -> set[str]:
    """Whom the page names: holders of single targets, single holes of people, the idle."""
    people: set[str] = set()
    for cells in table.values():
        for cell in cells.values():
            if len(cell.targets) == 1:
                people |= set(cell.targets[0].holders[:HOLDERS_SHOWN]) | {cell.targets[0].target}
    for gap in listed[:GAPS_SHOWN]:
        if gap.double:
            people.add(gap.targets[0].target)
    return set(sorted(people)[:PEOPLE_SHOWN]) | set(idle[:IDLE_SHOWN])


def _lines(
    table: dict[str, dict[str, Cell]],
    scheme: Scheme,
    unit: str,
    names: Named,
    asked: Asked,
    chosen: Gap | None,
) -> tuple[LineView, ...]:
    tiers = [tier.code for tier in scheme.tiers if _shown(table, tier.code)]
    own = unit.rpartition("/")[2]
    drawn: list[LineView] = []
    called = {key: names.of("grade" if _is_grade(key) else "", key) for key in table}
    for key in sorted(table, key=lambda key: (key != own, not _is_grade(key), called[key])):
        cells, name = table[key], called[key]
        inside = key != own and not _is_grade(key) and key.isdigit()
        drawn.append(
            LineView(
                name=name,
                href=asked.href(unit=key) if inside else "",
                cells=tuple(_cell(cells.get(t), t, key, names, asked, chosen) for t in tiers),
            )
        )
    return tuple(drawn)


def _is_grade(key: str) -> bool:
    head, dash, number = key.partition("-")
    return bool(dash) and head.isdigit() and number.isdigit()


def _cell(
    cell: Cell | None, tier: str, key: str, names: Named, asked: Asked, chosen: Gap | None
) -> CellView:
    if cell is None or not cell.targets:
        return CellView(text="")
    gap = next(iter([*cell.holes, *cell.overlaps]), None)
    at = (gap.target if gap.overlap else gap.at) if gap else ""
    href = asked.href(hole=f"{tier}:{at}") if gap else ""
    state = "hole" if cell.holes else "double" if cell.overlaps else ""
    here = chosen is not None and (chosen.tier, chosen.at) == (tier, at)
    if len(cell.targets) > 1:
        held = len(cell.targets) - len(cell.holes)
        kind = cell.targets[0].target_kind
        counter = "人" if kind in {"child", "guardian", "staff"} else "处"
        lacking = f"缺 {len(cell.holes)} {counter}" if cell.holes else ""
        lacking = lacking or (f"{len(cell.overlaps)} 处重复" if cell.overlaps else "")
        text = f"{held}/{len(cell.targets)}"
        return CellView(text=text, state=state, lacking=lacking, href=href, chosen=here)
    one = cell.targets[0]
    holders = "、".join(names.holder(who) for who in one.holders[:HOLDERS_SHOWN])
    more = len(one.holders) - HOLDERS_SHOWN
    text = "无人" if one.hole else holders + (f"等 {len(one.holders)} 人" if more > 0 else "")
    return CellView(
        text=text,
        lead=names.target(one) if one.target != key else "",
        state=state,
        lacking=f"{len(one.holders)} 人" if one.overlap else "",
        note="随任职" if one.derived else "",
        href=href,
        chosen=here,
    )


def _units(looked: Looked, unit: str, names: Named, asked: Asked) -> tuple[UnitGaps, ...]:
    """The parts of the viewer's whole, and the whole; a school has no such list."""
    root = looked.root
    known = {path for one in looked.sheets for path in one.holding.paths.values()}
    below = {p: n for p, n in counts(looked.all, root.count("/") + 1).items() if p in known}
    if not [path for path in below if path != root]:
        return ()
    whole = (sum(one.hole for one in looked.all), sum(one.overlap for one in looked.all))
    listed = sorted(path for path in below if path != root)
    found = [(path, below[path]) for path in listed]
    return tuple(
        UnitGaps(
            name=names.places.get(path.rpartition("/")[2], ""),
            href=asked.href(unit=path.rpartition("/")[2]),
            holes=holes,
            doubles=doubles,
            chosen=path == unit or (path != root and unit.startswith(f"{path}/")),
        )
        for path, (holes, doubles) in [*found, (root, whole)]
    )


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


def _next(gap: Gap | None, href: str) -> Link | None:
    return Link(text="先看下一处", href=href) if gap else None


def _gap_lines(
    listed: Sequence[Gap], scheme: Scheme, names: Named, asked: Asked
) -> tuple[GapLine, ...]:
    drawn: list[GapLine] = []
    for gap in listed[:GAPS_SHOWN]:
        tier = scheme.tier(gap.tier)
        one = gap.targets[0]
        alone = len(gap.targets) == 1 and one.target_kind not in {"child", "guardian", "staff"}
        title = names.target(one) if alone or gap.double else names.where(gap.path)
        counter = "人" if one.target_kind in {"child", "guardian", "staff"} else "处"
        many = "" if alone else f"，{len(gap.targets)} {counter}"
        doubled = f"{len(one.holders)} 人重复"
        drawn.append(
            GapLine(
                title=f"{title}　{tier.zh if tier else gap.tier}",
                where=names.where(gap.path.rpartition("/")[0] if alone else gap.path),
                said=doubled if gap.double else f"无人{many}",
                href=asked.href(hole=f"{gap.tier}:{gap.at}"),
                double=gap.double,
            )
        )
    return tuple(drawn)


__all__ = ["coverage_page", "router"]
