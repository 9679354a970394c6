"""责任: everyone's duties as their role reaches, one tap from the form that fulfils each."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from services.casework.pages.charged import OF_OFFICES, lends, lent_form, named
from services.casework.pages.drawing import UNNAMED, begin, pack_of
from services.casework.queries import duty_list
from services.casework.queries.charged import charged, listed_of_charges
from services.casework.queries.duty_list import Wanted
from shared.access_words import Right
from shared.console import Visit
from shared.contracts.words import until_words, word
from shared.edge import Edge
from shared.event import business_day
from shared.rights import Viewer, may, paths_for
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.layout import Link
from shared.web.models.today import Duty, DutyGroup

WEEK_DAYS = 7
# What stands on the first page already, as the roll, the alert or the case itself.
ELSEWHERE = ("daily_roll", "dropout_report", "first_visit", "risk_intervention", "daily_digest")
# The three classes of responsibility (8-01).
SHARES = {"main": "主体责任", "direct": "直接责任", "supporting": "协同责任"}
UNIT_KINDS = frozenset(("school", "grade", "village", "township", "county"))
# The form of a duty of a unit → the activity that is recorded on it.
OF_UNIT: dict[str, Callable[[Any], str]] = {
    "meeting": lambda row: "hold_meeting",
    "self_check": lambda row: "submit_self_check",
    "review": lambda row: "review_support",
    "publicity": lambda row: "log_publicity",
    "plan": lambda row: (
        "submit_publicity_plan" if row.kind.startswith("publicity") else "submit_work_plan"
    ),
}
# The form of a duty → what it asks of whoever sends it; every other form records an activity.
FORM_RIGHTS: dict[str, Right] = {
    "roll": "roll.submit",
    "leave_call": "alert.decide",
    "survey": "alert.decide",
    "visit": "child.visit",
}
# What these ask of an office; of whoever answers for the child a duty asks no decision.
LENT: dict[Right, Right] = {"alert.decide": "activity.record"}
FILTERS = {
    "open": ("要办的", duty_list.OPEN),
    "overdue": ("已超期", ("breached",)),
    "done": ("已办", ("satisfied", "late")),
    "cancelled": ("已撤销", ("cancelled",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DutiesPage:
    """Page `duties.html`: groups by time; `filters` lead to the other states."""

    title: str
    about: str
    filters: tuple[Link, ...]
    chosen: str
    groups: tuple[DutyGroup, ...]
    next_page: Link | None = None
    nothing: str = ""


def router(edge: Edge) -> APIRouter:
    """`/casework/duties`, `/casework/duties.jsonl`."""
    api = APIRouter(prefix="/casework")

    @api.get("/duties")
    async def duties(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        filter: str = "open",
        mine: bool = False,
        unit: str | None = None,
        share: str | None = None,
        after: str | None = None,
    ) -> HTMLResponse:
        found = await begin(edge, request, await charged(edge, viewer), "duties", "duty.view")
        if filter not in FILTERS or share not in {None, *SHARES}:
            raise HTTPException(404)
        wanted = Wanted(
            unit=unit,
            share=share,
            holder=UUID(viewer.staff) if mine and viewer.staff else None,
            states=FILTERS[filter][1],
            after=_after(after),
        )
        page = await _page(found, filter, wanted)
        return await found.html("duties.html", page, "duties")

    @api.get("/duties.jsonl")
    async def lines(
        viewer: Annotated[Viewer, Depends(signed_in)],
        unit: str | None = None,
        holder: UUID | None = None,
        due_before: datetime | None = None,
        state: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        wanted = Wanted(
            unit=unit, holder=holder, due_before=due_before, states=state or duty_list.STATES
        )
        text = "".join([line async for line in _lines(edge, viewer, wanted)])
        return Response(text, media_type="application/x-ndjson")

    return api


def _after(given: str | None) -> tuple[datetime, UUID] | None:
    if given is None:
        return None
    at, _, duty = given.partition("_")
    try:
        return datetime.fromisoformat(at), UUID(duty)
    except ValueError as error:
        raise HTTPException(404) from error


async def _lines(edge: Edge, viewer: Viewer, wanted: Wanted) -> AsyncIterator[str]:
    """Every duty in the jurisdiction, page after page; no names, so nothing is opened."""
    moment = await edge.moment()
    while True:
        async with viewing(edge.service.engine, viewer, "duty.view", moment.today) as conn:
            rows = await duty_list.listed(conn, wanted)
        for row in rows:
            yield json.dumps(duty_list.as_line(row), ensure_ascii=False) + "\n"
        if len(rows) < wanted.limit:
            return
        wanted = replace(wanted, after=(rows[-1].due_at, rows[-1].duty))


async def _page(found: Visit, filter: str, wanted: Wanted) -> DutiesPage:
    engine, now = found.edge.service.engine, found.moment.now
    async with viewing(engine, found.viewer, "duty.view", found.today) as conn:
        rows = await duty_list.listed(conn, wanted)
        counts = await duty_list.counted(conn, wanted, now)
    lent = await listed_of_charges(engine, found.viewer, wanted, found.today)
    rows = sorted([*rows, *lent], key=lambda row: (row.due_at, row.duty))[: wanted.limit]
    overdue = counts["overdue"] + sum(row.due_at < now for row in lent)
    more = None
    if len(rows) == wanted.limit:
        last = f"{rows[-1].due_at.isoformat()}_{rows[-1].duty}".replace("+", "%2B")
        more = Link(text="再看后面的", href=f"{_address(filter, wanted)}&after={last}")
    return DutiesPage(
        title="责任",
        about=f"共 {counts['all'] + len(lent)} 件" + _overdue(filter, overdue),
        filters=(
            *(
                Link(text=text, href=f"/casework/duties?filter={name}")
                for name, (text, _) in FILTERS.items()
            ),
            *(
                Link(text=text, href=f"/casework/duties?filter={filter}&share={share}")
                for share, text in SHARES.items()
            ),
            Link(text="晚上的电话", href="/casework/calls"),
            Link(text="会议和工作记录", href="/casework/activities"),
            *coverage_links(found),
        ),
        chosen=SHARES[wanted.share] if wanted.share else FILTERS[filter][0],
        groups=grouped(found, rows, await drawn(found, rows)),
        next_page=more,
        nothing="这里没有要办的事。" if not rows else "",
    )


def _address(filter: str, wanted: Wanted) -> str:
    """The list as it was asked for, without its place in it."""
    asked = {"filter": filter, "unit": wanted.unit, "share": wanted.share}
    asked["mine"] = "true" if wanted.holder else None
    return "/casework/duties?" + urlencode({name: one for name, one in asked.items() if one})


def coverage_links(found: Visit) -> tuple[Link, ...]:
    """The way to who answers for whom, for those who may see it."""
    if not paths_for(found.viewer, "responsibility.view", found.today):
        return ()
    return (Link(text="责任覆盖", href="/casework/coverage"),)


def _overdue(filter: str, count: int) -> str:
    return f"，其中 {count} 件已超期" if filter == "open" and count else ""


def grouped(found: Visit, rows: Sequence[Any], duties: Sequence[Duty]) -> tuple[DutyGroup, ...]:
    """Overdue, today, this week, later, in this order."""
    until = found.today + timedelta(days=WEEK_DAYS)
    groups: dict[str, list[Duty]] = {"overdue": [], "today": [], "week": [], "next": []}
    for row, duty in zip(rows, duties, strict=True):
        groups[_group(row, found.moment.now, found.today)].append(duty)
    return (
        DutyGroup(kind="overdue", duties=tuple(groups["overdue"])),
        DutyGroup(kind="today", duties=tuple(groups["today"])),
        DutyGroup(kind="week", duties=tuple(groups["week"]), until=until),
        DutyGroup(kind="next", duties=tuple(groups["next"])),
    )


def _group(row: Any, now: datetime, today: date) -> str:
    if row.due_at < now:
        return "overdue"
    # 24:00 of today is the first moment of tomorrow.
    last = business_day(row.due_at - timedelta(seconds=1))
    if last == today:
        return "today"
    return "week" if last <= today + timedelta(days=WEEK_DAYS) else "next"


async def drawn(found: Visit, rows: Sequence[Any]) -> list[Duty]:
    """The rows as lines, names opened and recorded."""
    opened = await named(found, rows)
    return [_drawn(found, row, opened.get(row.duty, UNNAMED)) for row in rows]


def _drawn(found: Visit, row: Any, name: str) -> Duty:
    kind = pack_of(found, row.path).file.duties.get(row.kind)
    title = kind.zh if kind else row.kind
    who = name if row.child else (row.klass_name or row.unit_name or "")
    late = found.moment.now - row.due_at
    overdue = late.total_seconds() > 0 and row.state in duty_list.OPEN
    place = " ".join(filter(None, (row.klass_name, row.unit_name))) if row.child else ""
    detail = [place]
    if row.needed > 1:
        detail.append(f"{row.got}/{row.needed} 次")
    if row.told and overdue:
        detail.append("已告知" + "、".join(word(step["role"]) for step in row.told))
    return Duty(
        title=f"{who}：{title}" if who else title,
        href=way(found, row) if may_do(found, row) else f"/casework/duties/{row.duty}",
        detail="　".join(filter(None, detail)),
        due=f"{until_words(row.due_at)} 前",
        late=(f"{late.days} 天" if late.days else "今天到期") if overdue else "",
    )


def may_do(found: Visit, row: Any) -> bool:
    """Whether the form of a duty is for the viewer; who only watches is led to the duty."""
    if row.form in OF_OFFICES and row.child:
        return may(found.viewer, "child.view", row.path, found.today) or bool(lent_form(found, row))
    right = FORM_RIGHTS.get(row.form, "activity.record")
    own = may(found.viewer, right, row.path, found.today)
    return own or lends(found, row, LENT.get(right, right))


def way(found: Visit, row: Any) -> str:
    """As `href`; who is lent the duty is led past the pages that stay shut to them."""
    if row.form not in OF_OFFICES or may(found.viewer, "child.view", row.path, found.today):
        return href(row)
    if lent_form(found, row) == "visit_child":
        return f"/casework/visits/{row.child}"
    return f"/casework/duties/{row.duty}/do"


def href(row: Any) -> str:
    """One tap from the form that fulfils it."""
    if row.form == "leave_call":
        return f"/casework/calls/{row.child}"
    if row.form == "survey" and row.child:
        return f"/casework/surveys/{row.child}"
    if row.form in OF_OFFICES and row.child:
        return f"/enrollment/children/{row.child}"
    if row.form == "visit" and row.child:
        return f"/casework/visits/{row.child}"
    if row.form == "roll":
        return f"/enrollment/classes/{row.klass}/roll"
    if row.form in OF_UNIT and row.target_kind in UNIT_KINDS:
        query = urlencode({"unit": row.target.partition("-")[0]})
        return f"/casework/activities/do/{OF_UNIT[row.form](row)}?{query}"
    return f"/casework/duties/{row.duty}/do"
