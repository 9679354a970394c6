"""The gateway's door to what services have parked: for whoever runs the system."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from baoxue.system import TIMEOUT_SECONDS, System
from shared.contracts.topics import SERVICES
from shared.event import business_day
from shared.rights import EVERYWHERE, NotAllowed, Viewer, may
from shared.session_http import viewer as signed_in

ONLY_OPERATORS = "运行情况和搁置的事件只有系统管理员能看、能处理。"


class Wish(BaseModel):
    """`subscription` begins with its service: casework.absence_to_risk."""

    subscription: str
    subject: str


def add_redrive(app: FastAPI, system: System) -> None:
    """`GET /parked`, `POST /redrive`; needs the right `system.operate`."""

    @app.get("/parked")
    async def parked(viewer: Annotated[Viewer, Depends(signed_in)]) -> list[dict[str, Any]]:
        await require_operator(system, viewer)
        return await parked_of(system, SERVICES)

    @app.post("/redrive")
    async def redrive(wish: Wish, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
        await require_operator(system, viewer)
        service = wish.subscription.partition(".")[0]
        if service not in SERVICES:
            say = f"订阅的名字以服务开头：{'、'.join(SERVICES)}。用 baoxue redrive 看有哪些。"
            return JSONResponse({"code": "subscription_unknown", "say": say}, 404)
        answer = await applied_again(system, service, wish)
        return Response(answer.content, answer.status_code, media_type="application/json")


async def parked_of(system: System, services: Iterable[str]) -> list[dict[str, Any]]:
    """Every object whose events are parked, by service. Raises httpx2.HTTPError."""
    found = await asyncio.gather(*(system.get(name, "/parked") for name in services))
    return [row for rows in found for row in rows]


async def require_operator(system: System, viewer: Viewer) -> datetime:
    """The moment of the request. Raises NotAllowed for anybody but whoever runs the system."""
    now = await _now(system)
    if not may(viewer, "system.operate", EVERYWHERE, business_day(now)):
        raise NotAllowed(ONLY_OPERATORS, "system.operate", "")
    return now


async def _now(system: System) -> datetime:
    """The machine's own time while enrollment is away: that is when an operator has to look."""
    try:
        told = await system.get("enrollment", "/clock")
    except httpx2.HTTPError:
        return datetime.now(UTC)
    return datetime.fromisoformat(told["now"])


async def applied_again(system: System, service: str, wish: Wish) -> httpx2.Response:
    """The service's own answer: `applied`, or a refusal's `say`. Raises httpx2.HTTPError."""
    return await system.http.post(
        system.settings.url_of(service) + "/redrive",
        headers=system.headers(service),
        json=wish.model_dump(),
        timeout=TIMEOUT_SECONDS,
    )
