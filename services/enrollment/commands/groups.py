"""Groups of a child: tagged by whoever answers for it, until when, on whose word."""

from datetime import date
from uuid import UUID

from services.enrollment.commands.acting import GROUPS, Acting, acting
from services.enrollment.commands.children import child_step
from services.enrollment.domain import child as domain
from services.enrollment.domain.codes import GroupSource
from services.enrollment.queries.places import ChildPlace, child_place
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge
from shared.rights import Viewer

PAGE = "/enrollment/children"


class TagFields(Fields, frozen=True):
    """`group`: a code of the list in force; `since` today unless given; no `until`: it lasts."""

    child: UUID
    group: str
    since: date | None = None
    until: date | None = None
    source: GroupSource = "school"


class UntagFields(Fields, frozen=True):
    """From `on` (today) on the child is no longer one of the group."""

    child: UUID
    group: str
    on: date | None = None


async def tag_group(edge: Edge, viewer: Viewer, fields: TagFields) -> Done:
    act, place = await _at(edge, viewer, fields, fields.child)
    told = act.told(GROUPS, place.ledger, place.path)
    known = act.moment.rules.pack(place.path, act.moment.today).file.codes.groups
    if fields.group not in {entry.code for entry in known}:
        raise FieldsInvalid("没有这一类学生。请从列表中选择。", field="group")
    command = domain.TagStudentGroup(
        child=fields.child,
        group=fields.group,
        since=fields.since or act.moment.today,
        until=fields.until,
        source=fields.source,
        now=act.moment.now,
    )
    step = child_step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def untag_group(edge: Edge, viewer: Viewer, fields: UntagFields) -> Done:
    act, place = await _at(edge, viewer, fields, fields.child)
    told = act.told(GROUPS, place.ledger, place.path)
    on = fields.on or act.moment.today
    command = domain.UntagStudentGroup(
        child=fields.child, group=fields.group, on=on, now=act.moment.now
    )
    step = child_step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def _at(edge: Edge, viewer: Viewer, fields: Fields, child: UUID) -> tuple[Acting, ChildPlace]:
    async with edge.service.engine.connect() as conn:
        return await acting(edge, viewer, fields, conn), await child_place(conn, child)


COMMANDS = (
    Command("tag_group", TagFields, tag_group),
    Command("untag_group", UntagFields, untag_group),
)
