"""The feed: a store serves its exact bytes to whoever finds a gap."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.integrity import Checked
from shared.kafka import digest
from shared.pool import reading
from shared.waking import Waking

PAGE_LIMIT_EVENTS = 2000
POLL_LIMIT_SECONDS = 20.0
TIMEOUT_SECONDS = 30.0
MEDIA_TYPE = "application/x-ndjson"

PAGE = text(
    "select body from events where ledger = :ledger and seq > :after order by seq limit :limit"
)
BODY = text("select body from events where ledger = :ledger and seq = :seq")
HEADS = text(
    "select l.ledger, l.origin, l.last_seq, e.body from ledger l"
    " left join events e on e.ledger = l.ledger and e.seq = l.last_seq order by l.ledger"
)


class Head(msgspec.Struct, frozen=True):
    """A ledger's newest sequence and the SHA-256 of its body (hex; empty when the ledger is)."""

    ledger: str
    origin: str
    seq: int
    hash: str


class FeedRewritten(Exception):
    """The source's body at our checkpoint has another hash: it was restored or rewritten."""


async def heads(engine: AsyncEngine) -> list[Head]:
    async with reading(engine) as conn:
        rows = (await conn.execute(HEADS)).all()
    return [
        Head(row.ledger, row.origin, row.last_seq, digest(row.body.encode()) if row.body else "")
        for row in rows
    ]


async def page(engine: AsyncEngine, ledger: str, after: int, limit: int) -> list[str]:
    """Bodies from `after` + 1 on, at most `limit`, in sequence."""
    async with reading(engine) as conn:
        params = {"ledger": ledger, "after": after, "limit": limit}
        return [row.body for row in await conn.execute(PAGE, params)]


async def _body_hash(engine: AsyncEngine, ledger: str, seq: int) -> str:
    async with reading(engine) as conn:
        body = (await conn.execute(BODY, {"ledger": ledger, "seq": seq})).scalar()
    return digest(body.encode()) if body else ""


def router(engine: AsyncEngine, waking: Waking, allow: Callable[..., Any]) -> APIRouter:
    """`allow` is the dependency that lets only services of ours read."""
    api = APIRouter(dependencies=[Depends(allow)])
    ear = waking.ear()

    @api.get("/feed/heads")
    async def feed_heads() -> Response:
        return Response(msgspec.json.encode(await heads(engine)), media_type="application/json")

    @api.get("/feed/{ledger}")
    async def feed(
        ledger: str,
        after: int = Query(ge=0),
        hash: str = "",
        limit: int = Query(PAGE_LIMIT_EVENTS, ge=1, le=PAGE_LIMIT_EVENTS),
        wait: float = Query(0, ge=0, le=POLL_LIMIT_SECONDS),
    ) -> Response:
        """Exact bodies after a sequence, one a line; 409 when the body there has another hash."""
        if hash and after and await _body_hash(engine, ledger, after) != hash:
            raise HTTPException(409, f"{ledger}: the body at {after} has another hash here")
        bodies = await page(engine, ledger, after, limit)
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while not bodies and loop.time() < until:
            await ear.wait(min(1.0, until - loop.time()))
            bodies = await page(engine, ledger, after, limit)
        return Response("".join(body + "\n" for body in bodies), media_type=MEDIA_TYPE)

    return api


@dataclass(slots=True)
class FeedClient:
    """Reads another service's feed. `token` gives a fresh service token for each request."""

    service: str
    base_url: str
    token: Callable[[], str]
    http: httpx2.AsyncClient

    async def heads(self) -> list[Head]:
        """Raises httpx2.HTTPError when the source is away."""
        answer = await self._get("/feed/heads", {})
        return msgspec.json.decode(answer.content, type=list[Head])

    async def bodies(
        self, ledger: str, after: int, hash: str = "", limit: int = PAGE_LIMIT_EVENTS
    ) -> list[bytes]:
        """One page after `after`. Raises FeedRewritten, httpx2.HTTPError."""
        params = {"after": after, "hash": hash, "limit": limit}
        answer = await self._get(f"/feed/{ledger}", params)
        if answer.status_code == 409:
            raise FeedRewritten(f"{self.service} {ledger} at {after}")
        return [line for line in answer.content.split(b"\n") if line]

    async def check(self, ledger: str, after: int, *, tail: bool = False) -> Checked:
        """One page of the source's own check. Raises httpx2.HTTPError."""
        params = {"after": after, "tail": tail}
        answer = await self._get(f"/feed/{ledger}/check", params)
        return msgspec.json.decode(answer.content, type=Checked)

    async def _get(self, path: str, params: dict[str, Any]) -> httpx2.Response:
        answer = await self.http.get(
            self.base_url + path,
            params=params,
            headers={"authorization": f"Bearer {self.token()}"},
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code != 409:
            answer.raise_for_status()
        return answer

    async def since(self, ledger: str, after: int, hash: str) -> AsyncIterator[list[bytes]]:
        """Page after page until the source has no more."""
        while bodies := await self.bodies(ledger, after, hash):
            yield bodies
            after, hash = after + len(bodies), digest(bodies[-1])
