"""What casework answers to programs: the bytes of packs and calendars."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from sqlalchemy import text

from shared.edge import Edge
from shared.rulebook import shipped
from shared.session import Caller
from shared.session_http import caller

CONTENT = text("select content from rule_content where sha256 = :sha")


def router(edge: Edge) -> APIRouter:
    """`GET /casework/packs/{sha256}`: exact bytes, for services of this deployment."""
    api = APIRouter(prefix="/casework")

    @api.get("/packs/{sha256}")
    async def pack(sha256: str, _caller: Annotated[Caller, Depends(caller)]) -> Response:
        async with edge.service.engine.connect() as conn:
            content = (await conn.execute(CONTENT, {"sha": sha256})).scalar()
        found = bytes(content) if content is not None else shipped(sha256)
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="application/octet-stream")

    return api
