"""The homeroom teacher of a class: the class's word and the role, given and ended together."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import CLASS, STAFF
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import ROLES, acting
from services.enrollment.commands.leaving import require_handed_over
from services.enrollment.commands.separate import require_separate_roles
from services.enrollment.domain.klass import AssignHomeroomTeacher, EndHomeroomTeacher, Opened
from services.enrollment.domain.staff import EndRole, GrantRole
from services.enrollment.domain.staff_state import Registered, Role
from services.enrollment.queries.places import ClassPlace, class_place, staff_place
from services.enrollment.queries.states import state_of
from shared.commands import Command, Done, Fields
from shared.decider import CommandRejected
from shared.edge import Edge, Moment
from shared.rights import Viewer

NEXT = "/enrollment/classes"
HOMEROOM = "homeroom_teacher"
# Who has left has accounts and all of them are closed; many never had one.
LEFT = text("select bool_and(closed) from account where staff = :staff")


class HasLeft(CommandRejected):
    """A class cannot be given to somebody who is not there any more."""

    code = "has_left"


class AssignFields(Fields, frozen=True):
    klass: UUID
    staff: UUID
    valid_from: date | None = None


class EndFields(Fields, frozen=True):
    klass: UUID
    staff: UUID
    on: date | None = None


async def assign_homeroom(edge: Edge, viewer: Viewer, fields: AssignFields) -> Done:
    """From that day on the class is theirs, with the role; whoever held both ends on that day."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
        person = await staff_place(conn, fields.staff)
        since = fields.valid_from or act.moment.today
        told = act.told(ROLES, place.ledger, place.path)
        act.require_person(ROLES, person, place.path)
        await _require_here(conn, fields.staff)
        former = await _teacher(conn, place)
        steps = [_of_class(place, _assigning(fields, since, act.moment), fields)]
        steps += [
            *await _ending_role(conn, place, former, since, act.moment, but=fields.staff),
            *await _granting(conn, place, fields.staff, since, act.moment),
        ]

    async def before(conn: AsyncConnection) -> None:
        await require_separate_roles(conn, place.ledger, fields.staff, HOMEROOM, since)

    return await act.write(told, *steps, before=before, next=NEXT)


async def end_homeroom(edge: Edge, viewer: Viewer, fields: EndFields) -> Done:
    """Not before the class, and what the teacher answers for in it, has a new holder."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
        on = fields.on or act.moment.today
        told = act.told(ROLES, place.ledger, place.path)
        role = await _ending_role(conn, place, fields.staff, on, act.moment)
    await require_handed_over(edge, fields.staff, on, place.path)
    command = EndHomeroomTeacher(klass=fields.klass, staff=fields.staff, on=on, now=act.moment.now)
    return await act.write(told, _of_class(place, command, fields), *role, next=NEXT)


async def _require_here(conn: AsyncConnection, staff: UUID) -> None:
    """Raises HasLeft."""
    if (await conn.execute(LEFT, {"staff": staff})).scalar():
        say = "这位教职工已经离任（账号已停用），不能接这个班。另选一人，或先给他重新开账号。"
        raise HasLeft(say, field="staff", href="/enrollment/accounts", todo="去开账号")


async def _teacher(conn: AsyncConnection, place: ClassPlace) -> UUID | None:
    state = await state_of(conn, place.ledger, CLASS, f"{CLASS.prefix}{place.klass}")
    return state.teacher.staff if isinstance(state, Opened) and state.teacher else None


async def _roles(conn: AsyncConnection, place: ClassPlace, staff: UUID) -> Iterator[Role]:
    """The person's homeroom roles in the class, of whatever time."""
    state = await state_of(conn, place.ledger, STAFF, f"{STAFF.prefix}{staff}")
    roles = state.roles if isinstance(state, Registered) else ()
    return (one for one in roles if (one.role, one.unit) == (HOMEROOM, str(place.klass)))


async def _granting(
    conn: AsyncConnection, place: ClassPlace, staff: UUID, since: date, moment: Moment
) -> list[Step]:
    """Digests and lists of people go by roles: the office is not whole without it."""
    wanted = Role(HOMEROOM, str(place.klass), place.path, since, None)
    if any(one.overlaps(wanted) for one in await _roles(conn, place, staff)):
        return []
    command = GrantRole(
        staff=staff,
        role=wanted.role,
        unit=wanted.unit,
        path=wanted.path,
        valid_from=since,
        valid_to=None,
        now=moment.now,
    )
    return [_of_staff(place, staff, command)]


async def _ending_role(
    conn: AsyncConnection,
    place: ClassPlace,
    staff: UUID | None,
    on: date,
    moment: Moment,
    but: UUID | None = None,
) -> list[Step]:
    """What a file of staff or the handover granted ends with the class; others have no role."""
    if staff is None or staff == but:
        return []
    if not any(one.held_on(on) for one in await _roles(conn, place, staff)):
        return []
    command = EndRole(staff=staff, role=HOMEROOM, unit=str(place.klass), on=on, now=moment.now)
    return [_of_staff(place, staff, command)]


def _assigning(fields: AssignFields, since: date, moment: Moment) -> AssignHomeroomTeacher:
    return AssignHomeroomTeacher(
        klass=fields.klass, staff=fields.staff, valid_from=since, now=moment.now
    )


def _of_class(
    place: ClassPlace, command: AssignHomeroomTeacher | EndHomeroomTeacher, fields: Fields
) -> Step:
    return Step(
        aggregate=CLASS,
        stream=f"{CLASS.prefix}{place.klass}",
        command=command,
        path=place.path,
        subject=str(place.klass),
        expected=fields.version,
    )


def _of_staff(place: ClassPlace, staff: UUID, command: GrantRole | EndRole) -> Step:
    return Step(
        aggregate=STAFF,
        stream=f"{STAFF.prefix}{staff}",
        command=command,
        path=place.path,
        subject=str(staff),
    )


COMMANDS = (
    Command("assign_homeroom", AssignFields, assign_homeroom),
    Command("end_homeroom", EndFields, end_homeroom),
)
