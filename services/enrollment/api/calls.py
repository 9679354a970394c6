"""What the system's own programs ask: sessions of accounts, the next school day."""

from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.enrollment.queries.ledgers import counties
from services.enrollment.sessions.codes import issue_codes
from services.enrollment.sessions.grants import OPERATOR
from services.enrollment.sessions.tokens import obtained, renewed
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event import SHANGHAI
from shared.rights import Viewer
from shared.session import Caller, NotACaller
from shared.session_http import caller
from shared.session_http import viewer as signed_in

# When a demonstration's school day begins: before the first roll.
MORNING = time(7, 30)
GATEWAY = "gateway"


class Wanted(BaseModel):
    account: str


class Held(BaseModel):
    token: str


class Accounts(BaseModel):
    accounts: list[str]


class NoSchoolDay(CommandRejected):
    code = "no_school_day"


def of_gateway(asking: Annotated[Caller, Depends(caller)]) -> Caller:
    """Sessions are handed to the gateway and to whoever holds its key, to no other service."""
    if asking.service != GATEWAY:
        raise NotACaller(f"{asking.service} obtains no sessions")
    return asking


def router(edge: Edge) -> APIRouter:
    api = APIRouter()

    @api.post("/sessions")
    async def obtain(
        wanted: Wanted, _asking: Annotated[Caller, Depends(of_gateway)]
    ) -> dict[str, str]:
        async with edge.service.engine.connect() as conn:
            return {"token": await obtained(conn, edge, wanted.account, OPERATOR)}

    @api.post("/session/renew")
    async def renew(
        held: Held, request: Request, _asking: Annotated[Caller, Depends(of_gateway)]
    ) -> dict[str, str]:
        async with edge.service.engine.connect() as conn:
            keys = request.app.state.public_keys
            return {"token": await renewed(conn, edge, keys, held.token)}

    @api.get("/next-school-day")
    async def next_school_day(_asking: Annotated[Caller, Depends(caller)]) -> dict[str, str]:
        return {"at": (await next_morning(edge)).isoformat()}

    @api.post("/codes")
    async def codes(
        wanted: Accounts, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> dict[str, list[dict[str, str]]]:
        made = await issue_codes(edge, viewer, wanted.accounts)
        rows = [
            {"account": one.account, "code": one.code, "expires_at": one.expires_at.isoformat()}
            for one in made
        ]
        return {"codes": rows}

    return api


async def next_morning(edge: Edge) -> datetime:
    """07:30 of the first day after today on which some county has school. Raises NoSchoolDay."""
    async with edge.service.engine.connect() as conn:
        moment = await edge.moment(conn)
        paths = [path for _, _, path in await counties(conn)]
    calendar = moment.rules.school_calendar()
    days = [calendar.next_school_day(moment.today, path) for path in paths or [""]]
    known = [day for day in days if day is not None]
    if not known:
        raise NoSchoolDay("校历里没有下一个上学日。请先登记学期。", field="term")
    return datetime.combine(min(known), MORNING, SHANGHAI)
