"""How the system's own programs read a service's place and move a simulated clock."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import text

from shared import clock, timer
from shared.service import Service

HEADS = text("select ledger, last_seq from ledger")
PLACES = text("select subscription, source, ledger, seq from checkpoint")
RELAYED = text("select ledger, seq from published")
NEXT_DUE = text("select min(due_at) from timer where failures < :failures")


class ClockStop(BaseModel):
    """`gather_seconds`: until the clock runs again nobody waits for this process for less."""

    gather_seconds: float = Field(default=0.0, ge=0.0, le=5.0)


class ClockMove(BaseModel):
    """`at` must carry an offset; a clock is never moved back."""

    at: datetime


def router(service: Service, allow: Callable[..., Awaitable[Any] | Any]) -> APIRouter:
    """`/positions` and `/clock/…`; `allow` lets only programs of ours in."""
    api = APIRouter(dependencies=[Depends(allow)])

    @api.get("/positions")
    async def positions() -> dict[str, Any]:
        return await positions_of(service)

    @api.post("/clock/stop")
    async def stop(order: ClockStop | None = None) -> None:
        service.pace.driven_seconds = order.gather_seconds if order else 0.0
        async with service.engine.begin() as conn:
            await clock.stop(conn)

    @api.post("/clock/set")
    async def set_forward(move: ClockMove) -> None:
        async with service.engine.begin() as conn:
            await clock.set_forward(conn, move.at)
        service.waking.wake()

    @api.post("/clock/run")
    async def run_on() -> None:
        async with service.engine.begin() as conn:
            await clock.run_on(conn)
        service.pace.driven_seconds = 0.0
        service.waking.wake()

    return api


async def positions_of(service: Service) -> dict[str, Any]:
    """Heads of the own ledgers, where each subscription stands, what is due now and next."""
    async with service.engine.connect() as conn:
        heads = {row.ledger: row.last_seq for row in await conn.execute(HEADS)}
        relayed = {row.ledger: row.seq for row in await conn.execute(RELAYED)}
        places = [tuple(row) for row in await conn.execute(PLACES)]
        limit = {"failures": timer.FAILURE_LIMIT}
        next_due = (await conn.execute(NEXT_DUE, limit)).scalar()
    return {
        "heads": heads,
        "relayed": relayed,
        "places": places,
        "follows": {
            one.name: list(one.sources) for one in (*service.subscriptions, *service.beside)
        },
        "timers_due": await timer.due(service.engine),
        "next_due": next_due,
    }
