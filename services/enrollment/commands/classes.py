"""Classes: opened and closed, and who their homeroom teachers are."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import CLASS
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import CLASSES, ROLES, acting
from services.enrollment.commands.separate import require_separate_roles
from services.enrollment.domain import klass as domain
from services.enrollment.queries.places import (
    class_place,
    require_not_elsewhere,
    staff_place,
    unit_place,
)
from shared.commands import Command, Done, Fields
from shared.edge import Edge
from shared.rights import Viewer

NEXT = "/enrollment/classes"


class OpenFields(Fields, frozen=True):
    """`klass`: the new class's id, the command's own unless given."""

    school: str
    grade: int
    name: str
    klass: UUID | None = None
    valid_from: date | None = None


class CloseFields(Fields, frozen=True):
    klass: UUID
    on: date | None = None


class AssignFields(Fields, frozen=True):
    klass: UUID
    staff: UUID
    valid_from: date | None = None


class EndFields(Fields, frozen=True):
    klass: UUID
    staff: UUID
    on: date | None = None


async def open_class(edge: Edge, viewer: Viewer, fields: OpenFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        school = await unit_place(conn, fields.school)
    klass = fields.klass or fields.command_id
    command = domain.OpenClass(
        klass=klass,
        school=school.unit,
        school_path=school.path,
        grade=fields.grade,
        name=fields.name,
        valid_from=fields.valid_from or act.moment.today,
        now=act.moment.now,
    )
    told = act.told(CLASSES, school.ledger, school.path)
    step = _step(klass, command, f"{school.path}/{klass}", fields)

    async def before(conn: AsyncConnection) -> None:
        await require_not_elsewhere(conn, f"{CLASS.prefix}{klass}", told.ledger)

    return await act.write(told, step, before=before, next=f"{NEXT}/{klass}")


async def close_class(edge: Edge, viewer: Viewer, fields: CloseFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
    on = fields.on or act.moment.today
    command = domain.CloseClass(klass=fields.klass, on=on, now=act.moment.now)
    told = act.told(CLASSES, place.ledger, place.path)
    return await act.write(told, _step(fields.klass, command, place.path, fields), next=NEXT)


async def assign_homeroom(edge: Edge, viewer: Viewer, fields: AssignFields) -> Done:
    """From that day on the class is theirs; whoever held it ends on that day."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
        person = await staff_place(conn, fields.staff)
    act.require_person(ROLES, person, place.path)
    since = fields.valid_from or act.moment.today
    command = domain.AssignHomeroomTeacher(
        klass=fields.klass, staff=fields.staff, valid_from=since, now=act.moment.now
    )

    async def before(conn: AsyncConnection) -> None:
        await require_separate_roles(conn, place.ledger, fields.staff, "homeroom_teacher", since)

    told = act.told(ROLES, place.ledger, place.path)
    step = _step(fields.klass, command, place.path, fields)
    return await act.write(told, step, before=before, next=NEXT)


async def end_homeroom(edge: Edge, viewer: Viewer, fields: EndFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
    on = fields.on or act.moment.today
    command = domain.EndHomeroomTeacher(
        klass=fields.klass, staff=fields.staff, on=on, now=act.moment.now
    )
    told = act.told(ROLES, place.ledger, place.path)
    return await act.write(told, _step(fields.klass, command, place.path, fields), next=NEXT)


def _step(klass: UUID, command: domain.ClassCommand, path: str, fields: Fields) -> Step:
    return Step(
        aggregate=CLASS,
        stream=f"{CLASS.prefix}{klass}",
        command=command,
        path=path,
        subject=str(klass),
        expected=fields.version,
    )


COMMANDS = (
    Command("open_class", OpenFields, open_class),
    Command("close_class", CloseFields, close_class),
    Command("assign_homeroom", AssignFields, assign_homeroom),
    Command("end_homeroom", EndFields, end_homeroom),
)
