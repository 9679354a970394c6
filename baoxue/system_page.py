"""The operator's page: how each process stands, and what is parked, with a way to apply it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse

from baoxue.redriving import Wish, applied_again, parked_of, require_operator
from baoxue.standing import Standing, standings, status_of
from baoxue.system import System
from shared.console import ADDRESSES, SIGN_OUT, language, nav_items
from shared.contracts.topics import SERVICES
from shared.event import business_day
from shared.rights import Viewer
from shared.roles import ROLES
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Layout
from shared.web.models.system import ParkedRow, ProcessRow, SystemPage
from shared.web.render import SECURITY_HEADERS, render

PAGE = ADDRESSES["system"]
REDRIVE = f"{PAGE}/redrive"
WHAT: Mapping[str, str] = {
    "enrollment": "学籍与考勤",
    "casework": "个案",
    "notify": "消息",
    "audit": "检索与回放",
    "sealer": "封签",
}
NO_ANSWER = "那个服务没有答复，一件也没有处理。先让它能服务，再试。"


def add_system_page(app: FastAPI, system: System) -> None:
    """`GET /system`, and `POST /system/redrive`, which answers with the page as it is then."""

    @app.get(PAGE, response_class=HTMLResponse)
    async def page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> HTMLResponse:
        now = await require_operator(system, viewer)
        return drawn(request, viewer, now, await page_of(system))

    @app.post(REDRIVE, response_class=HTMLResponse)
    async def redrive(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        subscription: Annotated[str, Form()],
        subject: Annotated[str, Form()],
    ) -> HTMLResponse:
        now = await require_operator(system, viewer)
        said, done = await _redriven(system, Wish(subscription=subscription, subject=subject))
        return drawn(request, viewer, now, await page_of(system, said, failed=not done))


async def _redriven(system: System, wish: Wish) -> tuple[str, bool]:
    """A sentence for the operator, and whether the events are applied."""
    service = wish.subscription.partition(".")[0]
    if service not in SERVICES:
        return f"没有叫 {wish.subscription} 的订阅。", False
    try:
        answer = await applied_again(system, service, wish)
        told = answer.json()
    except (httpx2.HTTPError, ValueError):
        return NO_ANSWER, False
    if answer.is_success:
        return f"处理了 {told['applied']} 件。", True
    return str(told.get("say") or NO_ANSWER), False


async def page_of(system: System, said: str = "", *, failed: bool = False) -> SystemPage:
    """A service that does not answer is told as such; what it has parked is then not known."""
    found = standings(await status_of(system))
    parked = await parked_of(system, [one.name for one in found if _answers(one)])
    waits = sum(not one.ready for one in found)
    return SystemPage(
        title="系统",
        verdict=_verdict(waits, len(parked)),
        about="网关、四个服务和封签；这里没有任何人的资料。",
        processes=tuple(_process(one) for one in found),
        parked=tuple(_parked(row) for row in parked),
        action=REDRIVE,
        said=said,
        failed=failed,
    )


def _answers(one: Standing) -> bool:
    away = any(problem.startswith("away:") for problem in one.problems)
    return one.name in SERVICES and not away


def _verdict(waits: int, parked: int) -> str:
    if waits:
        return f"{waits} 个进程不能服务"
    return f"都能服务，{parked} 个对象有搁置的事件" if parked else "都能服务，没有搁置的事件"


def _process(one: Standing) -> ProcessRow:
    return ProcessRow(
        name=one.name,
        what=WHAT[one.name],
        ready=one.ready,
        unpublished=one.unpublished,
        lag=one.lag,
        parked=one.parked,
        problems=one.problems,
    )


def _parked(row: Mapping[str, Any]) -> ParkedRow:
    return ParkedRow(
        subscription=row["subscription"],
        subject=row["subject"],
        entries=row["entries"],
        since=datetime.fromisoformat(row["since"]),
        reason=row["reason"],
    )


def drawn(request: Request, viewer: Viewer, now: datetime, page: SystemPage) -> HTMLResponse:
    """In the frame of the console, whose names of people and counties no gateway knows."""
    today = business_day(now)
    held = [ROLES[grant.role].zh for grant, _ in viewer.roles(today)]
    layout = Layout(
        now=now,
        here=PAGE,
        viewer_name=viewer.account,
        viewer_account=viewer.account,
        role_name=next(iter(held), ""),
        items=nav_items(viewer, today),
        active="system",
        search=ADDRESSES["search"],
        sign_out=SIGN_OUT,
    )
    made = render("system.html", language(request), layout=layout, page=page)
    return HTMLResponse(made, headers=SECURITY_HEADERS)
