"""The ledger of cases (台账): filtered, ordered by what is due, exported as a spreadsheet."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from services.casework.pages import sheet
from services.casework.pages.alerts import plain
from services.casework.pages.case import case_page, open_case
from services.casework.pages.drawing import UNNAMED, begin, names, pack_of
from services.casework.pages.today import all_due
from services.casework.queries import boards
from services.casework.queries.boards import Found
from services.casework.queries.duties import Due
from shared.answers import wants_page
from shared.console import Visit
from shared.contracts.case_view import CaseView, open_steps
from shared.contracts.state_names import STATE_NAMES
from shared.contracts.words import until_words, word
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event import business_day
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.case import CaseRow, CasesPage
from shared.web.models.layout import Link

FILTERS = {
    "open": "在办",
    "near": "接近辍学",
    "risk": "有辍学风险",
    "returned": "复学后仍有风险",
    "closed": "已销号",
    "all": "全部",
}
SILENT = Link(text="久未记观察的班", href="/casework/observations")
# Which alerts stand in the ledger beside the cases, for they are no cases yet.
WITH_ALERTS = {"near": "near", "risk": "open"}
WITH_CASES = {"open": "open", "risk": "risk", "returned": "returned", "closed": "closed"}


class TooManyRows(CommandRejected):
    """More children than one record of reading can name."""

    code = "too_many_rows"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger: the record, and what is due first."""

    row: Found[Any]
    due: Due | None


def router(edge: Edge) -> APIRouter:
    """`/casework/cases` as a page or JSON, `/casework/cases.xlsx`, `/casework/cases/{stream}`."""
    api = APIRouter(prefix="/casework")

    @api.get("/cases", response_model=None)
    async def cases(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        filter: str = "open",
        page: int = 0,
    ) -> Response:
        found = await begin(edge, request, viewer, "cases", "case.view")
        lines = await ledger_lines(found, filter, boards.READ_LIMIT_ROWS)
        if not wants_page(request):
            shown = [as_json(found, line.row) for line in part_of(lines, page)]
            return JSONResponse({"cases": shown, "total": len(lines)})
        drawn = await _page(found, lines, filter, max(page, 0))
        return await found.html("cases.html", drawn, "cases")

    @api.get("/cases.xlsx")
    async def export(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], filter: str = "open"
    ) -> Response:
        found = await begin(edge, request, viewer, "cases.xlsx", "export.create", "oversight")
        lines = await ledger_lines(found, filter, boards.READ_LIMIT_ROWS)
        parts = [
            await _exported(found, lines[start : start + sheet.PART_ROWS])
            for start in range(0, max(len(lines), 1), sheet.PART_ROWS)
        ]
        return await sheet.answer(
            found, FILTERS.get(filter, "在办"), [li.row for li in lines], parts
        )

    @api.get("/cases/{stream}", response_model=None)
    async def case(
        stream: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found, row = await open_case(edge, request, viewer, stream, "case")
        if not wants_page(request):
            return JSONResponse(as_json(found, row))
        return await found.html("case.html", await case_page(found, row), "cases")

    return api


async def ledger_lines(found: Visit, filter: str, limit: int) -> list[Line]:
    """What the filter leaves of the viewer's jurisdiction: open first, the soonest due first."""
    engine, now = found.edge.service.engine, found.moment.now
    rows: list[Found[Any]] = []
    async with viewing(engine, found.viewer, "case.view", found.today) as conn:
        if filter in WITH_ALERTS:
            where = WITH_ALERTS[filter]
            rows += await boards.alerts(conn, where=where, now=now, limit=limit)
        if filter not in WITH_ALERTS or filter in WITH_CASES:
            where = WITH_CASES.get(filter, "all")
            rows += await boards.cases(conn, where=where, limit=limit - len(rows))
    first: dict[str, Due] = {}
    for due in await all_due(found, rows):
        first.setdefault(due.stream, due)
    lines = [Line(row, first.get(row.stream)) for row in rows]
    return sorted(lines, key=_rank)


def _rank(line: Line) -> tuple[bool, bool, Any, int]:
    due, closed = line.due, line.row.view.state == "closed"
    when = due.due_at.timestamp() if due else 0
    return closed, due is None, when, -(due.weight if due else 0)


async def _exported(found: Visit, lines: list[Line]) -> sheet.Part:
    """A reading of its own for each part: one event can name so many children and no more."""
    old = found.reading
    own = found.edge.reading(found.viewer, old.ledger, old.purpose, old.page, found.today)
    part = replace(found, reading=own)
    return sheet.Part(part, await _rows(part, lines))


def part_of(lines: list[Line], page: int) -> list[Line]:
    first = max(page, 0) * boards.LIST_LIMIT_ROWS
    return lines[first : first + boards.LIST_LIMIT_ROWS]


async def _page(found: Visit, lines: list[Line], filter: str, page: int) -> CasesPage:
    rows = await _rows(found, part_of(lines, page))
    more = (page + 1) * boards.LIST_LIMIT_ROWS < len(lines)
    links = (Link(text=text, href=f"?filter={key}") for key, text in FILTERS.items())
    exports = may(found.viewer, "export.create", found.grant.path, found.today)
    return CasesPage(
        title="辍学学生工作台账",
        rows=tuple(rows),
        total=len(lines),
        filters=(*links, SILENT),
        chosen=FILTERS.get(filter, "在办"),
        export=Link(text="导出台账", href=f"/casework/cases.xlsx?filter={filter}")
        if exports
        else None,
        next_page=Link(text="下一页", href=f"?filter={filter}&page={page + 1}") if more else None,
    )


async def _rows(found: Visit, lines: list[Line]) -> list[CaseRow]:
    known = await names(found, [line.row for line in lines])
    return [_row(found, line, known.get(line.row.subject, UNNAMED)) for line in lines]


def _row(found: Visit, line: Line, name: str) -> CaseRow:
    row, due = line.row, line.due
    alert = row.stream.startswith("alert-")
    return CaseRow(
        number=row.number,
        name=name,
        href=f"/casework/{'alerts' if alert else 'cases'}/{row.stream}",
        school=row.about,
        state=_alert_state(row, found) if alert else STATE_NAMES[row.view.state]["zh"],
        opened_on=_since(row),
        owner="" if alert else _owner(row),
        next_step=due.title if due else "",
        due=until_words(due.due_at) if due else "",
        overdue=due is not None and due.due_at < found.moment.now,
        closed_on=business_day(row.view.closed_at) if not alert and row.view.closed_at else None,
    )


def _alert_state(row: Found[Any], found: Visit) -> str:
    sign = pack_of(found, row.path).code("signs", row.view.sign or "")
    # Restricted labels (厌学, 思想波动) are never shown in lists and exports.
    return sign.zh if sign and not sign.restricted else "待核实"


def _owner(row: Found[CaseView]) -> str:
    return word(row.view.owner_role) if row.view.owner_role else "无人"


def _since(row: Found[Any]) -> date:
    at = row.view.flagged_at if row.stream.startswith("alert-") else row.view.opened_at
    return business_day(at)


def as_json(found: Visit, row: Found[Any]) -> dict[str, Any]:
    """No personal value: codes, ids and times."""
    view = row.view
    shared = {"stream": row.stream, "version": row.version, "child": row.subject}
    shared |= {"path": row.path, "school": row.school, "state": view.state}
    if row.stream.startswith("alert-"):
        return shared | {"flagged_at": plain(view.flagged_at), "sign": view.sign}
    names_told = ("owner", "owner_role", "opened_at", "closed_at", "close_reason", "round")
    return (
        shared
        | {name: plain(getattr(view, name)) for name in names_told}
        | {"number": row.number, "open_steps": open_steps(view, found.today)}
        | {"observe_until": plain(view.observation_until), "review": view.review}
    )
