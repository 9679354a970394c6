"""Classes: opened and closed."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import CLASS
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import CLASSES, acting
from services.enrollment.commands.leaving import require_nobody_answers
from services.enrollment.domain import klass as domain
from services.enrollment.queries.places import (
    class_place,
    has_pupils,
    require_not_elsewhere,
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
    """Of a class that still has pupils not before nobody answers for it, or for one of them, by
    hand; one whose pupils have all moved on, as at the end of a school year, asks nobody.
    """
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
        pupils = await has_pupils(conn, fields.klass)
    on = fields.on or act.moment.today
    told = act.told(CLASSES, place.ledger, place.path)
    if pupils:
        await require_nobody_answers(edge, fields.klass, place.school, on)
    command = domain.CloseClass(klass=fields.klass, on=on, now=act.moment.now)
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
)
