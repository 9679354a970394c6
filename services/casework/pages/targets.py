"""目标分解: each target with its parts, their sum against it, and who has none yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from services.casework.pages.coverage_look import Named, named
from services.casework.pages.drawing import begin, command, new_id, pack_of
from services.casework.queries.activities import school_year, target_years, targets
from shared.answers import wants_page
from shared.console import Visit
from shared.edge import Edge
from shared.rights import EVERYWHERE, Viewer, may, paths_for
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Form, Option
from shared.web.models.layout import Link
from shared.web.models.work import TargetRow, TargetsPage

HERE = "/casework/targets"
# What a target is broken down to: the units right below, a school's classes, a class's teachers.
PARTS = text(
    "select unit as id, path, '' as person from unit where parent = :unit and closed_on is null"
    " union all select klass::text, path, '' from klass where school = :unit"
    " and closed_on is null"
    " union all select 'staff:' || p.staff, u.path, p.staff::text from person p"
    " join unit u using (unit) where p.unit = :unit and u.kind = 'school' and not exists"
    " (select 1 from account a where a.staff = p.staff having bool_and(a.closed))"
    " order by 2, 1 limit 240"
)
LACKING_SHOWN = 20
# Stays below what one reading names.
PEOPLE_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it stands: a later one for the same unit, person and metric replaces it."""

    id: UUID
    unit: str
    staff: str
    path: str
    metric: str
    value: str
    parent: str


def router(edge: Edge) -> APIRouter:
    """`/casework/targets`, a page or JSON."""
    api = APIRouter(prefix=HERE)

    @api.get("", response_model=None)
    async def page(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        year: str = "",
        parent: UUID | None = None,
    ) -> Response:
        found = await begin(edge, request, viewer, "targets", "responsibility.view")
        year = year or school_year(found.today)
        async with viewing(edge.service.engine, viewer, "responsibility.view", found.today) as conn:
            standing = _standing(await targets(conn, year))
            years = await target_years(conn)
        if not wants_page(request):
            told = [_told(one, standing) for one in standing]
            return JSONResponse({"year": year, "targets": told})
        drawn = await _page(found, year, years, standing, parent)
        return await found.html("targets.html", drawn, "duties")

    return api


def _standing(rows: Sequence[Any]) -> list[Target]:
    newest: dict[tuple[str, str, str], Target] = {}
    for row in rows:
        data = row.data
        one = Target(
            id=row.activity,
            unit=row.unit,
            staff=data.get("staff") or "",
            path=row.path,
            metric=data["metric"],
            value=data["value"],
            parent=data.get("parent") or "",
        )
        newest[one.metric, one.unit, one.staff] = one
    return list(newest.values())


def _told(one: Target, standing: Sequence[Target]) -> dict[str, Any]:
    parts = _parts(one, standing)
    return {
        "target": str(one.id),
        "unit": one.unit,
        "staff": one.staff or None,
        "metric": one.metric,
        "value": one.value,
        "parent": one.parent or None,
        "parts": len(parts),
        "sum": _sum(parts) if parts else None,
    }


def _parts(one: Target, standing: Sequence[Target]) -> list[Target]:
    return [other for other in standing if other.parent == str(one.id)]


def _number(value: str) -> Decimal | None:
    try:
        return Decimal(value.strip().rstrip("%"))
    except InvalidOperation:
        return None


def _sum(parts: Sequence[Target]) -> str | None:
    """The sum of what can be added up; shares in percent are no sum of their parts."""
    numbers = [_number(one.value) for one in parts]
    if any(one.value.strip().endswith("%") for one in parts) or None in numbers:
        return None
    return str(sum(number for number in numbers if number is not None))


async def _page(
    found: Visit, year: str, years: list[str], standing: list[Target], parent: UUID | None
) -> TargetsPage:
    chosen = next((one for one in standing if one.id == parent), None)
    if parent is not None and chosen is None:
        raise HTTPException(404)
    lacking = {one.id: await _lacking(found, one, standing) for one in standing}
    parts = lacking.get(chosen.id, []) if chosen else []
    people = {one.staff for one in standing if one.staff}
    people |= {person for rows in lacking.values() for _, person in rows[:LACKING_SHOWN] if person}
    people |= {person for _, person in parts if person}
    names = await named(found, sorted(people)[:PEOPLE_SHOWN])
    return TargetsPage(
        title="目标分解",
        about=f"{year} 学年，{len(standing)} 个目标" if standing else f"{year} 学年还没有目标",
        back="/casework/coverage",
        years=tuple(Link(text=one, href=f"{HERE}?{urlencode({'year': one})}") for one in years),
        chosen=year,
        metrics=_metrics(found, year, standing, lacking, names),
        parent=_title(chosen, names) if chosen else "",
        parts=tuple(
            Option(value=part, label=_named(part, person, names)) for part, person in parts
        ),
        form=_form(chosen) if chosen and parts else None,
        set=_set(found),
    )


def _named(part: str, person: str, names: Named) -> str:
    return names.holder(person) if person else names.places.get(part, part)


def _title(one: Target, names: Named) -> str:
    who = names.holder(one.staff) if one.staff else names.places.get(one.unit, one.unit)
    return f"{who}：{one.value}"


async def _lacking(found: Visit, one: Target, standing: Sequence[Target]) -> list[tuple[str, str]]:
    """(part, person): units, classes and teachers right below that have no part of it yet."""
    # A class is broken down no further.
    if (
        one.staff
        or "-" in one.unit
        or not may(found.viewer, "responsibility.view", one.path, found.today)
    ):
        return []
    async with found.edge.service.engine.connect() as conn:
        rows = (await conn.execute(PARTS, {"unit": one.unit})).all()
    same = [other for other in standing if other.metric == one.metric]
    have = {f"staff:{other.staff}" if other.staff else other.unit for other in same}
    return [(row.id, row.person) for row in rows if row.id not in have]


def _metrics(
    found: Visit,
    year: str,
    standing: Sequence[Target],
    lacking: dict[UUID, list[tuple[str, str]]],
    names: Named,
) -> tuple[tuple[str, tuple[TargetRow, ...]], ...]:
    drawn: list[tuple[str, tuple[TargetRow, ...]]] = []
    for metric in dict.fromkeys(one.metric for one in standing):
        mine = [one for one in standing if one.metric == metric]
        code = next((pack_of(found, one.path).code("targets", metric) for one in mine), None)
        ids = {str(one.id) for one in mine}
        tops = [one for one in mine if one.parent not in ids]
        rows: list[TargetRow] = []
        for top in sorted(tops, key=lambda one: one.path):
            rows += _tree(found, year, top, mine, lacking, names, 0)
        drawn.append((code.zh if code else metric, tuple(rows)))
    return tuple(drawn)


def _tree(
    found: Visit,
    year: str,
    one: Target,
    mine: Sequence[Target],
    lacking: dict[UUID, list[tuple[str, str]]],
    names: Named,
    depth: int,
) -> list[TargetRow]:
    parts = sorted(_parts(one, mine), key=lambda part: (part.path, part.staff))
    total = _sum(parts) if parts else None
    records = may(found.viewer, "activity.record", one.path, found.today)
    without = lacking.get(one.id, [])
    href = f"{HERE}?{urlencode({'year': year, 'parent': str(one.id)})}"
    row = TargetRow(
        name=_title(one, names),
        value=one.value,
        depth=depth,
        sum=total or "",
        short=total is not None and _number(total) != _number(one.value),
        lacking=tuple(_named(part, who, names) for part, who in without[:LACKING_SHOWN]),
        href=href if records and without else "",
    )
    below = [_tree(found, year, part, mine, lacking, names, depth + 1) for part in parts]
    return [row, *(line for lines in below for line in lines)]


def _form(one: Target) -> Form:
    return Form(
        action=command("cascade_target"),
        command_id=new_id(),
        version=0,
        submit="分解下去",
        hidden=(("parent", str(one.id)),),
    )


def _set(found: Visit) -> Link | None:
    paths = paths_for(found.viewer, "activity.record", found.today)
    unit = next((path.rpartition("/")[2] for path in paths if path != EVERYWHERE), "")
    if not unit.isdigit():
        return None
    return Link(text="下达目标", href=f"/casework/activities/do/set_target?unit={unit}")
