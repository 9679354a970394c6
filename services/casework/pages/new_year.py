"""拟新学年的责任表: last year's holders proposed row by row; who left or moved up is a hole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text

from services.casework.pages.coverage_look import (
    Looked,
    Named,
    candidates,
    look_at,
    named,
    schemes_of,
)
from services.casework.pages.drawing import begin, new_id
from services.casework.queries.coverage import Covered
from shared.console import Visit
from shared.edge import Edge
from shared.policy.duty_schema import Tier
from shared.rights import EVERYWHERE, Viewer, covers
from shared.session_http import viewer as signed_in
from shared.web.models.form import Form, Option
from shared.web.models.layout import Link
from shared.web.models.responsibility import YearPage, YearRow

# Rows of one page stay below what one command takes and one reading names.
ROWS_SHOWN = 150
# The school year of the plans begins with September.
BEGINS = (9, 1)
PEOPLE = frozenset(("child", "guardian"))
LAST = text(
    "select distinct on (tier, target) tier, target, holder, since, until from responsibility"
    " where scheme = :scheme and target = any(:targets) and since < :since"
    " order by tier, target, since desc, holder"
)
STAYED = text(
    "select distinct on (child) child, klass, grade, school from stay"
    " where child = any(cast(:children as uuid[])) and since < :since"
    " order by child, since desc"
)


@dataclass(frozen=True, slots=True)
class Before:
    """The year that ends: who held each target, and where each child was."""

    holders: dict[tuple[str, str], Any]
    stays: dict[str, Any]


def router(edge: Edge) -> APIRouter:
    """`/casework/coverage/year`."""
    api = APIRouter(prefix="/casework/coverage")

    @api.get("/year")
    async def year(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str = "",
        since: date | None = None,
        unit: str = "",
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "coverage.year", "responsibility.assign")
        page = await _page(found, scheme, since or _next_year(found.today), unit)
        return await found.html("year.html", page, "duties")

    return api


def _next_year(today: date) -> date:
    """The first of September that is nearest: in autumn the one that has just been."""
    this = date(today.year, *BEGINS)
    return this if today.month >= BEGINS[0] - 3 else date(today.year - 1, *BEGINS)


async def _page(found: Visit, code: str, since: date, unit: str) -> YearPage:
    schemes = await schemes_of(found)
    code = code or next(iter(schemes))
    looked = await look_at(found.edge, found.viewer, found.moment, code, since)
    if looked.scheme is None:
        raise HTTPException(404)
    path = _place(looked, unit)
    tiers = [tier for tier in looked.scheme.tiers if tier.derive is None and tier.holder == "staff"]
    rows = [one for one in looked.all if _here(one, path, tiers)][:ROWS_SHOWN]
    before = await _before(found, code, rows, since)
    able = await candidates(found, path, looked, "") if rows else []
    people = {o.staff for o in able} | {o.target for o in rows if o.target_kind in PEOPLE}
    people |= {held.holder for held in before.holders.values()}
    names = await named(found, people)
    here = {one.staff for one in able}
    proposed = [(one, _row(code, one, looked, before, names, here)) for one in rows]
    holes = sum(row.hole for _, row in proposed)
    query = {"since": since.isoformat(), "unit": unit}
    return YearPage(
        title="拟新学年的责任表",
        about=f"共 {len(proposed)} 处，其中 {holes} 处要另选人" if proposed else "",
        back=f"/casework/coverage?{urlencode({'scheme': code})}",
        schemes=tuple(
            Link(text=s.zh, href=f"?{urlencode(query | {'scheme': c})}") for c, s in schemes.items()
        ),
        chosen=looked.scheme.zh,
        scheme=code,
        unit=path.rpartition("/")[2],
        since=since.isoformat(),
        tiers=tuple(
            (tier.zh, tuple(row for one, row in proposed if one.tier == tier.code))
            for tier in tiers
            if any(one.tier == tier.code for one, _ in proposed)
        ),
        holders=tuple(Option(value=one.staff, label=names.holder(one.staff)) for one in able),
        form=_form(code, query) if proposed else None,
        units=_units(looked, path, names, code, since),
    )


def _here(one: Covered, path: str, tiers: Sequence[Tier]) -> bool:
    """Of a unit its own targets, its grades and classes; of a class its children."""
    return (one.path == path and one.tier in {tier.code for tier in tiers}) or (
        one.target_kind == "klass"
        and one.path.rpartition("/")[0] == path
        and one.tier in {tier.code for tier in tiers}
    )


def _place(looked: Looked, unit: str) -> str:
    """A unit or class of the jurisdiction; the viewer's own highest one unless asked for."""
    if not unit:
        return looked.root
    paths = {path for one in looked.sheets for path in one.holding.paths.values()}
    paths |= {place.path for one in looked.sheets for place in one.holding.classes.values()}
    found = next((path for path in paths if path.rpartition("/")[2] == unit), None)
    if not found or not any(top == EVERYWHERE or covers(top, found) for top in looked.paths):
        raise HTTPException(404)
    return found


async def _before(found: Visit, code: str, rows: Sequence[Covered], since: date) -> Before:
    targets = [one.target for one in rows]
    children = [one.target for one in rows if one.target_kind in PEOPLE]
    async with found.edge.service.engine.connect() as conn:
        params = {"scheme": code, "targets": targets, "since": since}
        last = (await conn.execute(LAST, params)).all()
        stays = (await conn.execute(STAYED, {"children": children, "since": since})).all()
    return Before(
        {(row.tier, row.target): row for row in last}, {str(row.child): row for row in stays}
    )


def _row(
    code: str, one: Covered, looked: Looked, before: Before, names: Named, here: set[str]
) -> YearRow:
    """Kept where the last holder is still there and still teaches the child's class."""
    last = before.holders.get((one.tier, one.target))
    was = names.holder(last.holder) if last else ""
    moved = _moved(one, looked, before)
    note, keeps = "", last is not None
    if last is None:
        note = "去年没有人负责"
    elif last.holder not in here:
        note, keeps = "原来的人已离任", False
    elif moved:
        keeps = _teaches(last.holder, one, looked)
        note = f"{moved}，仍教这个班" if keeps else f"{moved}，原来的人不教这个班"
    still = one.holders[0] if one.holders and not one.derived else ""
    return YearRow(
        target=names.target(one),
        where=names.where(one.path),
        was=was,
        note=note,
        name=f"{code}:{one.tier}:{one.target}",
        chosen=last.holder if last is not None and keeps else "",
        instead=still,
        hole=not keeps,
    )


def _moved(one: Covered, looked: Looked, before: Before) -> str:
    """The child that is in another class than last year, in words."""
    stay = before.stays.get(one.target) if one.target_kind in PEOPLE else None
    klass = one.path.rpartition("/")[2]
    if stay is None or str(stay.klass) == klass:
        return ""
    grades = {str(row.child): row.grade for sheet in looked.sheets for row in sheet.children}
    grade = grades.get(one.target)
    return f"升到 {grade} 年级" if grade != stay.grade else "换了班"


def _teaches(holder: str, one: Covered, looked: Looked) -> bool:
    klass = one.path.rpartition("/")[2]
    for sheet in looked.sheets:
        place = sheet.holding.classes.get(klass)
        if place is not None:
            posts = sheet.holding.derived("teachers", place, looked.on)
            return any(str(post.span.staff) == holder for post in posts)
    return False


def _form(code: str, query: dict[str, str]) -> Form:
    back = f"/casework/coverage/year?{urlencode(query | {'scheme': code})}"
    return Form(
        action="/casework/commands/assign_responsibilities",
        command_id=new_id(),
        version=0,
        submit="照这样定下",
        hidden=(("next", back),),
    )


def _units(looked: Looked, path: str, names: Named, code: str, since: date) -> tuple[Link, ...]:
    """The place above and those below: a school's classes, a township's schools."""
    paths = {p for one in looked.sheets for p in one.holding.paths.values()}
    classes = {p.path for one in looked.sheets for p in one.holding.classes.values()}
    above = [path.rpartition("/")[0]] if path != looked.root else []
    below = sorted(p for p in paths | classes if p.rpartition("/")[0] == path)
    query = {"scheme": code, "since": since.isoformat()}
    return tuple(
        Link(
            text=names.places.get(p.rpartition("/")[2], ""),
            href=f"?{urlencode(query | {'unit': p.rpartition('/')[2]})}",
        )
        for p in [*above, *below]
    )
