"""Feeds of the services beside the one under test: what was told of them, served as they would."""

from collections.abc import Sequence

import httpx2
from fastapi import FastAPI, Response

from shared.feed import FeedClient
from shared.subscription import Entry
from tests.followed import World


def serve(world: World, **told: Sequence[Entry]) -> None:
    """Let the world's service read these feeds; the others are empty."""
    for name in world.edge.service.feeds:
        http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=_app(told.get(name, ()))), base_url="http://feed"
        )
        world.edge.service.feeds[name] = FeedClient(name, "http://feed", lambda: "token", http)


def _app(entries: Sequence[Entry]) -> FastAPI:
    app = FastAPI()

    @app.get("/feed/heads")
    def heads() -> list[dict[str, object]]:
        ledgers = {entry.ledger for entry in entries}
        return [
            {"ledger": one, "origin": one, "seq": max(e.seq for e in entries), "hash": ""}
            for one in ledgers
        ]

    @app.get("/feed/{ledger}")
    def feed(ledger: str, after: int, limit: int) -> Response:
        wanted = [one.body for one in entries if one.ledger == ledger and one.seq > after]
        return Response(b"".join(body + b"\n" for body in wanted[:limit]))

    return app
