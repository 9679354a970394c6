"""The gateway's door to what services have parked: for whoever runs the system."""

import asyncio
from datetime import datetime
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

ONLY_OPERATORS = "搁置的事件只有系统管理员能看、能重新处理。"


class Wish(BaseModel):
    """`subscription` begins with its service: casework.absence_to_risk."""

    subscription: str
    subject: str


def add_redrive(app: FastAPI, system: System) -> None:
    """`GET /parked`, `POST /redrive`; needs the right `system.operate`."""

    @app.get("/parked")
    async def parked(viewer: Annotated[Viewer, Depends(signed_in)]) -> list[dict[str, Any]]:
        await _require(system, viewer)
        found = await asyncio.gather(*(system.get(name, "/parked") for name in SERVICES))
        return [row for rows in found for row in rows]

    @app.post("/redrive")
    async def redrive(wish: Wish, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
        await _require(system, viewer)
        service = wish.subscription.partition(".")[0]
        if service not in SERVICES:
            say = f"订阅的名字以服务开头：{'、'.join(SERVICES)}。用 baoxue redrive 看有哪些。"
            return JSONResponse({"code": "subscription_unknown", "say": say}, 404)
        answer = await _asked(system, service, wish)
        return Response(answer.content, answer.status_code, media_type="application/json")


async def _require(system: System, viewer: Viewer) -> None:
    now = datetime.fromisoformat((await system.get("enrollment", "/clock"))["now"])
    if not may(viewer, "system.operate", EVERYWHERE, business_day(now)):
        raise NotAllowed(ONLY_OPERATORS, "system.operate", "")


async def _asked(system: System, service: str, wish: Wish) -> httpx2.Response:
    return await system.http.post(
        system.settings.url_of(service) + "/redrive",
        headers=system.headers(service),
        json=wish.model_dump(),
        timeout=TIMEOUT_SECONDS,
    )
