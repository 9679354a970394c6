"""Leave of a child: granted by whom it concerns, ended when the child is back."""

from datetime import date
from uuid import UUID

from services.enrollment.aggregates import ATTENDANCE, attendance_stream
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import LEAVE, acting
from services.enrollment.domain import attendance as domain
from services.enrollment.domain.codes import LeaveKind
from services.enrollment.queries.places import child_place
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge
from shared.rights import Viewer
from shared.sealed import Sealed, seal

PAGE = "/enrollment/children"
PURPOSE = "attendance"
# Why a child is away says what it suffers from: a note is opened by who may open health alone.
NOTE_CLASS = "health"
MAX_NOTE_CHARACTERS = 500


class GrantFields(Fields, frozen=True):
    """Both days inclusive."""

    child: UUID
    kind: LeaveKind
    first_on: date
    last_on: date
    note: str | None = None


class EndFields(Fields, frozen=True):
    """From `on` (today) on the child is expected again."""

    child: UUID
    on: date | None = None


async def grant_leave(edge: Edge, viewer: Viewer, fields: GrantFields) -> Done:
    """It excuses recorded unexcused days as well."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await child_place(conn, fields.child)
    told = act.told(LEAVE, place.ledger, place.path)
    command = domain.GrantLeave(
        child=fields.child,
        kind=fields.kind,
        first_on=fields.first_on,
        last_on=fields.last_on,
        note=await _note(edge, place.ledger, fields),
        now=act.moment.now,
    )
    step = _step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def end_leave(edge: Edge, viewer: Viewer, fields: EndFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await child_place(conn, fields.child)
    told = act.told(LEAVE, place.ledger, place.path)
    on = fields.on or act.moment.today
    command = domain.EndLeave(child=fields.child, on=on, now=act.moment.now)
    step = _step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def _note(edge: Edge, ledger: str, fields: GrantFields) -> Sealed | None:
    if not fields.note:
        return None
    if len(fields.note) > MAX_NOTE_CHARACTERS:
        raise FieldsInvalid(f"说明不能超过 {MAX_NOTE_CHARACTERS} 个字。请写短些。", field="note")
    subject = str(fields.child)
    keys = await edge.keyring.keys_for([subject], PURPOSE, [NOTE_CLASS], create=True, ledger=ledger)
    return seal(fields.note, subject, NOTE_CLASS, "note", keys.of(subject, NOTE_CLASS))


def _step(child: UUID, command: domain.AttendanceCommand, path: str, fields: Fields) -> Step:
    return Step(
        aggregate=ATTENDANCE,
        stream=attendance_stream(child),
        command=command,
        path=path,
        subject=str(child),
        expected=fields.version,
    )


COMMANDS = (
    Command("grant_leave", GrantFields, grant_leave),
    Command("end_leave", EndFields, end_leave),
)
