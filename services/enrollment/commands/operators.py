"""Who runs the machine: the role over the whole deployment, given to an account and taken back."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import STAFF
from services.enrollment.bulk.writing import Step, With
from services.enrollment.commands.acting import OPERATORS, Acting, acting
from services.enrollment.commands.separate import require_separate_roles
from services.enrollment.domain import staff as domain
from services.enrollment.queries.places import StaffPlace, staff_place
from services.enrollment.sessions.grants import OPERATOR, NoSuchAccount
from shared import credentials
from shared.commands import Command, Done, Fields
from shared.edge import Edge
from shared.rights import EVERYWHERE, Viewer, require

NEXT = "/enrollment/accounts"
PAGE = "account.operator"
HELD_BY = text("select staff from account where account = :account and not closed")


class OperatorFields(Fields, frozen=True):
    """`account`: an open one."""

    account: str


async def grant_operator(edge: Edge, viewer: Viewer, fields: OperatorFields) -> Done:
    """From today on. Raises NotAllowed, NoSuchAccount, RolesNotTogether."""
    act, place = await _of(edge, viewer, fields)
    command = domain.GrantRole(
        staff=place.staff,
        role=OPERATOR,
        unit=EVERYWHERE,
        path=EVERYWHERE,
        valid_from=act.moment.today,
        valid_to=None,
        now=act.moment.now,
    )

    async def before(conn: AsyncConnection) -> None:
        await require_separate_roles(conn, place.ledger, place.staff, OPERATOR, act.moment.today)

    return await _write(act, place, command, before)


async def end_operator(edge: Edge, viewer: Viewer, fields: OperatorFields) -> Done:
    """From today on it is no longer held. Raises NotAllowed, NoSuchAccount, RoleNotHeld."""
    act, place = await _of(edge, viewer, fields)
    command = domain.EndRole(
        staff=place.staff, role=OPERATOR, unit=EVERYWHERE, on=act.moment.today, now=act.moment.now
    )
    return await _write(act, place, command)


async def _of(edge: Edge, viewer: Viewer, fields: OperatorFields) -> tuple[Acting, StaffPlace]:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        act.require(OPERATORS, EVERYWHERE)
        account = credentials.account_name(fields.account)
        staff: UUID | None = (await conn.execute(HELD_BY, {"account": account})).scalar()
        if staff is None:
            say = f"没有启用账号 {fields.account}。先登记这位教职工并开账号，再试。"
            raise NoSuchAccount(say, field="account")
        return act, await staff_place(conn, staff)


async def _write(
    act: Acting, place: StaffPlace, command: domain.StaffCommand, before: With | None = None
) -> Done:
    """Who was made one, by whom and by whose keys, stands in the access ledger before it holds."""
    grant = require(act.viewer, OPERATORS[0], EVERYWHERE, act.moment.today)
    told = act.told(OPERATORS, place.ledger, EVERYWHERE)
    step = Step(
        aggregate=STAFF,
        stream=f"{STAFF.prefix}{place.staff}",
        command=command,
        path=place.path,
        subject=str(place.staff),
        expected=act.fields.version,
    )
    reading = act.edge.reading(act.viewer, place.ledger, "operation", PAGE, act.moment.today)
    reading.touch(str(place.staff))
    await act.edge.record(reading, act.moment, grant)
    return await act.write(told, step, before=before, next=NEXT)


COMMANDS = (
    Command("grant_operator", OperatorFields, grant_operator),
    Command("end_operator", OperatorFields, end_operator),
)
