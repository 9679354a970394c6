"""Enrollment's parts of the first page: the own roll, the school's classes, missing rolls."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.drawing import (
    UNNAMED,
    as_uuid,
    begin,
    child_names,
    cut_off_of,
    new_id,
    no_school,
    people_names,
    still_ahead,
)
from services.enrollment.pages.roll import sent_path
from services.enrollment.pages.units import units_part
from services.enrollment.queries.board import ClassDay, board
from services.enrollment.queries.roster import Missed, leaves, missed, sitting
from shared.console import COUNTY_NAME, Visit, visit
from shared.contracts.words import word
from shared.edge import Edge
from shared.first_page import first_page
from shared.rights import NotAllowed, Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Form
from shared.web.models.today import (
    Away,
    ClassesPart,
    ClassRow,
    MissingPart,
    MissingRow,
    RollDuty,
)

# The homeroom teacher's own class stands before one that a teacher only takes now and then.
TEACHES = ("homeroom_teacher", "subject_teacher")
# So many missing classes stand in rows of their own, more than that a row a school.
APART_LIMIT_CLASSES = 12


def router(edge: Edge) -> APIRouter:
    """`/enrollment/first` and the fragments `/enrollment/today/…`."""
    api = APIRouter(prefix="/enrollment")

    @api.get("/first")
    async def first(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await visit(edge, request, viewer, "today")
        async with edge.service.engine.connect() as conn:
            unit = (await conn.execute(COUNTY_NAME, {"unit": found.grant.unit})).first()
        page = first_page(viewer, found.today, unit.name if unit else "")
        return await found.html("today.html", page, "today")

    @api.get("/today/roll")
    async def roll(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> HTMLResponse:
        found = await begin(edge, request, viewer, "today", "roll.submit")
        return await found.part("parts/roll_duty.html", await roll_duty(found))

    @api.get("/today/classes")
    async def classes(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "today", "board.view")
        return await found.part("parts/classes.html", await classes_part(found))

    @api.get("/today/missing")
    async def missing(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "today", "board.view")
        return await found.part("parts/missing.html", await missing_part(found))

    @api.get("/today/units")
    async def units(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "today", "board.view")
        return await found.part("parts/units.html", await units_part(found))

    return api


async def roll_duty(found: Visit) -> RollDuty:
    """The roll that the teacher owes: the own class before others, one not sent before one sent."""
    own = [
        unit
        for role in TEACHES
        for grant, _ in found.viewer.roles(found.today)
        if grant.role == role and (unit := as_uuid(grant.unit))
    ]
    async with viewing(found.edge.service.engine, found.viewer, "roll.submit", found.today) as conn:
        rows = {row.klass: row for row in await board(conn, found.today)}
        mine = [rows[klass] for klass in dict.fromkeys(own) if klass in rows]
        if not mine:
            raise NotAllowed("你今天没有任教的班。请联系学校的学籍管理员。", "roll.submit", "")
        row = next((one for one in mine if one.lacking), mine[0])
        places = await sitting(conn, row.klass, found.today)
        excused = await leaves(conn, [one.child for one in places], found.today)
    return _duty(found, row, len(excused))


def _duty(found: Visit, row: ClassDay, on_leave: int) -> RollDuty:
    reason = no_school(found, row.path, found.today)
    values: dict[str, Any] = {"class_name": row.name, "enrolled": row.enrolled}
    href = f"/enrollment/classes/{row.klass}/roll"
    if row.taken:
        expected, present = row.expected or 0, row.present or 0
        values |= {"enrolled": expected, "sent_at": row.submitted_at, "on_leave": row.excused}
        absent = expected - present - row.excused
        return RollDuty(
            **values, state="sent", href=sent_path(row.klass, found.today), absent=absent
        )
    if reason:
        return RollDuty(**values, state="none", href=href, reason=reason)
    cut_off = cut_off_of(found, row.path, found.today)
    late = found.moment.now >= cut_off
    values |= {"on_leave": on_leave, "cut_off": cut_off}
    return RollDuty(**values, state="late" if late else "due", href=href)


async def classes_part(found: Visit) -> ClassesPart:
    """A school's classes today, with the names of who is away."""
    async with viewing(found.edge.service.engine, found.viewer, "board.view", found.today) as conn:
        rows = [row for row in await board(conn, found.today) if row.enrolled or row.taken]
        away = await missed(conn, [row.klass for row in rows if row.taken], found.today)
    open_today = [row for row in rows if row.taken or not no_school(found, row.path, found.today)]
    if rows and not open_today:
        return ClassesPart(rows=(), reason=no_school(found, rows[0].path, found.today))
    names = await child_names(found, [(one.child, one.name) for one in away])
    people = await people_names(found, [row.teacher for row in open_today])
    drawn = [_class_row(found, row, _away(row, away, names), people) for row in open_today]
    path = open_today[0].path if open_today else found.grant.path
    return ClassesPart(
        rows=tuple(drawn),
        cut_off=cut_off_of(found, path, found.today),
        remind_all=_remind(found, [row for row in open_today if not row.taken], "全部提醒"),
    )


def _class_row(
    found: Visit, row: ClassDay, away: tuple[Away, ...], people: dict[UUID, str]
) -> ClassRow:
    expected = row.expected or row.enrolled
    return ClassRow(
        class_name=row.name,
        href=_class_href(found, row),
        teacher=_teacher(row, people),
        enrolled=expected,
        absent=expected - (row.present or 0) - row.excused if row.taken else None,
        on_leave=row.excused if row.taken else None,
        sent_at=row.submitted_at,
        away=away,
        remind=None if row.taken else _remind(found, [row], "提醒"),
        due_at=None if row.taken else still_ahead(found, row.path),
    )


def _teacher(row: ClassDay, people: dict[UUID, str]) -> str:
    return people.get(row.teacher, "") if row.teacher else "没有班主任"


def _class_href(found: Visit, row: ClassDay) -> str:
    if row.taken:
        return sent_path(row.klass, found.today)
    submits = may(found.viewer, "roll.submit", row.path, found.today)
    return f"/enrollment/classes/{row.klass}" + ("/roll" if submits else "")


def _away(row: ClassDay, away: list[Missed], names: dict[UUID, str]) -> tuple[Away, ...]:
    return tuple(
        Away(
            name=names.get(one.child, UNNAMED),
            href=f"/enrollment/children/{one.child}",
            note=word(one.mark),
            urgent=one.mark == "unexcused",
        )
        for one in away
        if one.klass == row.klass
    )


async def missing_part(found: Visit) -> MissingPart:
    """Classes that nobody has called in time today, a row a school."""
    async with viewing(found.edge.service.engine, found.viewer, "board.view", found.today) as conn:
        rows = [row for row in await board(conn, found.today) if row.lacking]
    owing = [row for row in rows if not no_school(found, row.path, found.today)]
    lacking = [row for row in owing if still_ahead(found, row.path) is None]
    ahead = [due for row in owing if (due := still_ahead(found, row.path))]
    schools: dict[str, list[ClassDay]] = {}
    for row in lacking:
        schools.setdefault(row.school, []).append(row)
    groups = [[row] for row in lacking]
    if len(lacking) > APART_LIMIT_CLASSES:
        groups = list(schools.values())
    return MissingPart(
        rows=tuple(_missing_row(found, classes) for classes in groups),
        total=len(lacking),
        href="/enrollment/classes?state=missing",
        remind_all=_remind(found, lacking, "全部提醒"),
        waiting=len(ahead),
        due_at=max(ahead, default=None),
    )


def _remind(found: Visit, lacking: Sequence[ClassDay], submit: str) -> Form | None:
    """提醒: notify tells whoever owes these rolls, each class once a day."""
    may_be = [row for row in lacking if may(found.viewer, "remind", row.path, found.today)]
    if not may_be:
        return None
    klasses = ",".join(str(row.klass) for row in may_be)
    return Form(
        action="/notify/commands/remind_class",
        command_id=new_id(),
        version=0,
        submit=submit,
        hidden=(("klasses", klasses),),
    )


def _missing_row(found: Visit, classes: list[ClassDay]) -> MissingRow:
    school = classes[0].school
    teachers = {one.teacher for one in classes if one.teacher}
    alone = len(classes) - len([one for one in classes if one.teacher])
    said = [f"{len(teachers)} 位班主任"] if teachers else []
    said += [f"{alone} 个班没有班主任"] if alone else []
    return MissingRow(
        title=f"{classes[0].school_name or school} {'、'.join(one.name for one in classes)}",
        href=_missing_href(found, classes),
        detail="，".join(said),
        remind=_remind(found, classes, "提醒"),
    )


def _missing_href(found: Visit, classes: list[ClassDay]) -> str:
    if len(classes) == 1:
        return _class_href(found, classes[0])
    return f"/enrollment/classes?unit={classes[0].school}&state=missing"
