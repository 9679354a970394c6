"""Which groups children belong to, and when: rows that follow enrollment's events."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.duty_rows import GROUPS_OF
from shared.contracts import enrollment as e
from shared.subscription import Entry

FOLLOWED = frozenset(
    f"enrollment.{kind.__name__}" for kind in (e.StudentGroupTagged, e.StudentGroupUntagged)
)
BEGIN = text(
    "insert into child_group (child, grp, since, until) values (:child, :grp, :since, :until)"
    " on conflict (child, grp, since) do update set until = excluded.until"
)
END = text(
    "update child_group set until = cast(:on as date) - 1 where child = :child and grp = :grp"
    " and (until is null or until >= :on)"
)
# A time that ended before it began never was.
VOID = text("delete from child_group where child = :child and grp = :grp and until < since")


@dataclass(frozen=True, slots=True)
class Grouped:
    """A child's days in a group, both included."""

    child: UUID
    group: str
    since: date
    until: date | None

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)


async def groups_of(conn: AsyncConnection, children: Collection[UUID]) -> dict[UUID, list[Grouped]]:
    """What groups the children are or were in."""
    rows = await conn.execute(GROUPS_OF, {"children": list(set(children))})
    return by_child([Grouped(row.child, row.grp, row.since, row.until) for row in rows])


def by_child(some: Iterable[Grouped]) -> dict[UUID, list[Grouped]]:
    found: dict[UUID, list[Grouped]] = defaultdict(list)
    for one in some:
        found[one.child].append(one)
    return found


async def project_groups(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """What the entries say of groups, in their order; all else is passed over."""
    for entry in entries:
        if entry.type not in FOLLOWED:
            continue
        match _read(entry):
            case e.StudentGroupTagged() as tagged:
                values = {"since": tagged.since, "until": tagged.until}
                await conn.execute(BEGIN, {"child": tagged.child, "grp": tagged.group} | values)
            case e.StudentGroupUntagged() as untagged:
                key = {"child": untagged.child, "grp": untagged.group}
                await conn.execute(END, key | {"on": untagged.on})
                await conn.execute(VOID, key)
            case _:
                pass


def _read(entry: Entry) -> Any:
    kind = getattr(e, entry.type.partition(".")[2])
    return msgspec.json.decode(entry.envelope.data, type=kind)
