"""Casework's parts of the first page: new alerts, and what is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.pages import duties as duty_pages
from services.casework.pages.actions import BY_NAME
from services.casework.pages.drawing import UNNAMED, alert_card, begin, names, new_id, pack_of
from services.casework.pages.duties import ELSEWHERE
from services.casework.queries import boards, duty_list
from services.casework.queries.boards import Found
from services.casework.queries.charged import charged, listed_of_charges
from services.casework.queries.duties import Due, Rule, of_alert, of_case
from services.casework.queries.duty_list import Wanted
from services.casework.queries.weights import watches
from shared.console import Visit
from shared.contracts.words import until_words
from shared.edge import Edge
from shared.event import business_day
from shared.policy.day import moment_of
from shared.rights import Viewer, may, paths_for
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Form
from shared.web.models.today import AlertsPart, DutiesPart, Duty, DutyGroup, UnitCount

CARDS_SHOWN = 6
DUTIES_SHOWN = 40
# Nobody does these by hand.
BY_ITSELF = ("daily_digest",)
WEEK_DAYS = 7
BY_UNIT = text(
    "select split_part(path, '/', :level) as unit, count(*) as flags,"
    " count(*) filter (where verify_due_at < :now) as overdue"
    " from alert_row where state = 'open' group by 1 order by 1"
)


def router(edge: Edge) -> APIRouter:
    """`/casework/today/alerts` and `/casework/today/duties`."""
    api = APIRouter(prefix="/casework/today")

    @api.get("/alerts")
    async def alerts(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "today", "alert.view", "verification")
        return await found.part("parts/alerts.html", await alerts_part(found))

    @api.get("/duties")
    async def duties(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        helped = await charged(edge, viewer)
        found = await begin(edge, request, helped, "today", "duty.view")
        return await found.part("parts/duties.html", await duties_part(found))

    return api


async def alerts_part(found: Visit) -> AlertsPart:
    """New flags: cards in a school, lines for officers; the heaviest first."""
    officer = found.grant.role in ("township_officer", "county_officer", "inspector")
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "alert.view", found.today) as conn:
        rows = await boards.alerts(conn, now=found.moment.now)
        total = (
            await boards.counts(
                conn, "alert_row", {"open": boards.ALERT_FILTERS["open"]}, found.moment.now
            )
        )["open"]
        counts = await _counts(conn, found) if officer else ()
    shown = (await heaviest(found, rows))[:CARDS_SHOWN]
    known = await names(found, shown)
    public = found.grant.role == "homeroom_teacher"
    return AlertsPart(
        cards=tuple(
            alert_card(found, row, known.get(row.subject, UNNAMED), public) for row in shown
        ),
        total=total,
        all_href="/casework/alerts",
        as_lines=officer,
        counts=counts,
    )


async def heaviest(found: Visit, rows: Sequence[Found[Any]]) -> list[Found[Any]]:
    """Overdue first, then by the weights of grade and group."""
    if not rows:
        return []
    watched = await watches(found.edge.keyring, pack_of(found, rows[0].path), rows)
    now = found.moment.now

    def rank(row: Found[Any]) -> tuple[bool, int, Any]:
        due = row.view.verify_due_at
        return due is None or due >= now, -watched[row.subject].weight, row.view.flagged_at

    return sorted(rows, key=rank)


async def _counts(conn: AsyncConnection, found: Visit) -> tuple[UnitCount, ...]:
    """Of the units directly below the viewer's own, for the columns of the units' table."""
    level = found.grant.path.count("/") + 2
    rows = await conn.execute(BY_UNIT, {"level": level, "now": found.moment.now})
    return tuple(
        UnitCount(
            unit=row.unit,
            flags=row.flags,
            flags_href=f"/casework/alerts?unit={row.unit}",
            overdue=row.overdue,
            overdue_href=f"/casework/alerts?unit={row.unit}&filter=overdue",
        )
        for row in rows
        if row.unit
    )


async def duties_part(found: Visit) -> DutiesPart:
    rows = await _records(found)
    due = (await all_due(found, rows))[:DUTIES_SHOWN]
    by_stream = {row.stream: row for row in rows}
    known = await names(found, [by_stream[one.stream] for one in due])
    mine = await own_duties(found)
    groups: dict[str, list[Duty]] = {"overdue": [], "today": [], "week": []}
    for one in due:
        row = by_stream[one.stream]
        duty = drawn(found, one, row, known.get(row.subject, UNNAMED))
        groups[_group(found, one)].append(duty)
    for kind, duty in mine:
        groups[kind].append(duty)
    until = found.today + timedelta(days=WEEK_DAYS)
    return DutiesPart(
        groups=(
            DutyGroup(kind="overdue", duties=tuple(groups["overdue"])),
            DutyGroup(kind="today", duties=tuple(groups["today"])),
            DutyGroup(kind="week", duties=tuple(groups["week"]), until=until),
        ),
        more=duty_pages.coverage_links(found),
        done=await done_today(found),
    )


async def _records(found: Visit) -> list[Found[Any]]:
    """Alerts and cases, for those who may see them; others have duties of their own alone."""
    if not paths_for(found.viewer, "case.view", found.today):
        return []
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "case.view", found.today) as conn:
        alerts = await boards.alerts(conn, now=found.moment.now)
        return [*alerts, *await boards.cases(conn)]


async def done_today(found: Visit) -> tuple[Duty, ...]:
    """What the viewer has done since midnight: it left the list by itself, and is folded away."""
    if not found.viewer.staff:
        return ()
    wanted = Wanted(
        holder=UUID(found.viewer.staff),
        states=("satisfied", "late"),
        ended_since=moment_of(found.today, "00:00"),
        but_kinds=BY_ITSELF,
        limit=DUTIES_SHOWN,
    )
    engine = found.edge.service.engine
    wanted = await duty_list.narrowed(engine, wanted)
    async with viewing(engine, found.viewer, "duty.view", found.today) as conn:
        rows = await duty_list.listed(conn, wanted)
    rows = [*rows, *await listed_of_charges(engine, found.viewer, wanted, found.today)]
    lines = await duty_pages.drawn(found, rows)
    return tuple(
        replace(line, href=f"/casework/duties/{row.duty}", due="")
        for row, line in zip(rows, lines, strict=True)
    )


async def own_duties(found: Visit) -> list[tuple[str, Duty]]:
    """What the viewer answers for by name and what has climbed there; done ones are gone."""
    if not found.viewer.staff:
        return []
    staff, soon = UUID(found.viewer.staff), found.moment.now + timedelta(days=WEEK_DAYS)
    mine = Wanted(holder=staff, due_before=soon, but_kinds=ELSEWHERE, limit=DUTIES_SHOWN)
    climbed = Wanted(told=staff, states=("breached",), limit=DUTIES_SHOWN)
    engine = found.edge.service.engine
    mine, climbed = [await duty_list.narrowed(engine, one) for one in (mine, climbed)]
    async with viewing(engine, found.viewer, "duty.view", found.today) as conn:
        rows = await duty_list.listed(conn, mine)
        held = {row.duty for row in rows}
        told = [row for row in await duty_list.listed(conn, climbed) if row.duty not in held]
    rows = [*rows, *await listed_of_charges(engine, found.viewer, mine, found.today)]
    lines = await duty_pages.drawn(found, [*rows, *told])
    own = [(_time_group(found, row.due_at), line) for row, line in zip(rows, lines, strict=False)]
    # Who was told sees first who knew what when; doing it is the holder's.
    return own + [
        ("overdue", replace(line, href=f"/casework/duties/{row.duty}"))
        for row, line in zip(told, lines[len(rows) :], strict=True)
    ]


async def all_due(found: Visit, rows: Sequence[Found[Any]]) -> list[Due]:
    """Everything that is due within a week, the earliest first, of one day the heaviest."""
    if not rows:
        return []
    pack = pack_of(found, rows[0].path)
    watched = await watches(found.edge.keyring, pack, rows)
    due: list[Due] = []
    for row in rows:
        rule = Rule(
            pack=pack_of(found, row.path), calendar=found.moment.rules.calendar, today=found.today
        )
        of = of_case if row.stream.startswith("case-") else of_alert
        due += of(row, rule, watched[row.subject])
    soon = found.moment.now + timedelta(days=WEEK_DAYS)
    return sorted(
        (one for one in due if one.due_at <= soon),
        key=lambda one: (business_day(one.due_at), -one.weight, one.due_at),
    )


def drawn(found: Visit, one: Due, row: Found[Any], name: str) -> Duty:
    late = found.moment.now - one.due_at
    overdue = late.total_seconds() > 0
    return Duty(
        title=f"{name}：{one.title}",
        href=_href(found, one, row.path),
        detail=row.about,
        due=f"{until_words(one.due_at)} 前",
        late=(f"{late.days} 天" if late.days else "今天到期") if overdue else "",
        remind=_remind(one, row) if overdue and presses(found, row.path) else None,
    )


def presses(found: Visit, path: str) -> bool:
    """Whether the viewer presses others here; a teacher's overdue duties are the teacher's own."""
    return may(found.viewer, "remind", path, found.today)


def _remind(one: Due, row: Found[Any]) -> Form:
    """催办: notify puts it into the inbox of whoever works with the child."""
    return Form(
        action="/notify/commands/remind",
        command_id=new_id(),
        version=row.version,
        submit="催办",
        hidden=(("child", row.subject), ("about", one.stream)),
    )


def _href(found: Visit, one: Due, path: str) -> str:
    """One tap from the form that settles it; who may not is led to the record itself."""
    if one.stream.startswith("alert-"):
        return f"/casework/alerts/{one.stream}"
    case = f"/casework/cases/{one.stream}"
    able = may(found.viewer, BY_NAME[one.action].right, path, found.today)
    return f"{case}/do/{one.action}" if able else case


def _group(found: Visit, one: Due) -> str:
    return _time_group(found, one.due_at)


def _time_group(found: Visit, due_at: datetime) -> str:
    if due_at < found.moment.now:
        return "overdue"
    # 24:00 of today is the first moment of tomorrow.
    return "today" if business_day(due_at - timedelta(seconds=1)) == found.today else "week"
