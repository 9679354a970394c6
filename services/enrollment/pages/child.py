"""A child's page: identity masked, the school year, guardians, who answers, what is recorded."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from services.enrollment.pages.drawing import fitting, pack_of, people_names
from services.enrollment.pages.groups import groups_shown
from services.enrollment.pages.home import village_shown
from services.enrollment.pages.registry_words import said, tag
from services.enrollment.pages.strip import school_year, strip_of
from services.enrollment.queries.attendance import answerable, current_leave, told, year
from services.enrollment.queries.board import unit_names
from services.enrollment.queries.children import ChildRow, child_row
from shared.answers import wants_page
from shared.console import Visit, visit
from shared.contracts.entry import Entry, entry_of
from shared.contracts.sentences import sentence
from shared.contracts.words import day_words, word
from shared.edge import Edge, allowed
from shared.event import read
from shared.masked import NOTHING, guardians, identity, open_fields
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.case import ProofMark, TimelineEvent
from shared.web.models.child import ChildPage, Strip
from shared.web.models.layout import Link

EVENTS_SHOWN = 8
GROUPS = ("leftbehind", "migrant", "orphan", "poor", "boarding", "disability")


def router(edge: Edge) -> APIRouter:
    """`/enrollment/children/{child}`, as a page or as JSON."""
    api = APIRouter(prefix="/enrollment/children")

    @api.get("/{child}")
    async def child_page(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        found, row = await begin_child(edge, request, viewer, child, "child")
        if not wants_page(request):
            return JSONResponse(await as_json(found, row))
        return await found.html("child.html", await page_of(found, row), "children")

    return api


async def begin_child(
    edge: Edge, request: Request, viewer: Viewer, child: UUID, page: str, **more: Any
) -> tuple[Visit, ChildRow]:
    """Begin a page about one child. 404 outside the viewer's jurisdiction."""
    moment = await edge.moment()
    async with viewing(edge.service.engine, viewer, "child.view", moment.today) as conn:
        row = await child_row(conn, child)
    if row is None:
        raise HTTPException(404)
    grant = allowed(viewer, "child.view", row.path, moment)
    more.setdefault("purpose", fitting(viewer, moment.today, "attendance"))
    return await visit(edge, request, viewer, page, grant=grant, ledger=row.ledger, **more), row


async def page_of(found: Visit, row: ChildRow) -> ChildPage:
    opened = await open_fields(found, row)
    clear = {name: text for name, text in opened.items() if text not in NOTHING}
    events, total = await _events(found, row)
    groups, home = await groups_shown(found, row), await village_shown(found, row)
    return ChildPage(
        name=opened.get("name", "（没有姓名）"),
        about=_about(clear, found.today),
        crumbs=await _crumbs(found, row),
        strip=await strip_for(found, row),
        identity=tuple(identity(found, row, opened)),
        rows=(*_facts(row, clear), *home, *groups),
        guardians=tuple(guardians(found, row, opened)),
        responsible=tuple(await _responsible(found, row)),
        duties=(),
        events=events,
        event_total=total,
        replay=_replay(found, row),
        tags=await _tags(found, row),
        actions=_actions(found, row, grouped=bool(groups)),
        back="/enrollment/children",
        casework=f"/casework/children/{row.child}"
        if may(found.viewer, "case.view", row.path, found.today)
        else "",
    )


async def strip_for(found: Visit, row: ChildRow) -> Strip:
    """The child lies within the jurisdiction, and its whole year with it: an earlier class may be
    another school's, so the rows are read without the jurisdiction's filter.
    """
    first, last = school_year(found.today)
    async with found.edge.service.engine.connect() as conn:
        seen = await year(conn, row.child, first, last)
    return strip_of(found.moment.rules.calendar, row.path, found.today, seen)


def _about(clear: Mapping[str, str], today: date) -> str:
    told = [said(name, clear[name]) for name in ("sex", "ethnic") if clear.get(name)]
    if born := clear.get("born"):
        told.append(f"{born} 生{_age(born, today)}")
    return "，".join(told)


def _age(born: str, today: date) -> str:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return ""
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return f"（{years} 岁）"


async def _crumbs(found: Visit, row: ChildRow) -> tuple[Link, ...]:
    segments = row.path.split("/")
    async with found.edge.service.engine.connect() as conn:
        names = await unit_names(conn, segments[3:])
    links = [
        Link(text=names[code][0], href=f"/enrollment/classes?unit={code}")
        for code in segments[3:]
        if code in names
    ]
    if row.klass and row.klass_name:
        links.append(Link(text=row.klass_name, href=f"/enrollment/classes/{row.klass}"))
    return tuple(links)


def _facts(row: ChildRow, clear: Mapping[str, str]) -> list[tuple[str, str]]:
    facts = [(word(name), clear[name]) for name in ("hukou", "address") if clear.get(name)]
    if row.klass and row.since:
        facts.append(("就读", f"{row.since} 起在{row.klass_name or '本班'}"))
    elif row.left_on:
        facts.append(("就读", f"{row.left_on} 离开"))
    groups = list(filter(None, (tag(name, clear.get(name, "")) for name in GROUPS)))
    return [*facts, *([("标记", "、".join(groups))] if groups else [])]


async def _responsible(found: Visit, row: ChildRow) -> list[tuple[str, str]]:
    async with found.edge.service.engine.connect() as conn:
        people = await answerable(conn, row.klass, row.path.split("/")[3:], found.today)
    names = await people_names(found, [one.staff for one in people])
    drawn = [(word(one.role), f"{names.get(one.staff, '')}，{one.since} 起") for one in people]
    if row.klass and not any(one.role == "homeroom_teacher" for one in people):
        drawn.insert(0, ("班主任", "没有人，请学校指定"))
    return drawn


async def _tags(found: Visit, row: ChildRow) -> tuple[str, ...]:
    async with found.edge.service.engine.connect() as conn:
        leave = await current_leave(conn, row.child, found.today)
    if leave is None:
        return ()
    first, last, kind = leave
    return (f"{word(kind)} {day_words(first)}—{day_words(last)}",)


async def _events(found: Visit, row: ChildRow) -> tuple[tuple[TimelineEvent, ...], int]:
    async with found.edge.service.engine.connect() as conn:
        bodies, total = await told(conn, row.ledger, row.child, EVENTS_SHOWN)
    entries = [(entry_of(body), read(body)) for body in bodies]
    people = await people_names(found, [_staff(entry.actor) for entry, _ in entries])
    late = timedelta(hours=pack_of(found, row.path).values.late.hours)
    drawn = [
        _event(found, entry, people, late, envelope.occurredprecision == "day")
        for entry, envelope in entries
    ]
    return tuple(drawn), total


def _event(
    found: Visit, entry: Entry, people: dict[UUID, str], late: timedelta, by_day: bool
) -> TimelineEvent:
    staff, system = _staff(entry.actor), entry.actor == "system"
    return TimelineEvent(
        happened=entry.occurred_at,
        recorded=entry.recorded_at,
        title=sentence(entry, found.lang),
        who=people.get(staff, "") if staff else ("系统" if system else ""),
        role="" if entry.actor_role == "system" else word(entry.actor_role),
        proof=ProofMark(state="numbered", ledger="学籍", seq=entry.seq),
        late=entry.recorded_at - entry.occurred_at > late,
        by_day=by_day,
    )


def _staff(actor: str) -> UUID | None:
    try:
        return UUID(actor)
    except ValueError:
        return None


def _replay(found: Visit, row: ChildRow) -> Link | None:
    if not may(found.viewer, "replay", row.path, found.today):
        return None
    return Link(text="按两个时间回放", href=f"/audit/children/{row.child}")


def _actions(found: Visit, row: ChildRow, *, grouped: bool) -> tuple[Link, ...]:
    here = f"/enrollment/children/{row.child}/do"
    offered = (
        ("leave.record", "grant_leave", "登记请假"),
        ("leave.record", "tag_group", "归入类别"),
        *((("leave.record", "untag_group", "移出类别"),) if grouped else ()),
        ("leave.record", "record_village", "登记所在村"),
        ("child.change", "change_child", "修改信息"),
    )
    return tuple(
        Link(text=label, href=f"{here}/{name}")
        for right, name, label in offered
        if may(found.viewer, right, row.path, found.today)  # type: ignore[arg-type]
    )


async def as_json(found: Visit, row: ChildRow) -> dict[str, Any]:
    """No personal value: ids, places, marks of the school year."""
    strip = await strip_for(found, row)
    marked = {
        day.on.isoformat(): day.mark for day in strip.days if day.mark not in ("present", "ahead")
    }
    return {
        "child": str(row.child),
        "ledger": row.ledger,
        "path": row.path,
        "school": row.school,
        "klass": str(row.klass) if row.klass else None,
        "grade": row.grade,
        "seat": row.seat,
        "since": row.since.isoformat() if row.since else None,
        "left_on": row.left_on.isoformat() if row.left_on else None,
        "present": strip.count("present"),
        "days": marked,
    }
