"""Staff: registered, changed, given roles and accounts."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import STAFF
from services.enrollment.bulk.claims import claim_accounts
from services.enrollment.bulk.sealing import STAFF as FIELD_CLASSES
from services.enrollment.bulk.sealing import seal_changes, seal_people
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import ACCOUNTS, PEOPLE, ROLES, Acting, acting
from services.enrollment.commands.leaving import require_handed_over
from services.enrollment.commands.separate import require_separate_roles
from services.enrollment.domain import staff as domain
from services.enrollment.domain.staff_state import Registered
from services.enrollment.queries.places import (
    StaffPlace,
    class_place,
    require_not_elsewhere,
    staff_place,
    unit_place,
)
from services.enrollment.queries.states import state_of
from shared import credentials
from shared.commands import Command, Done, Fields
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.rights import Viewer
from shared.roles import ROLES as ROLE_TABLE

NEXT = "/enrollment/accounts"
PERSONAL = tuple(FIELD_CLASSES)


class RoleOutOfScope(CommandRejected):
    """A role on a unit of another kind than it is held on."""

    code = "role_out_of_scope"


class StaffFields(Fields, frozen=True):
    """`staff`: the new person's id, the command's own unless given; `unit` employs the person."""

    unit: str
    name: str
    staff: UUID | None = None
    staff_number: str | None = None
    idnumber: str | None = None
    phone: str | None = None


class ChangeFields(Fields, frozen=True):
    """What is given is changed; `clear` names what is taken away."""

    staff: UUID
    name: str | None = None
    idnumber: str | None = None
    phone: str | None = None
    clear: list[str] = []  # noqa: RUF012  msgspec copies an empty list for each struct


class GrantFields(Fields, frozen=True):
    """`unit`: a unit's code, or a class's id; both days inclusive, from today unless given."""

    staff: UUID
    role: str
    unit: str
    valid_from: date | None = None
    valid_to: date | None = None


class EndFields(Fields, frozen=True):
    staff: UUID
    role: str
    unit: str
    on: date | None = None


class AccountFields(Fields, frozen=True):
    staff: UUID
    account: str


class CloseFields(Fields, frozen=True):
    staff: UUID
    account: str
    reason: str


async def register_staff(edge: Edge, viewer: Viewer, fields: StaffFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        unit = await unit_place(conn, fields.unit)
    told = act.told(PEOPLE, unit.ledger, unit.path)
    staff = fields.staff or fields.command_id
    clear = {name: getattr(fields, name) for name in PERSONAL if getattr(fields, name)}
    (sealed,) = await seal_people(edge, unit.ledger, [(str(staff), clear)], FIELD_CLASSES)
    command = domain.RegisterStaff(
        staff=staff,
        unit=unit.unit,
        staff_number=fields.staff_number,
        fields=sealed,
        now=act.moment.now,
    )

    async def before(conn: AsyncConnection) -> None:
        await require_not_elsewhere(conn, f"{STAFF.prefix}{staff}", told.ledger)

    step = _step(staff, command, unit.path, fields)
    return await act.write(told, step, before=before, next=NEXT)


async def change_staff(edge: Edge, viewer: Viewer, fields: ChangeFields) -> Done:
    """Only what differs becomes an event."""
    act, place = await _of(edge, viewer, fields, fields.staff)
    told = act.told(PEOPLE, place.ledger, place.path)
    async with edge.service.engine.connect() as conn:
        state = await state_of(conn, place.ledger, STAFF, f"{STAFF.prefix}{fields.staff}")
    held = state.fields if isinstance(state, Registered) else {}
    wanted: dict[str, str | None] = dict.fromkeys(fields.clear)
    wanted |= {name: getattr(fields, name) for name in PERSONAL if getattr(fields, name)}
    changes = await seal_changes(edge, place.ledger, str(fields.staff), held, wanted, FIELD_CLASSES)
    command = domain.ChangeStaff(staff=fields.staff, fields=changes, now=act.moment.now)
    return await act.write(told, _step(fields.staff, command, place.path, fields), next=NEXT)


async def grant_role(edge: Edge, viewer: Viewer, fields: GrantFields) -> Done:
    """Who grants it holds the right over the unit of the role, not over the person's."""
    act, place = await _of(edge, viewer, fields, fields.staff)
    kind, path = await _unit(edge, fields.unit)
    act.require_person(ROLES, place, path)
    _check_scope(fields.role, kind)
    since = fields.valid_from or act.moment.today
    command = domain.GrantRole(
        staff=fields.staff,
        role=fields.role,
        unit=path.rpartition("/")[2],
        path=path,
        valid_from=since,
        valid_to=fields.valid_to,
        now=act.moment.now,
    )

    async def before(conn: AsyncConnection) -> None:
        await require_separate_roles(conn, place.ledger, fields.staff, fields.role, since)

    told = act.told(ROLES, place.ledger, path)
    step = _step(fields.staff, command, path, fields)
    return await act.write(told, step, before=before, next=NEXT)


async def end_role(edge: Edge, viewer: Viewer, fields: EndFields) -> Done:
    """Not before what lies below the post has a new holder."""
    act, place = await _of(edge, viewer, fields, fields.staff)
    _, path = await _unit(edge, fields.unit)
    told = act.told(ROLES, place.ledger, path)
    await require_handed_over(edge, fields.staff, fields.on or act.moment.today, path)
    command = domain.EndRole(
        staff=fields.staff,
        role=fields.role,
        unit=path.rpartition("/")[2],
        on=fields.on or act.moment.today,
        now=act.moment.now,
    )
    return await act.write(told, _step(fields.staff, command, path, fields), next=NEXT)


async def open_account(edge: Edge, viewer: Viewer, fields: AccountFields) -> Done:
    """Two people never get one name, not even in the same instant."""
    act, place = await _of(edge, viewer, fields, fields.staff)
    name = credentials.account_name(fields.account)
    command = domain.OpenAccount(staff=fields.staff, account=name, now=act.moment.now)

    async def before(conn: AsyncConnection) -> None:
        owners = await claim_accounts(conn, {name: fields.staff})
        if owners[name] != fields.staff:
            say = f"账号 {name} 已是别人的。请另取账号。"
            raise domain.AccountOpenAlready(say, field="account")

    told = act.told(ACCOUNTS, place.ledger, place.path)
    step = _step(fields.staff, command, place.path, fields)
    return await act.write(told, step, before=before, next=NEXT)


async def close_account(edge: Edge, viewer: Viewer, fields: CloseFields) -> Done:
    """Not before all that the person answers for has a new holder.

    Its secret is forgotten in the same transaction; its name stays the person's.
    """
    act, place = await _of(edge, viewer, fields, fields.staff)
    told = act.told(ACCOUNTS, place.ledger, place.path)
    await require_handed_over(edge, fields.staff, act.moment.today)
    command = domain.CloseAccount(
        staff=fields.staff, account=fields.account, reason=fields.reason, now=act.moment.now
    )

    async def after(conn: AsyncConnection) -> None:
        await credentials.close(conn, fields.account)

    step = _step(fields.staff, command, place.path, fields)
    return await act.write(told, step, after=after, next=NEXT)


async def _of(edge: Edge, viewer: Viewer, fields: Fields, staff: UUID) -> tuple[Acting, StaffPlace]:
    async with edge.service.engine.connect() as conn:
        return await acting(edge, viewer, fields, conn), await staff_place(conn, staff)


async def _unit(edge: Edge, unit: str) -> tuple[str, str]:
    """Kind (class, school, division) and path of a code, or of a class's id."""
    async with edge.service.engine.connect() as conn:
        try:
            klass = UUID(unit)
        except ValueError:
            place = await unit_place(conn, unit)
            return place.kind, place.path
        return "class", (await class_place(conn, klass)).path


def _check_scope(role: str, kind: str) -> None:
    known = ROLE_TABLE.get(role)
    if known is None:
        raise domain.RoleMalformed("没有这个职务。请从列表中选择职务。", field="role")
    if known.scope != kind:
        raise RoleOutOfScope(
            f"{known.zh}不能任在这一级。请选对应的单位或班级。", field="unit", scope=known.scope
        )


def _step(staff: UUID, command: domain.StaffCommand, path: str, fields: Fields) -> Step:
    return Step(
        aggregate=STAFF,
        stream=f"{STAFF.prefix}{staff}",
        command=command,
        path=path,
        subject=str(staff),
        expected=fields.version,
    )


COMMANDS = (
    Command("register_staff", StaffFields, register_staff),
    Command("change_staff", ChangeFields, change_staff),
    Command("grant_role", GrantFields, grant_role),
    Command("end_role", EndFields, end_role),
    Command("open_account", AccountFields, open_account),
    Command("close_account", CloseFields, close_account),
)
