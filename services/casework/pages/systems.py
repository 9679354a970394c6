"""8 项制度 运行情况: owner, document, version of each system, and the events that show it runs."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.policy import begin_policy, sisters
from services.casework.pages.policy_words import role_words, source_cell
from services.casework.pages.terms import Span, term_of
from services.casework.queries import systems
from services.casework.queries.rules import Unit
from shared.console import Visit
from shared.contracts.words import time_words
from shared.edge import Edge
from shared.policy.duty_schema import System
from shared.policy.pack import Pack
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.layout import Link
from shared.web.models.tables import Cell, Section, TablesPage


def router(edge: Edge) -> APIRouter:
    """`/casework/systems`, `/casework/systems/{code}`."""
    api = APIRouter(prefix="/casework/systems")

    @api.get("")
    async def page(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "systems")
        return await found.html("tables.html", await _page(found, where), "policy")

    @api.get("/{code}")
    async def entries(
        code: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "systems.entries")
        return await found.html("tables.html", await _entries(found, where, code), "policy")

    return api


async def _page(found: Visit, where: Unit) -> TablesPage:
    pack = found.moment.rules.pack(where.path, found.today)
    term = await term_of(found, where)
    types = sorted(systems.proofs([pack]))
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "policy.view", found.today) as conn:
        counts = await systems.counted(conn, types, term.since)
        documents = await systems.documents(conn)
    rows = tuple(
        _row(found, where, pack, code, one, counts, documents)
        for code, one in pack.file.systems.items()
    )
    running = sum(not row[4].urgent for row in rows)
    return TablesPage(
        title="8项制度 运行情况",
        about=f"{where.name}，{term.said}：{running}/{len(rows)} 项有记录证明在运行",
        filters=sisters(where),
        chosen="8 项制度",
        actions=(Link(text="发布文件", href=f"/casework/policy/documents/new?unit={where.unit}"),)
        if may(found.viewer, "document.publish", where.path, found.today)
        else (),
        sections=(
            Section(
                title="各项制度",
                columns=("制度", "负责", "文件", "从哪天起", "运行记录"),
                rows=rows,
                nothing="现行规则没有列出制度。",
            ),
        ),
    )


def _row(
    found: Visit,
    where: Unit,
    pack: Pack,
    code: str,
    one: System,
    counts: dict[str, Any],
    documents: Sequence[Any],
) -> tuple[Cell, ...]:
    document = systems.standing(documents, one.document, found.today)
    n = sum(counts[kind].n for kind in one.proof if kind in counts)
    last = max((counts[kind].last for kind in one.proof if kind in counts), default=None)
    return (
        Cell(text=one.zh, soft=source_cell(pack, one.basis).text),
        Cell(text=role_words(one.owner)),
        Cell(
            text=f"{document.title}（{document.version}）" if document else "还没有发布",
            soft=f"{document.owner}，{document.sha256[:16]}" if document else "",
            urgent=document is None,
        ),
        Cell(text=document.valid_from.isoformat() if document else "—"),
        Cell(
            text=f"{n} 件",
            href=f"/casework/systems/{code}?unit={where.unit}" if n else "",
            soft=f"最近 {time_words(last)}" if last else "还没有记录",
            urgent=not n,
        ),
    )


async def _entries(found: Visit, where: Unit, code: str) -> TablesPage:
    pack = found.moment.rules.pack(where.path, found.today)
    system = pack.file.systems.get(code)
    if system is None:
        raise HTTPException(404)
    term: Span = await term_of(found, where)
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "policy.view", found.today) as conn:
        rows = await systems.entries(conn, system.proof, term.since)
    return TablesPage(
        title=system.zh,
        about=f"{where.name}，{term.said}：证明在运行的记录，新的在前",
        back=f"/casework/systems?unit={where.unit}",
        sections=(
            Section(
                title="记录",
                columns=("时间", "事", "账和序号"),
                rows=tuple(_entry(found, row) for row in rows),
                nothing="本学期还没有记录。",
            ),
        ),
    )


def _entry(found: Visit, row: Any) -> tuple[Cell, ...]:
    replays = may(found.viewer, "replay", row.path, found.today)
    return (
        Cell(text=time_words(row.at)),
        Cell(text=row.type),
        Cell(
            text=f"{row.ledger} {row.service} {row.seq}",
            href=f"/audit/entries/{row.service}/{row.ledger}/{row.seq}" if replays else "",
        ),
    )
