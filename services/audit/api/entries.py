"""Single entries in their exact bytes, the heads of all ledgers, and the part of the first page."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy import text

from services.audit.api.access import grant_in
from services.audit.pages.today import ledgers_part
from services.audit.projections.rows import county_of, path_of
from services.audit.projections.search import indexed
from services.audit.queries.entries import LedgerHead, Place, body_at, heads, held_ledgers
from services.audit.queries.search import reached
from shared.console import visit
from shared.edge import Edge, Moment, allowed
from shared.event import read, utc_text
from shared.plain_address import Seq
from shared.rights import Viewer, paths_for, purposes_for, require
from shared.session_http import viewer as signed_in

NOTHING = "没有这一条，或者它不在你的范围里。"
MEDIA_TYPE = "application/cloudevents+json"
CHILD_PATH = text("select path from child where child = :child")

Who = Annotated[Viewer, Depends(signed_in)]


def add(api: APIRouter, edge: Edge) -> None:
    @api.get("/entries/{service}/{ledger}/{seq}")
    async def exact(who: Who, service: str, ledger: str, seq: Seq) -> Response:
        return await exact_body(edge, who, Place(ledger, service, seq))

    @api.get("/heads")
    async def all_heads(who: Who) -> Response:
        moment = await edge.moment()
        found = await heads_for(edge, who, moment)
        reach = await indexed(edge.service.engine)
        return JSONResponse([_head(one, reach[one.source, one.ledger]) for one in found])

    @api.get("/today")
    async def today(request: Request, who: Who) -> Response:
        moment = await edge.moment()
        if not paths_for(who, "integrity.view", moment.today):
            return HTMLResponse("")
        found = await heads_for(edge, who, moment)
        of = await visit(edge, request, who, "ledgers")
        part = ledgers_part(found, await indexed(edge.service.engine), moment.now)
        return await of.part("parts/ledgers.html", part)


async def exact_body(edge: Edge, who: Viewer, place: Place) -> Response:
    """The bytes as they were stored; whose entry it is is recorded. Raises NotAllowed, 404."""
    async with edge.service.engine.connect() as conn:
        moment = await edge.moment(conn)
        body = await body_at(conn, place)
        if body is None:
            raise HTTPException(404, NOTHING)
        envelope = read(body)
        subject = envelope.subject
        found = await conn.execute(CHILD_PATH, {"child": UUID(subject)}) if subject else None
        path = (found.scalar() if found else None) or path_of(envelope)
    allowed(who, "replay", path, moment)
    county = county_of(place.ledger)
    purpose = purposes_for(who, moment.today)[0]
    reading = edge.reading(who, county, purpose, "entry", moment.today)
    if subject:
        reading.touch(subject)
    await edge.record(reading, moment, grant_in(who, "replay", county, moment.today))
    name = f"{place.ledger}-{place.service}-{place.seq}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


async def heads_for(edge: Edge, who: Viewer, moment: Moment) -> list[LedgerHead]:
    """The heads of the viewer's counties. Raises NotAllowed."""
    paths = paths_for(who, "integrity.view", moment.today)
    if not paths:
        require(who, "integrity.view", "", moment.today)
    async with edge.service.engine.connect() as conn:
        counties = await reached(conn, paths)
        ledgers = [one for one in await held_ledgers(conn) if county_of(one) in counties]
        return await heads(conn, ledgers)


def _head(one: LedgerHead, searchable: int) -> dict[str, object]:
    return {
        "service": one.service,
        "ledger": one.ledger,
        "seq": one.seq,
        "hash": one.hash,
        "entries": one.entries,
        "last_recorded_at": utc_text(one.last_at) if one.last_at else None,
        "contiguous": one.whole,
        "searchable": searchable,
        "sealed": False,
    }
