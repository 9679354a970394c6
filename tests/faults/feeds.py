"""A store's feed, asked in process."""

import contextlib
from collections.abc import AsyncIterator

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import feed
from shared.feed import FeedClient
from shared.waking import Waking


async def _nobody() -> None:
    return None


@contextlib.asynccontextmanager
async def feed_of(engine: AsyncEngine, waking: Waking) -> AsyncIterator[FeedClient]:
    app = FastAPI()
    app.include_router(feed.router(engine, waking, _nobody))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http:
        yield FeedClient("casework", "http://casework", lambda: "token", http)
