"""Digests as their reader opens them: every item, and one tap from each to its form."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.pages.lines import lines, opened
from services.notify.queries import duties
from services.notify.queries.charges import charged
from shared.console import Visit, visit
from shared.contracts.notify import DigestItem
from shared.contracts.words import day_words
from shared.edge import Edge
from shared.rights import NotAllowed, Viewer, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Link
from shared.web.models.today import Duty

EARLIER_SHOWN = 14
PARTS = {"morning": "早上的清单", "evening": "傍晚的清单"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPage:
    """Template `digest.html`: one digest whole, and the way to earlier ones."""

    title: str
    about: str
    duties: tuple[Duty, ...]
    earlier: tuple[Link, ...]


def router(edge: Edge) -> APIRouter:
    """`/notify/digests` (the latest), `/notify/digests/{on}/{part}`."""
    api = APIRouter(prefix="/notify")

    @api.get("/digests")
    async def latest(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await _begin(edge, request, viewer)
        async with edge.service.engine.connect() as conn:
            row = (await conn.execute(duties.LAST_DIGEST, _mine(found))).first()
        page = await _page(found, row.on_day, row.part) if row else await _none(found)
        return await found.html("digest.html", page, "messages")

    @api.get("/digests/{on}/{part}")
    async def one(
        on: date, part: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await _begin(edge, request, viewer)
        if part not in PARTS:
            raise HTTPException(404)
        return await found.html("digest.html", await _page(found, on, part), "messages")

    return api


async def _begin(edge: Edge, request: Request, viewer: Viewer) -> Visit:
    found = await visit(edge, request, await charged(edge, viewer), "inbox")
    if not paths_for(viewer, "inbox.view", found.today):
        raise NotAllowed("你的职务没有消息。请联系县教育局。", "inbox.view", "")
    return found


def _mine(found: Visit) -> dict[str, Any]:
    return {"account": found.viewer.account}


async def drawn(found: Visit, on: date, part: str) -> tuple[Duty, ...]:
    """Every item of the viewer's own digest; nothing where there was none."""
    async with found.edge.service.engine.connect() as conn:
        params = _mine(found) | {"on": on, "part": part}
        pieces = (await conn.execute(duties.DIGEST, params)).all()
        items = [one for piece in pieces for one in msgspec.convert(piece.items, list[DigestItem])]
        rows = await duties.of_duties(conn, [item.duty for item in items])
    names: dict[UUID, str] = await opened(found, rows)
    return lines(found, items, rows, names)


async def _page(found: Visit, on: date, part: str) -> DigestPage:
    shown = await drawn(found, on, part)
    async with found.edge.service.engine.connect() as conn:
        earlier = await _earlier(conn, found, (on, part))
    return DigestPage(
        title=title(on, part), about=f"{len(shown)} 件", duties=shown, earlier=earlier
    )


def title(on: date, part: str) -> str:
    return f"{PARTS[part]}，{day_words(on)}"


async def _none(found: Visit) -> DigestPage:
    return DigestPage(title="每天的清单", about="", duties=(), earlier=())


async def _earlier(conn: AsyncConnection, found: Visit, but: tuple[date, str]) -> tuple[Link, ...]:
    rows = await conn.execute(duties.DIGESTS, _mine(found) | {"limit": EARLIER_SHOWN})
    return tuple(
        Link(
            text=title(row.on_day, row.part),
            href=f"/notify/digests/{row.on_day}/{row.part}",
        )
        for row in rows
        if (row.on_day, row.part) != but
    )
