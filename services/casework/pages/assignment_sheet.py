"""责任分解表: who answers for whom under a scheme on a day, numbered, for paper and spreadsheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BytesIO
from typing import Annotated
from urllib.parse import quote, urlencode

import xlsxwriter
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from services.casework.pages.coverage_look import LINES, SHARES, Looked, Named, look_at, named
from services.casework.pages.drawing import begin
from services.casework.pages.sheet import MEDIA_TYPE, safe
from services.casework.queries.coverage import SHARED_BY_MANY, Covered
from shared.console import Visit
from shared.contracts import access
from shared.edge import Edge
from shared.reading import Opened
from shared.rights import EVERYWHERE, Viewer, covers, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Link
from shared.web.models.responsibility import AssignmentSheetPage, SheetRow

KIND = "assignment_sheet"
# More names than one record of a reading holds are not spelled out: the schools' own sheets do.
NAMES_SHOWN = 450
DIGEST_CHARACTERS = 6
HEADS = ("序号", "层级", "责任线", "责任类别", "对象", "所在", "负责人", "从哪天起", "怎样定的")
WIDTHS = (6, 24, 10, 12, 40, 30, 24, 12, 10)
SCHOOL_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Targets of a tier that share a class and the same holders; others stand alone."""

    targets: tuple[Covered, ...]

    @property
    def first(self) -> Covered:
        return self.targets[0]


def router(edge: Edge) -> APIRouter:
    """`/casework/coverage/sheet` for paper, `/casework/coverage/sheet.xlsx`."""
    api = APIRouter(prefix="/casework/coverage")

    @api.get("/sheet")
    async def paper(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        on: date | None = None,
        unit: str = "",
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "coverage.sheet", "responsibility.view")
        page = await sheet_page(found, scheme, on or found.today, unit)
        return await found.html("assignment_sheet.html", page, "duties")

    @api.get("/sheet.xlsx")
    async def workbook(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        scheme: str,
        on: date | None = None,
        unit: str = "",
    ) -> Response:
        found = await begin(edge, request, viewer, "coverage.xlsx", "export.create", "oversight")
        return await answer(found, scheme, on or found.today, unit)

    return api


async def sheet_page(found: Visit, code: str, on: date, unit: str) -> AssignmentSheetPage:
    """Rows in the order of tiers and places; the same content has the same number for ever."""
    looked = await look_at(found.edge, found.viewer, found.moment, code, on)
    if looked.scheme is None or looked.pack is None:
        raise HTTPException(404)
    path = _path(looked, unit)
    mine = [one for one in looked.all if covers(path, one.path)]
    together = _groups(mine)
    people = _people(together)
    spelled = len(people) <= NAMES_SHOWN
    names = await named(found, people if spelled else _holders(together))
    groups = _in_order(together, mine, names)
    rows = tuple(_row(n, g, looked, names, spelled) for n, g in enumerate(groups, 1))
    query = urlencode({"scheme": code, "on": on.isoformat(), "unit": path.rpartition("/")[2]})
    exports = paths_for(found.viewer, "export.create", found.today)
    return AssignmentSheetPage(
        title=f"{looked.scheme.zh}责任分解表",
        number=_number(path, code, on, mine),
        place=names.where(path) or names.places.get(path.rpartition("/")[2], ""),
        on=on.isoformat(),
        rules=looked.pack.version,
        rows=rows,
        holes=sum(one.hole for one in mine),
        back=f"/casework/coverage?{query}",
        xlsx=f"/casework/coverage/sheet.xlsx?{query}" if exports else "",
        parts=_parts(looked, path, names, code, on),
        spelled=spelled,
    )


def _path(looked: Looked, unit: str) -> str:
    if not unit:
        return looked.root
    units = (one.holding.paths.get(unit) for one in looked.sheets)
    classes = (one.holding.classes.get(unit) for one in looked.sheets)
    found = next((path for path in (*units, *(k.path for k in classes if k)) if path), None)
    inside = found and any(top == EVERYWHERE or covers(top, found) for top in looked.paths)
    if not found or not inside:
        raise HTTPException(404)
    return found


def _groups(mine: Sequence[Covered]) -> list[Group]:
    together: dict[tuple[object, ...], list[Covered]] = {}
    for one in mine:
        many = one.target_kind in SHARED_BY_MANY
        key = (one.tier, one.at if many else one.target, one.holders, one.since if many else "")
        together.setdefault(key, []).append(one)
    return [Group(tuple(them)) for them in together.values()]


def _in_order(groups: Sequence[Group], mine: Sequence[Covered], names: Named) -> list[Group]:
    """By tier as the scheme has them, then by place as people list places."""
    tiers = {tier: place for place, tier in enumerate(dict.fromkeys(one.tier for one in mine))}
    rank = names.order()

    def place(group: Group) -> tuple[int, list[int], str]:
        path = group.first.path.split("/")
        return tiers[group.first.tier], [rank.get(p, -1) for p in path], group.first.target

    return sorted(groups, key=place)


def _people(groups: Sequence[Group]) -> set[str]:
    people = {o.target for g in groups for o in g.targets if o.target_kind in SHARED_BY_MANY}
    return people | _holders(groups)


def _holders(groups: Sequence[Group]) -> set[str]:
    return set(sorted({h for group in groups for h in group.first.holders})[:NAMES_SHOWN])


def _row(number: int, group: Group, looked: Looked, names: Named, spelled: bool) -> SheetRow:
    one = group.first
    tier = looked.scheme.tier(one.tier) if looked.scheme else None
    assert tier is not None, "a target is of a tier of its scheme"
    many = one.target_kind in SHARED_BY_MANY
    whole = "、".join(names.target(t) for t in group.targets) if spelled or not many else ""
    return SheetRow(
        number=number,
        tier=tier.zh,
        line=LINES.get(tier.line, ""),
        share=SHARES[tier.share],
        target=whole,
        count=len(group.targets) if many else 0,
        where=names.where(one.path),
        holders="、".join(names.holder(who) for who in one.holders) or "无人",
        since=one.since.isoformat() if one.since else "",
        basis="" if one.hole else "随任职" if one.derived else "由人指定",
    )


def _number(path: str, code: str, on: date, mine: Sequence[Covered]) -> str:
    """Unit, scheme, day, and what it says: printed again unchanged it is the same document."""
    lines = sorted(f"{o.tier} {o.target} {','.join(o.holders)} {o.since}" for o in mine)
    digest = sha256("\n".join(lines).encode()).hexdigest()[:DIGEST_CHARACTERS].upper()
    return f"{path.rpartition('/')[2]}-{code}-{on:%Y%m%d}-{digest}"


def _parts(looked: Looked, path: str, names: Named, code: str, on: date) -> tuple[Link, ...]:
    """The sheets of the schools below, or of a school's classes: they spell out every name."""
    below = _classes_in(looked, path) if path.count("/") >= SCHOOL_DEPTH else _schools(looked, path)
    rank, query = names.order(), {"scheme": code, "on": on.isoformat()}
    return tuple(
        Link(
            text=names.places.get(unit, unit),
            href=f"/casework/coverage/sheet?{urlencode(query | {'unit': unit})}",
        )
        for unit in sorted(below, key=lambda unit: rank.get(unit, len(rank)))
    )


def _schools(looked: Looked, path: str) -> set[str]:
    return {
        unit
        for one in looked.sheets
        for unit, place in one.holding.paths.items()
        if one.holding.kinds[unit] == "school" and covers(path, place)
    }


def _classes_in(looked: Looked, path: str) -> set[str]:
    return {
        klass
        for one in looked.sheets
        for klass, place in one.holding.classes.items()
        if covers(path, place.path) and place.path != path
    }


async def answer(found: Visit, code: str, on: date, unit: str) -> Response:
    """The spreadsheet; that it was made, and about whom, is recorded before it is sent."""
    page = await sheet_page(found, code, on, unit)
    content = _workbook(page)

    def shape(opened: Opened) -> access.Event:
        return access.ExportCreated(
            purpose=opened.purpose,
            kind=KIND,
            rows=len(page.rows),
            subjects=opened.subjects,
            classes=opened.classes,
            obtained_by=opened.obtained_by,
        )

    await found.edge.record(found.reading, found.moment, found.grant, shape)
    name = f"{page.title}-{page.on}.xlsx"
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def _workbook(page: AssignmentSheetPage) -> bytes:
    memory = BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False})
    table, bold = book.add_worksheet("责任分解表"), book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    table.set_paper(9)  # A4
    table.set_landscape()
    table.write_string(0, 0, f"{page.place} {page.title}", bold)
    table.write_string(1, 0, f"编号 {page.number}；{page.on} 的责任；规则 {page.rules[:8]}")
    for column, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
        table.set_column(column, column, width)
        table.write_string(2, column, head, bold)
    table.repeat_rows(2)
    for line, row in enumerate(page.rows, 3):
        table.write_number(line, 0, row.number)
        target = row.target + (f"（{row.count} 人）" if row.count else "")
        facts = (row.tier, row.line, row.share, target, row.where)
        for column, value in enumerate((*facts, row.holders, row.since, row.basis), 1):
            table.write_string(line, column, safe(value), wrap)
    book.close()
    return memory.getvalue()
