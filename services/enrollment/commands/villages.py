"""The village of a child's household, entered by whoever keeps or knows the child."""

from datetime import date
from uuid import UUID

from services.enrollment.commands.acting import GROUPS, acting
from services.enrollment.commands.children import child_step
from services.enrollment.domain.child import RecordVillage
from services.enrollment.domain.codes import GroupSource
from services.enrollment.queries.places import child_place
from services.enrollment.queries.villages import villages_of
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge
from shared.rights import Viewer

PAGE = "/enrollment/children"


class VillageFields(Fields, frozen=True):
    """`village`: a unit's code, none where it belongs to no village; `on`: today unless given."""

    child: UUID
    village: str | None = None
    on: date | None = None
    source: GroupSource = "school"


async def record_village(edge: Edge, viewer: Viewer, fields: VillageFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await child_place(conn, fields.child)
        told = act.told(GROUPS, place.ledger, place.path)
        known = {one.code for one in await villages_of(conn, place.ledger)}
    if fields.village and fields.village not in known:
        raise FieldsInvalid("本县没有这个村。请从列表中选择，或先登记这个村。", field="village")
    command = RecordVillage(
        child=fields.child,
        village=fields.village or None,
        on=fields.on or act.moment.today,
        source=fields.source,
        now=act.moment.now,
    )
    step = child_step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


COMMANDS = (Command("record_village", VillageFields, record_village),)
