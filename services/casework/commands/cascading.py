"""Targets broken down from level to level, and cases that are taken to an upper one."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import ACTIVITY
from services.casework.commands.records import RecordUnknown, acting
from services.casework.commands.together import submit_batch
from services.casework.domain import activity as a
from services.casework.queries.people import superiors
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge, allowed
from shared.event_store import Batch, Order
from shared.rights import Viewer

MOST_SHARES = 240
# A field of the page: `value:<unit or class>` or `value:staff:<uuid>`.
VALUE, OF_STAFF = "value:", "staff:"
PARENT = text(
    "select ledger, unit, path, data ->> 'year' as year, data ->> 'metric' as metric"
    " from activity_row where activity = :parent and kind = 'TargetSet'"
)
UNITS = text(
    "select unit, path from unit where unit = any(:units) union all"
    " select klass::text, path from klass where klass::text = any(:units)"
)
STAFF = text(
    "select p.staff::text as staff, u.unit, u.path from person p join unit u using (unit)"
    " where p.staff::text = any(:staff)"
)


class CascadeFields(Fields, frozen=True):
    """`units`: unit's or class's code → value; `staff`: uuid → value, as text in the unit of it."""

    parent: UUID
    units: dict[str, str] = {}  # noqa: RUF012  msgspec copies an empty dict for each struct
    staff: dict[str, str] = {}  # noqa: RUF012


class EscalateFields(Fields, frozen=True):
    """`level`: whose help is asked for; `school` sends the case back down."""

    case: UUID
    level: Literal["township", "county", "school"]
    reason: str | None = None


async def cascade_target(edge: Edge, viewer: Viewer, fields: CascadeFields) -> Done:
    """One child target for each unit, class or person, all with the same parent."""
    async with edge.service.engine.connect() as conn:
        moment = await edge.moment(conn)
        parent = (await conn.execute(PARENT, {"parent": fields.parent})).first()
        if parent is None:
            raise RecordUnknown("没有这个目标。回到目标页重新打开。", field="parent")
        grant = allowed(viewer, "activity.record", parent.path, moment)
        events = await _children(conn, parent, fields)
    told = edge.circumstances(
        moment,
        viewer,
        grant,
        parent.ledger,
        parent.path,
        command_id=fields.command_id,
        via=fields.via,
    )

    async def work(conn: AsyncConnection, batch: Batch) -> str:
        streams = [f"activity-{event.activity}" for event, _ in events]
        await batch.load(conn, ACTIVITY, streams)
        for stream, (event, path) in zip(streams, events, strict=True):
            command = a.RecordActivity(event=event, now=moment.now)
            batch.decide(stream, command, unitpath=path, subject=None)
        return streams[-1]

    outcome = await submit_batch(edge, told, f"activity-{fields.parent}", work)
    return Done(outcome, f"/casework/targets?year={parent.year}")


async def _children(
    conn: AsyncConnection, parent: Any, fields: CascadeFields
) -> list[tuple[a.TargetSet, str]]:
    """The events with their paths; everything lies below the parent's unit."""
    if not 0 < len(fields.units) + len(fields.staff) <= MOST_SHARES:
        raise FieldsInvalid(f"一次分解到 1 至 {MOST_SHARES} 处。填上至少一处。", field="units")
    units = (await conn.execute(UNITS, {"units": list(fields.units)})).all()
    people = (await conn.execute(STAFF, {"staff": list(fields.staff)})).all()
    found = [(row.unit, None, row.path, fields.units[row.unit]) for row in units]
    found += [(row.unit, UUID(row.staff), row.path, fields.staff[row.staff]) for row in people]
    inside = [one for one in found if f"{one[2]}/".startswith(f"{parent.path}/")]
    if len(inside) != len(fields.units) + len(fields.staff):
        raise FieldsInvalid("有的单位或人不在这个目标的单位之下。重新打开再填。", field="units")
    return [
        (
            a.TargetSet(
                activity=uuid5(fields.command_id, f"{unit} {staff or ''}"),
                unit=unit,
                staff=staff,
                year=parent.year,
                metric=parent.metric,
                value=value,
                parent=fields.parent,
            ),
            path,
        )
        for unit, staff, path, value in inside
    ]


def of_form(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """`value:…` fields of the page gathered; an empty one is left for later."""
    if "units" in values or "staff" in values:
        return values
    found = {k: values[k] for k in ("command_id", "via", "parent") if k in values}
    given = {
        name.removeprefix(VALUE): value.strip()
        for name, value in values.items()
        if name.startswith(VALUE) and isinstance(value, str) and value.strip()
    }
    staff = {k.removeprefix(OF_STAFF): v for k, v in given.items() if k.startswith(OF_STAFF)}
    units = {k: v for k, v in given.items() if not k.startswith(OF_STAFF)}
    return found | {"units": units, "staff": staff}


async def escalate_case(edge: Edge, viewer: Viewer, fields: EscalateFields) -> Done:
    """The case waits at that level until it is closed, or sent back to the school."""
    act = await acting(edge, viewer, "case.work", fields, f"case-{fields.case}")
    async with edge.service.engine.connect() as conn:
        levels = await superiors(conn, act.record.path)
    unit = act.record.school if fields.level == "school" else levels.get(fields.level)
    if unit is None:
        raise FieldsInvalid("这名学生的学校不属于乡镇。改选县教体局。", field="level")
    event = a.CaseEscalated(
        case=fields.case,
        child=act.record.child,
        level=fields.level,
        to_unit=unit,
        reason=await act.seal("reason", fields.reason),
    )
    order = Order(
        aggregate=ACTIVITY,
        stream=f"activity-{fields.command_id}",
        command=a.RecordActivity(event=event, now=act.moment.now),
        circumstances=act.circumstances(),
        unitpath=act.record.path,
        subject=act.record.subject,
    )
    return Done(await edge.submit(order), f"/casework/cases/case-{fields.case}")


COMMANDS = (
    Command("cascade_target", CascadeFields, cascade_target, of_form),
    Command("escalate_case", EscalateFields, escalate_case),
)
