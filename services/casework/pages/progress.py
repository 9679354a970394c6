"""过程完成情况 and 计划与实际: of what fell due what was done, and which event shows it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.drawing import pack_of
from services.casework.pages.known import places_named
from services.casework.pages.policy import begin_policy, sisters
from services.casework.pages.terms import Span, term_of
from services.casework.queries import progress
from services.casework.queries.rules import Unit
from shared.console import Visit
from shared.contracts.words import time_words, until_words
from shared.edge import Edge
from shared.policy.pack import Pack
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.tables import Cell, Section, TablesPage

STATES = {
    "done": ("按时办的", ("satisfied",)),
    "late": ("迟办的", ("late",)),
    "missed": ("没有办的", ("armed", "breached")),
    "all": ("应办的", ("satisfied", "late", "armed", "breached")),
}
STATE_WORDS = {"satisfied": "已办", "late": "迟办", "breached": "超期", "armed": "未到期"}
FIGURE_COLUMNS = ("应办", "按时", "迟办", "未办", "完成率")


def router(edge: Edge) -> APIRouter:
    """`/casework/progress`, `/casework/progress/{kind}`, `/casework/plans`."""
    api = APIRouter(prefix="/casework")

    @api.get("/progress")
    async def page(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "progress")
        return await found.html("tables.html", await _progress(found, where), "policy")

    @api.get("/progress/{kind}")
    async def behind(
        kind: str,
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        unit: str = "",
        state: str = "all",
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "progress.duties")
        if state not in STATES:
            raise HTTPException(404)
        page = await _behind(found, where, kind, state)
        return await found.html("tables.html", page, "policy")

    @api.get("/plans")
    async def plans(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "plans")
        return await found.html("tables.html", await _plans(found, where), "policy")

    return api


async def _progress(found: Visit, where: Unit) -> TablesPage:
    term, pack = await term_of(found, where), pack_of(found, where.path)
    until = min(term.until, found.moment.now)
    async with viewing(found.edge.service.engine, found.viewer, "policy.view", found.today) as conn:
        kinds = await progress.by_kind(conn, where.path, term.since, until)
        units = await progress.by_unit(conn, where.path, term.since, until)
    places = await places_named(found)
    due, done = sum(row.due for row in kinds), sum(row.done for row in kinds)
    return TablesPage(
        title="过程完成情况",
        about=f"{where.name}，{term.said}：应办 {due} 件，按时 {done} 件",
        filters=sisters(where),
        chosen="过程完成情况",
        explain="每个数都点得开，看到的就是这些任务；撤销的不算。",
        sections=(
            Section(
                title="各项工作",
                columns=("任务", *FIGURE_COLUMNS),
                rows=tuple(_of_kind(pack, where, row) for row in kinds),
                nothing="还没有到期的任务。",
            ),
            Section(
                title="各单位",
                columns=("单位", *FIGURE_COLUMNS),
                rows=tuple(_of_unit(row, places) for row in units if row.unit in places),
                nothing="下面没有单位。",
            ),
        ),
    )


def _of_kind(pack: Pack, where: Unit, row: Any) -> tuple[Cell, ...]:
    kind = pack.file.duties.get(row.kind)

    def link(state: str) -> str:
        return f"/casework/progress/{row.kind}?unit={where.unit}&state={state}"

    return (Cell(text=kind.zh if kind else row.kind, soft=row.kind), *_figures(row, link))


def _of_unit(row: Any, places: dict[str, str]) -> tuple[Cell, ...]:
    name = Cell(text=places[row.unit], href=f"/casework/progress?unit={row.unit}")
    return (name, *_figures(row, lambda _: f"/casework/progress?unit={row.unit}"))


def _figures(row: Any, link: Callable[[str], str]) -> Iterable[Cell]:
    yield Cell(text=str(row.due), href=link("all"))
    yield Cell(text=str(row.done), href=link("done") if row.done else "")
    yield Cell(text=str(row.late), href=link("late") if row.late else "")
    missed = bool(row.missed)
    yield Cell(text=str(row.missed), href=link("missed") if missed else "", urgent=missed)
    yield Cell(text=f"{row.done * 100 // row.due}%")


async def _behind(found: Visit, where: Unit, kind: str, state: str) -> TablesPage:
    """The duties that a figure counts."""
    term, pack = await term_of(found, where), pack_of(found, where.path)
    until = min(term.until, found.moment.now)
    words, states = STATES[state]
    async with viewing(found.edge.service.engine, found.viewer, "policy.view", found.today) as conn:
        rows = await progress.planned(conn, where.path, [kind], states, term.since, until)
    named = pack.file.duties.get(kind)
    return TablesPage(
        title=f"{named.zh if named else kind}：{words}",
        about=f"{where.name}，{term.said}：{len(rows)} 件",
        back=f"/casework/progress?unit={where.unit}",
        sections=(_lines(found, pack, "任务", rows, await places_named(found)),),
    )


def _lines(
    found: Visit, pack: Pack, title: str, rows: Sequence[Any], places: dict[str, str]
) -> Section:
    return Section(
        title=title,
        columns=("任务", "对象", "期限", "结果", "证据"),
        rows=tuple(_line(found, pack, row, places) for row in rows),
        note=f"只列最近 {progress.LINES_SHOWN} 件" if len(rows) == progress.LINES_SHOWN else "",
        nothing="没有。",
    )


def _line(found: Visit, pack: Pack, row: Any, places: dict[str, str]) -> tuple[Cell, ...]:
    kind = pack.file.duties.get(row.kind)
    overdue = row.state == "breached"
    school = next((places[one] for one in row.path.split("/")[4:5] if one in places), "")
    whom = row.klass_name or places.get(row.target) or row.unit_name or school
    return (
        Cell(text=kind.zh if kind else row.kind, soft=row.period),
        Cell(text=whom, soft=school if row.klass_name else ""),
        Cell(text=until_words(row.due_at)),
        Cell(
            text=STATE_WORDS[row.state],
            soft=time_words(row.ended_at) if row.ended_at else "",
            urgent=overdue,
        ),
        _evidence(found, row),
    )


def _evidence(found: Visit, row: Any) -> Cell:
    """The event that shows it, by its place in its ledger."""
    shown = row.evidence[-1] if row.evidence else None
    if shown is None:
        return Cell(text="—")
    place = f"{shown['ledger']} {shown['service']} {shown['seq']}"
    address = f"/audit/entries/{shown['service']}/{shown['ledger']}/{shown['seq']}"
    replays = may(found.viewer, "replay", row.path, found.today)
    return Cell(text=place, href=address if replays else "")


async def _plans(found: Visit, where: Unit) -> TablesPage:
    """Every plan item of the term: it has its evidence, is overdue, or lies ahead."""
    term, pack = await term_of(found, where), pack_of(found, where.path)
    kinds = [code for code, kind in pack.file.duties.items() if kind.arm.every]
    async with viewing(found.edge.service.engine, found.viewer, "policy.view", found.today) as conn:
        units = await progress.plan_units(conn, where.path, kinds, term.since, term.until)
        overdue = await progress.planned(
            conn, where.path, kinds, ("breached",), term.since, term.until
        )
        shown = await progress.planned(
            conn, where.path, kinds, ("satisfied", "late"), term.since, term.until
        )
    places = await places_named(found)
    return TablesPage(
        title="计划与实际",
        about=_said(where, term, units),
        filters=sisters(where),
        chosen="计划与实际",
        explain="规则定了周期的每一项都是计划：有证据，或者超期，或者还没到期，没有第四种。",
        sections=(
            _by_unit(where, units, places),
            _lines(found, pack, "超期、没有证据的", overdue, places),
            _lines(found, pack, "有证据的", shown, places),
        ),
    )


def _said(where: Unit, term: Span, units: Sequence[Any]) -> str:
    planned, shown = sum(row.planned for row in units), sum(row.shown for row in units)
    return f"{where.name}，{term.said}：计划 {planned} 项，{shown} 项有证据"


def _by_unit(where: Unit, units: Sequence[Any], places: dict[str, str]) -> Section:
    return Section(
        title="各单位",
        columns=("单位", "计划", "有证据", "超期", "未到期"),
        rows=tuple(
            (
                Cell(
                    text=places.get(row.unit, where.name),
                    href=f"/casework/plans?unit={row.unit}" if row.unit in places else "",
                    soft="" if row.unit in places else "本单位",
                ),
                Cell(text=str(row.planned)),
                Cell(text=str(row.shown)),
                Cell(text=str(row.overdue), urgent=bool(row.overdue)),
                Cell(text=str(row.ahead)),
            )
            for row in units
        ),
        nothing="本学期还没有计划。",
    )
