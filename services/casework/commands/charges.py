"""What people do about responsibilities: assign, hand on, end."""

from datetime import date, timedelta
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import RESPONSIBILITY
from services.casework.commands.records import RecordUnknown
from services.casework.domain.duty_events import DutyTarget
from services.casework.domain.responsibility import (
    AssignResponsibility,
    EndResponsibility,
    HolderOf,
)
from services.casework.queries.charges import stream_of
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge, Moment, allowed
from shared.event_store import Order
from shared.policy.duty_schema import Tier
from shared.policy.pack import Pack
from shared.rights import Grant, Viewer

UNIT = text("select ledger, path from unit where unit = :target")
NAMED = text(
    "select ledger, path from klass where klass = cast(:target as uuid)"
    " union all select ledger, path from child where child = cast(:target as uuid)"
    " union all select p.ledger, u.path from person p join unit u using (unit)"
    " where p.staff = cast(:target as uuid)"
)
# Who has left has accounts, and all of them are closed; many never had one.
STAFF = text(
    "select ledger, (select bool_and(a.closed) from account a where a.staff = p.staff) as left_"
    " from person p where p.staff = cast(:staff as uuid)"
)


class AssignFields(Fields, frozen=True):
    """`target`: the uuid or code that the tier's kind of target means; a grade is SCHOOL-NUMBER."""

    scheme: str
    tier: str
    target: str
    holder: str
    since: date
    until: date | None = None
    holder_kind: Literal["staff", "office"] = "staff"
    instead: str | None = None
    next: str = "/casework/coverage"


class EndFields(Fields, frozen=True):
    """`on`: the first day on which it is no longer held; people name the `last` one instead."""

    scheme: str
    tier: str
    target: str
    holder: str
    reason: str
    on: date | None = None
    last: date | None = None
    holder_kind: Literal["staff", "office"] = "staff"
    successor: str | None = None
    next: str = "/casework/coverage"


async def assign(edge: Edge, viewer: Viewer, fields: AssignFields) -> Done:
    """One holder for one target under one tier, from a day on."""
    async with edge.service.engine.connect() as conn:
        ledger, path = await place_of(conn, fields.target)
        moment = await edge.moment(conn)
        grant = allowed(viewer, "responsibility.assign", path, moment)
        tier = tier_of(moment.rules.pack(path, moment.today), fields.scheme, fields.tier)
        await known_holder(conn, ledger, fields.holder_kind, fields.holder)
    command = assigning(fields, tier)
    return await _submit(edge, viewer, fields, moment, grant, ledger, path, command)


class OneCharge(Protocol):
    """What an assignment says, whichever form it came from."""

    @property
    def scheme(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def holder(self) -> str: ...
    @property
    def holder_kind(self) -> Literal["staff", "office"]: ...
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...
    @property
    def instead(self) -> str | None: ...


def assigning(given: OneCharge, tier: Tier) -> AssignResponsibility:
    """The domain's command; whom it passes from is of the same kind as who takes it."""
    instead = HolderOf(kind=given.holder_kind, id=given.instead) if given.instead else None
    return AssignResponsibility(
        scheme=given.scheme,
        tier=given.tier,
        line=tier.line,
        share=tier.share,
        target=DutyTarget(kind=tier.target, id=given.target),
        holder=HolderOf(kind=given.holder_kind, id=given.holder),
        since=given.since,
        until=given.until,
        exactly_one=tier.exactly == "one",
        instead=instead,
    )


async def end(edge: Edge, viewer: Viewer, fields: EndFields) -> Done:
    """A holder no longer answers from a day on; `successor` takes over where one is named."""
    on = fields.last + timedelta(days=1) if fields.last else fields.on
    if on is None:
        raise FieldsInvalid("写上最后负责的那一天。", field="last")
    async with edge.service.engine.connect() as conn:
        ledger, path = await place_of(conn, fields.target)
        moment = await edge.moment(conn)
        grant = allowed(viewer, "responsibility.assign", path, moment)
        tier = tier_of(moment.rules.pack(path, moment.today), fields.scheme, fields.tier)
    command = EndResponsibility(
        scheme=fields.scheme,
        tier=fields.tier,
        target=DutyTarget(kind=tier.target, id=fields.target),
        holder=HolderOf(kind=fields.holder_kind, id=fields.holder),
        on=on,
        reason=fields.reason,
        successor=HolderOf(kind="staff", id=fields.successor) if fields.successor else None,
    )
    return await _submit(edge, viewer, fields, moment, grant, ledger, path, command)


def tier_of(pack: Pack, scheme: str, code: str) -> Tier:
    found = pack.file.schemes.get(scheme)
    if found is None:
        raise FieldsInvalid(f"现行规则里没有责任制“{scheme}”。重新选一种。", field="scheme")
    tier = found.tier(code)
    if tier is None:
        raise FieldsInvalid(f"“{found.zh}”没有“{code}”这一层。重新选一层。", field="tier")
    return tier


async def place_of(conn: AsyncConnection, target: str) -> tuple[str, str]:
    """Ledger and path of a unit, class, child or person; a grade is at its school."""
    query, name = (NAMED, target) if _uuid(target) else (UNIT, target.partition("-")[0])
    row = (await conn.execute(query, {"target": name})).first()
    if row is None:
        raise RecordUnknown("没有这个对象。回到责任表重新选。", field="target")
    return row.ledger, row.path


async def known_holder(conn: AsyncConnection, ledger: str, kind: str, holder: str) -> None:
    if kind == "office":
        if not holder.strip():
            raise FieldsInvalid("写上岗位或单位的名称。", field="holder")
        return
    row = (await conn.execute(STAFF, {"staff": holder})).first() if _uuid(holder) else None
    if row is None or row.ledger != ledger:
        raise FieldsInvalid("没有这名教职工。从名单里选一人。", field="holder")
    if row.left_:
        raise FieldsInvalid("这名教职工已经离任（账号已停用）。从名单里另选一人。", field="holder")


def _uuid(text_: str) -> bool:
    try:
        UUID(text_)
    except ValueError:
        return False
    return True


async def _submit(
    edge: Edge,
    viewer: Viewer,
    fields: AssignFields | EndFields,
    moment: Moment,
    grant: Grant,
    ledger: str,
    path: str,
    command: AssignResponsibility | EndResponsibility,
) -> Done:
    target, expected = command.target, fields.version
    if isinstance(command, EndResponsibility):
        # A button beside an overlap is drawn from no version: at 0 there is nothing to end.
        expected = expected or None
    circumstances = edge.circumstances(
        moment, viewer, grant, ledger, path, command_id=fields.command_id, via=fields.via
    )
    order = Order(
        aggregate=RESPONSIBILITY,
        stream=stream_of(ledger, command.scheme, command.tier, target.id),
        command=command,
        circumstances=circumstances,
        unitpath=path,
        subject=target.id if target.kind in {"child", "guardian"} else None,
        expected=expected,
    )
    return Done(await edge.submit(order), within(fields.next))


def within(next_page: str) -> str:
    """Where a form leads on to, if that is a page of ours; anything else is not followed."""
    return next_page if next_page.startswith("/casework/") else "/casework/coverage"


COMMANDS = (
    Command("assign_responsibility", AssignFields, assign),
    Command("end_responsibility", EndFields, end),
)
