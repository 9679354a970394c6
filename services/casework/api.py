"""What casework answers to programs: the bytes of packs, calendars and attachments."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from sqlalchemy import text

from services.casework.commands.many_charges import MOST_ROWS, ChargeRow, compared
from shared.attachments import Files
from shared.commands import FieldsInvalid, body_of
from shared.edge import Edge
from shared.rights import NotAllowed, Viewer, paths_for
from shared.rulebook import shipped
from shared.session import Caller
from shared.session_http import caller
from shared.session_http import viewer as viewer_of

# Flagged after a moment, to be reported before another, and nobody has verified it yet.
# News is what was recorded since then: a roll taken late in the evening tells of the morning.
WAITING = text(
    "select min(a.report_due_at) as due_at from alert_row a join events e"
    " on e.ledger = a.ledger and e.stream = a.stream and e.version = 1"
    " where a.state = 'open' and e.recorded_at > :since and a.report_due_at <= :before"
)
Rows = Annotated[list[ChargeRow], msgspec.Meta(max_length=MOST_ROWS)]
SHA256 = "^[0-9a-f]{64}$"
CONTENT = text("select content from rule_content where sha256 = :sha")


def router(edge: Edge) -> APIRouter:
    """`GET /casework/packs/{sha256}`: exact bytes, for services of this deployment.

    `GET /casework/attachments/{sha256}`: a file as it is kept, sealed, for services as well.

    `GET /casework/waiting?since=&before=`: the earliest time by which an alert recorded since then
    is to be reported, no later than `before`; null where nothing waits.

    `POST /casework/coverage/compare`: what rows of an assignment sheet would come to.
    """
    api = APIRouter(prefix="/casework")

    @api.get("/packs/{sha256}")
    async def pack(sha256: str, _caller: Annotated[Caller, Depends(caller)]) -> Response:
        async with edge.service.engine.connect() as conn:
            content = (await conn.execute(CONTENT, {"sha": sha256})).scalar()
        found = bytes(content) if content is not None else shipped(sha256)
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="application/octet-stream")

    @api.get("/attachments/{sha256}")
    async def attachment(
        sha256: Annotated[str, Path(pattern=SHA256)], _caller: Annotated[Caller, Depends(caller)]
    ) -> Response:
        kept = await asyncio.to_thread(Files.under(edge.service.settings.home).get, sha256)
        if kept is None:
            raise HTTPException(404)
        return Response(kept, media_type="application/octet-stream")

    @api.get("/waiting")
    async def waiting(
        _caller: Annotated[Caller, Depends(caller)], since: datetime, before: datetime
    ) -> dict[str, datetime | None]:
        async with edge.service.engine.connect() as conn:
            found = await conn.execute(WAITING, {"since": since, "before": before})
            return {"due_at": found.scalar_one()}

    @api.post("/coverage/compare")
    async def compare(
        request: Request, viewer: Annotated[Viewer, Depends(viewer_of)]
    ) -> dict[str, Any]:
        return {"rows": await compared(edge, viewer, await _rows(edge, request, viewer))}

    return api


async def _rows(edge: Edge, request: Request, viewer: Viewer) -> list[ChargeRow]:
    """The rows of the body, for who may assign anywhere. Raises NotAllowed, FieldsInvalid."""
    today = (await edge.moment()).today
    if not paths_for(viewer, "responsibility.assign", today):
        raise NotAllowed("你的职务没有这项权限。请联系县教育局。", "responsibility.assign", "")
    rows = (await body_of(request)).get("rows")
    try:
        return msgspec.convert(rows, Rows, strict=False)
    except msgspec.ValidationError as error:
        raise FieldsInvalid("这些行读不懂。重新导入一次。", field="rows") from error
