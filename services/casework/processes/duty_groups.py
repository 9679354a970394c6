"""Duties about children of a group: who is one of it, and what ends when a child is taken out."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.duties.facts import UNTAGGED, Fact
from services.casework.processes import duty_work as works
from services.casework.processes.duty_work import A_MOMENT, Work
from services.casework.queries.duty_rows import OpenDuty
from services.casework.queries.groups import groups_of
from shared.event import business_day
from shared.subscription import Entry

LEFT = "left_group"


def apart(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Those who are taken out by themselves, or how entries are batched would decide.

    Groups are looked up as they stand when a batch has been read: tagged anew in the same batch,
    a child would never have been out.
    """
    numbered = enumerate(entries)
    for _, some in groupby(numbered, lambda one: one[0] if one[1].type == UNTAGGED else -1):
        yield [entry for _, entry in some]


async def end_left(conn: AsyncConnection, work: Work, fact: Fact) -> None:
    """What the child was owed as one of a group is cancelled; what was missed before stays."""
    if not fact.child:
        return
    work.groups |= await groups_of(conn, [UUID(fact.child)])
    for duty in list(work.open.get(fact.child, ())):
        kind = work.pack_of(duty).file.duties.get(duty.kind)
        due_on = business_day(duty.due_at - A_MOMENT)
        if not (kind and kind.arm.groups and _is_ahead(duty, fact)):
            continue
        if not work.in_groups(duty.child, kind.arm.groups, due_on):
            await works.cancel(conn, work, duty, LEFT, fact)


def _is_ahead(duty: OpenDuty, fact: Fact) -> bool:
    return duty.state == "armed" and fact.recorded_at < duty.due_at
