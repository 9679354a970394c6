"""What people do about leading groups: form them, appoint to their posts, remove from them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import BODY
from services.casework.commands.charges import known_holder
from services.casework.commands.records import RecordUnknown
from services.casework.domain import body as domain
from services.casework.queries.bodies import body_of
from services.casework.queries.holding import COUNTY, TOWNSHIP
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge, Moment, allowed
from shared.event_store import Order
from shared.policy.duty_schema import Body, Post
from shared.rights import Grant, Viewer

UNIT = text("select ledger, kind, path from unit where unit = :unit")
DEPTHS = {"county": COUNTY, "township": TOWNSHIP}


class BodyFields(Fields, frozen=True):
    """`code`: the kind of body in the rules; a unit has one of each."""

    unit: str
    code: str


class FormFields(BodyFields, frozen=True):
    """`name`: as the unit calls it; the rules' own name unless given."""

    on: date
    name: str | None = None


class AppointFields(BodyFields, frozen=True):
    post: str
    staff: UUID
    since: date
    until: date | None = None


class RemoveFields(BodyFields, frozen=True):
    post: str
    staff: UUID
    on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A unit's body while a command about it runs."""

    moment: Moment
    grant: Grant
    ledger: str
    path: str
    kind: Body
    id: UUID

    def post(self, code: str) -> Post:
        found = next((one for one in self.kind.posts if one.code == code), None)
        if found is None:
            raise FieldsInvalid("现行规则里没有这个职务。重新选一个。", field="post")
        return found


async def form(edge: Edge, viewer: Viewer, fields: FormFields) -> Done:
    of = await _standing(edge, viewer, fields)
    formed = domain.LeadingGroupFormed(
        body=of.id,
        code=fields.code,
        name=fields.name or of.kind.zh,
        unit=fields.unit,
        on=fields.on,
    )
    return await _submit(edge, viewer, fields, of, domain.FormBody(formed=formed))


async def appoint(edge: Edge, viewer: Viewer, fields: AppointFields) -> Done:
    """From a day on; a post for one person is handed on by removing first."""
    of = await _standing(edge, viewer, fields, holder=fields.staff)
    post = of.post(fields.post)
    if fields.until is not None and fields.until < fields.since:
        raise FieldsInvalid("结束日期早于开始日期。改正日期。", field="until")
    appointed = domain.LeadingGroupMemberAppointed(
        body=of.id, post=post.code, staff=fields.staff, since=fields.since, until=fields.until
    )
    command = domain.AppointMember(appointed=appointed, many=post.many)
    return await _submit(edge, viewer, fields, of, command)


async def remove(edge: Edge, viewer: Viewer, fields: RemoveFields) -> Done:
    of = await _standing(edge, viewer, fields)
    removed = domain.LeadingGroupMemberRemoved(
        body=of.id,
        post=of.post(fields.post).code,
        staff=fields.staff,
        on=fields.on,
        reason=fields.reason,
    )
    return await _submit(edge, viewer, fields, of, domain.RemoveMember(removed=removed))


async def _standing(
    edge: Edge, viewer: Viewer, fields: BodyFields, holder: UUID | None = None
) -> Standing:
    async with edge.service.engine.connect() as conn:
        row = (await conn.execute(UNIT, {"unit": fields.unit})).first()
        if row is None:
            raise RecordUnknown("没有这个单位。核对单位代码再提交。", field="unit")
        moment = await edge.moment(conn)
        grant = allowed(viewer, "activity.record", row.path, moment)
        kind = _kind(moment, row, fields.code)
        await _known(conn, row.ledger, holder)
    return Standing(
        moment=moment,
        grant=grant,
        ledger=row.ledger,
        path=row.path,
        kind=kind,
        id=body_of(row.ledger, fields.code, fields.unit),
    )


def _kind(moment: Moment, row: object, code: str) -> Body:
    path, kind = getattr(row, "path", ""), getattr(row, "kind", "")
    found = moment.rules.pack(path, moment.today).file.bodies.get(code)
    if found is None:
        raise FieldsInvalid("现行规则里没有这种小组。重新选一种。", field="code")
    if not fits(found, kind, path):
        raise FieldsInvalid("这种小组不设在这一级单位。重新选单位。", field="unit")
    return found


def fits(body: Body, kind: str, path: str) -> bool:
    """Whether a unit of the kind at the path has such a body."""
    if body.unit == "school":
        return kind == "school"
    return kind == "division" and path.count("/") == DEPTHS[body.unit]


async def _known(conn: AsyncConnection, ledger: str, holder: UUID | None) -> None:
    if holder is not None:
        await known_holder(conn, ledger, "staff", str(holder))


async def _submit(
    edge: Edge, viewer: Viewer, fields: BodyFields, of: Standing, command: domain.BodyCommand
) -> Done:
    order = Order(
        aggregate=BODY,
        stream=f"body-{of.id}",
        command=command,
        circumstances=edge.circumstances(
            of.moment,
            viewer,
            of.grant,
            of.ledger,
            of.path,
            command_id=fields.command_id,
            via=fields.via,
        ),
        unitpath=of.path,
    )
    return Done(await edge.submit(order), f"/casework/bodies/{of.id}")


COMMANDS = (
    Command("form_body", FormFields, form),
    Command("appoint_member", AppointFields, appoint),
    Command("remove_member", RemoveFields, remove),
)
