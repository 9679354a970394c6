"""The integrity page, and full checks on demand: for people by a button, for programs as lines."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from services.audit.checks.logs import Log
from services.audit.checks.watch import Watch
from services.audit.pages.integrity import name_of, page_of
from services.audit.projections.rows import county_of
from services.audit.queries.integrity import ledgers_of, standing
from services.audit.queries.search import reached
from shared.console import visit
from shared.decider import CommandRejected
from shared.edge import Edge, Moment
from shared.integrity import Finding
from shared.rights import Viewer, paths_for, require
from shared.session_http import viewer as signed_in

PAGE = "/audit/integrity"
LINES = "application/x-ndjson"

Who = Annotated[Viewer, Depends(signed_in)]


class CheckRunning(CommandRejected):
    """A full check reads everything; two at once would only be slower."""

    code = "check_running"


def add(api: APIRouter, edge: Edge, watch: Watch) -> None:
    background: set[asyncio.Task[None]] = set()

    @api.get("/integrity")
    async def page(request: Request, who: Who) -> HTMLResponse:
        return await integrity_page(edge, watch, request, who)

    @api.post("/integrity/check")
    async def check(who: Who) -> Response:
        """Begin a full check in the background; the page shows how far it is."""
        await counties_of(edge, who, await edge.moment())
        if not watch.busy:
            task = asyncio.create_task(watch.run_quietly())
            background.add(task)
            task.add_done_callback(background.discard)
            await asyncio.sleep(0)
        return RedirectResponse(PAGE, 303)

    @api.post("/fsck")
    async def fsck(who: Who, service: str = "", ledger: str = "") -> Response:
        """A full check as lines of JSON: `finding`, `progress`, at the end `done`."""
        counties = await counties_of(edge, who, await edge.moment())
        if watch.busy:
            say = "已经有一次全面核查在进行。等它结束再试，或在完整性页上看进度。"
            raise CheckRunning(say)

        def wanted(log: Log) -> bool:
            mine = county_of(log.ledger) in counties
            return mine and service in ("", log.service) and ledger in ("", log.ledger)

        return StreamingResponse(lines(watch, wanted), media_type=LINES)


async def lines(watch: Watch, wanted: object) -> AsyncIterator[bytes]:
    """What a check tells, one JSON object a line; the last one sums it up."""
    logs, findings, away = set[str](), 0, set[str]()
    async for told in watch.full(wanted):  # type: ignore[arg-type]
        kind = "finding" if isinstance(told, Finding) else "progress"
        findings += kind == "finding"
        if not isinstance(told, Finding):
            logs.add(told.origin)
            away |= {told.away} - {""}
        yield msgspec.json.encode({"kind": kind} | msgspec.structs.asdict(told)) + b"\n"
    done = {"kind": "done", "logs": len(logs), "findings": findings, "away": sorted(away)}
    yield msgspec.json.encode(done) + b"\n"


async def counties_of(edge: Edge, who: Viewer, moment: Moment) -> set[str]:
    """The counties whose logs the viewer may look after. Raises NotAllowed."""
    paths = paths_for(who, "integrity.view", moment.today)
    if not paths:
        require(who, "integrity.view", "", moment.today)
    async with edge.service.engine.connect() as conn:
        return set(await reached(conn, paths))


async def integrity_page(edge: Edge, watch: Watch, request: Request, who: Viewer) -> HTMLResponse:
    """Every log of the viewer's counties. Raises NotAllowed."""
    of = await visit(edge, request, who, "integrity")
    counties = await counties_of(edge, who, of.moment)
    async with edge.service.engine.connect() as conn:
        ledgers = [one for one in await ledgers_of(conn) if county_of(one) in counties]
        found = await standing(conn, ledgers)
    model = page_of(found, of.moment.now, running_words(watch))
    return await of.html("integrity.html", model, "integrity")


def running_words(watch: Watch) -> str | None:
    """正在全面核查 and how far it is; None while no full check runs."""
    if not watch.busy:
        return None
    last = next(reversed(watch.progress.values()), None)
    if last is None:
        return "正在全面核查"
    book = name_of(last.service, last.ledger)
    return f"正在全面核查：{book} {last.done:,} / {last.size:,}"
