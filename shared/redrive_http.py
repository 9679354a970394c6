"""What a service has parked, and the call that applies it again once its cause is mended."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import text

from shared.decider import CommandRejected
from shared.redrive import redrive
from shared.service import Service

log = structlog.get_logger()

LISTED_LIMIT = 500
PARKED = text(
    "select subscription, subject, count(*) as entries, min(parked_at) as since,"
    " (array_agg(reason order by parked_at, seq))[1] as reason from parked"
    " group by subscription, subject order by min(parked_at), subject limit :limit"
)


class SubscriptionUnknown(CommandRejected):
    code = "subscription_unknown"


class NothingParked(CommandRejected):
    code = "nothing_parked"


class StillFails(CommandRejected):
    """The first entry fails as before; everything stays parked."""

    code = "still_fails"


class Wish(BaseModel):
    subscription: str
    subject: str


def router(service: Service, allow: Callable[..., Awaitable[Any] | Any]) -> APIRouter:
    """`GET /parked` and `POST /redrive`; `allow` lets only programs of ours in."""
    api = APIRouter(dependencies=[Depends(allow)])

    @api.get("/parked")
    async def parked() -> list[dict[str, Any]]:
        async with service.engine.connect() as conn:
            rows = await conn.execute(PARKED, {"limit": LISTED_LIMIT})
            return [dict(row._mapping) for row in rows]

    @api.post("/redrive")
    async def again(wish: Wish) -> dict[str, Any]:
        applied = await _again(service, wish)
        service.waking.wake()
        log.info("parked_redriven", subscription=wish.subscription, entries=applied)
        return {"subscription": wish.subscription, "subject": wish.subject, "applied": applied}

    return api


async def _again(service: Service, wish: Wish) -> int:
    found = [one for one in service.subscriptions if one.name == wish.subscription]
    if not found:
        names = "、".join(sorted(one.name for one in service.subscriptions))
        raise SubscriptionUnknown(f"没有叫 {wish.subscription} 的订阅。有：{names}。")
    try:
        applied = await redrive(service.engine, found[0], wish.subject)
    except Exception as error:
        # Whatever a subscription raises is what it was parked for; it is told to the operator.
        log.warning("redrive_failed", subscription=wish.subscription, reason=type(error).__name__)
        say = f"还是处理不了（{type(error).__name__}），都还搁置着。先修好原因，再试。"
        raise StillFails(say, reason=str(error)[:200]) from error
    if not applied:
        raise NothingParked("这个对象在这个订阅里没有搁置的事件。用 baoxue redrive 看有哪些。")
    return applied
