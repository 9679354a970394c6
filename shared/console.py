"""Pages of a service: the frame around them, the language, the one record of what they showed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text
from uuid_utils.compat import uuid7

from shared.access_words import Purpose
from shared.edge import Edge, Moment
from shared.reading import NOT_OPENED, Reading
from shared.rights import Grant, NotAllowed, Viewer, navigation, purposes_for
from shared.roles import ROLES
from shared.sealed import Sealed
from shared.web.models.layout import DemoBand, Layout, Link, NavItem
from shared.web.models.office import RefusalPage
from shared.web.render import SECURITY_HEADERS, render
from shared.web.words import Language

# Where each page of the navigation is; a page without an address is not drawn.
ADDRESSES: Mapping[str, str] = {
    "today": "/",
    "class": "/enrollment/classes",
    "children": "/enrollment/children",
    "cases": "/casework/cases",
    "duties": "/casework/duties",
    "policy": "/casework/policy",
    "search": "/audit/search",
    "integrity": "/audit/integrity",
    "import": "/enrollment/imports",
    "accounts": "/enrollment/accounts",
    "calendar": "/enrollment/calendar",
    "messages": "/notify/inbox",
    "unsent": "/unsent",
    "system": "/system",
}
CLOCK_ACTION = "/clock/next-school-day"
# The cookie that says that the clock waits for an alert of today.
CLOCK_STOPPED = "clock_stopped"
SIGN_OUT = "/sign-out"
FIRST_PAGE = "/enrollment/first"
COUNTY_NAME = text("select name, path from unit where unit = :unit")
PERSON = text("select fields -> 'name' as name from person where staff = :staff")
SIMULATED = text("select simulated from clock")


@dataclass(slots=True)
class Visit:
    """One request for a page: its viewer, moment, reading, and the grant it is recorded under."""

    edge: Edge
    request: Request
    viewer: Viewer
    moment: Moment
    grant: Grant
    reading: Reading

    @property
    def lang(self) -> Language:
        return language(self.request)

    @property
    def today(self) -> date:
        return self.moment.today

    async def layout(self, active: str = "") -> Layout:
        """The frame; the viewer's own name is opened through the same reading."""
        return await frame(self, active)

    async def html(self, template: str, page: object, active: str = "") -> HTMLResponse:
        """Draw a whole page and record what it opened, before anything is sent."""
        layout = await self.layout(active)
        drawn = render(template, self.lang, layout=layout, page=page)
        await self.edge.record(self.reading, self.moment, self.grant)
        return HTMLResponse(drawn, headers=SECURITY_HEADERS)

    async def part(self, template: str, part: object) -> HTMLResponse:
        """Draw a fragment of a first page; recorded like a page."""
        drawn = render(template, self.lang, part=part, now=self.moment.now)
        await self.edge.record(self.reading, self.moment, self.grant)
        return HTMLResponse(drawn, headers=SECURITY_HEADERS)


def language(request: Request) -> Language:
    return cast(Language, "en" if request.cookies.get("lang") == "en" else "zh")


def grant_today(viewer: Viewer, today: date) -> Grant:
    """The widest grant in force: for a page that needs no right. NotAllowed if there is none."""
    held = [grant for grant, _ in viewer.roles(today)]
    if not held:
        raise NotAllowed("这个账号今天没有职务。请联系学校的学籍管理员或县教育局。", "any", "")
    return min(held, key=lambda grant: len(grant.path))


async def visit(
    edge: Edge,
    request: Request,
    viewer: Viewer,
    page: str,
    *,
    grant: Grant | None = None,
    ledger: str | None = None,
    purpose: Purpose | None = None,
) -> Visit:
    """Begin a page. `grant` is what `allowed` gave for its record; `ledger` the record's county.

    The purpose is the first that fits the viewer's roles unless one was chosen.
    """
    moment = await edge.moment()
    under = grant or grant_today(viewer, moment.today)
    of_ledger = ledger or await home_ledger(edge, under)
    chosen = purpose or cast(Purpose, next(iter(purposes_for(viewer, moment.today)), "oversight"))
    reading = edge.reading(viewer, of_ledger, chosen, page, moment.today)
    return Visit(edge, request, viewer, moment, under, reading)


async def home_ledger(edge: Edge, grant: Grant) -> str:
    """The county's ledger of a grant; a city's reader is recorded in the first one below."""
    async with edge.service.engine.connect() as conn:
        found = await conn.execute(
            text(
                "select ledger from ledger where ledger not like '%-access'"
                " order by (strpos(cast(:path as text), ledger) > 0) desc, ledger limit 1"
            ),
            {"path": grant.path},
        )
        return found.scalar_one()


async def frame(of: Visit, active: str) -> Layout:
    """Names, navigation, demo band."""
    async with of.edge.service.engine.connect() as conn:
        unit = (await conn.execute(COUNTY_NAME, {"unit": of.grant.unit})).first()
        simulated = (await conn.execute(SIMULATED)).scalar_one()
        county = (await conn.execute(COUNTY_NAME, {"unit": of.reading.ledger})).first()
        person = None
        if of.viewer.staff:
            staff = {"staff": UUID(of.viewer.staff)}
            person = (await conn.execute(PERSON, staff)).scalar()
    items = nav_items(of.viewer, of.today)
    role = ROLES[of.grant.role]
    return Layout(
        now=of.moment.now,
        here=_here(of.request),
        viewer_name=await _name(of, person),
        viewer_account=of.viewer.account,
        unit_name=unit.name if unit else "",
        role_name=role.zh,
        read_only="inspection" in role.purposes,
        items=items,
        active=active,
        demo=_band(of, county.name if county else "") if simulated else None,
        search=ADDRESSES["search"] if any(item.key == "search" for item in items) else None,
        sign_out=SIGN_OUT,
    )


def nav_items(viewer: Viewer, today: date) -> tuple[NavItem, ...]:
    """The viewer's pages that have an address."""
    return tuple(
        NavItem(key=page, title=zh, href=ADDRESSES[page])
        for page, zh, _ in navigation(viewer, today)
        if page in ADDRESSES
    )


def _here(request: Request) -> str:
    """The address that the browser shows: the first page stands at the gateway's own root."""
    path, query = request.url.path, request.url.query
    return "/" if path == FIRST_PAGE else path + (f"?{query}" if query else "")


async def _name(of: Visit, person: Any) -> str:
    if person is None or of.viewer.staff is None:
        return of.viewer.account
    sealed = msgspec.convert(person, Sealed)
    (name,) = await of.reading.open_all([(of.viewer.staff, "name", sealed)])
    return of.viewer.account if name == NOT_OPENED else name


def _band(of: Visit, county: str) -> DemoBand:
    """Everybody who tries the demonstration may move its clock; it is a demonstration's."""
    path = of.grant.path if of.grant.path != "*" else ""
    upcoming = of.moment.rules.calendar.next_school_day(of.today, path)
    return DemoBand(
        county=county,
        next_school_day=upcoming,
        action=CLOCK_ACTION,
        command_id=str(uuid7()),
        stopped=CLOCK_STOPPED in of.request.cookies,
    )


def refusal(request: Request, status: int, told: Mapping[str, Any]) -> HTMLResponse:
    """The page of a refusal: what is wrong, whom to ask, the way back."""
    from datetime import UTC, datetime

    say = str(told.get("say", ""))
    page = RefusalPage(kind=KINDS.get(status, "没有办成"), say=say, todo="", back=_way_on(told))
    layout = Layout(now=datetime.now(UTC), here=request.url.path)
    drawn = render("refusal.html", language(request), layout=layout, page=page)
    return HTMLResponse(drawn, status, headers=SECURITY_HEADERS)


def _way_on(told: Mapping[str, Any]) -> Link | None:
    """Where what is missing can be done, if the refusal names a page of ours."""
    fields = told.get("fields") or {}
    href = str(fields.get("href", "")) if isinstance(fields, Mapping) else ""
    return Link(text=str(fields.get("todo", "")), href=href) if href.startswith("/") else None


KINDS: Mapping[int, str] = {
    403: "没有权限",
    404: "找不到",
    409: "没有提交",
    422: "没有提交",
    503: "暂时不行",
}
