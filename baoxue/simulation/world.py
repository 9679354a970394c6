"""From the plan's keys to the ids that the system gave: by code, number and seat, never by name."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from baoxue.simulation.county import County

CLASSES = text("select klass, school, name from klass where ledger = :ledger")
STAFF = text("select staff, staff_number from person where ledger = :ledger")
CHILDREN = text("select child, klass, seat from child where ledger = :ledger and klass is not null")


class Incomplete(Exception):
    """The county in the store is not the plan's."""


@dataclass(frozen=True, slots=True)
class World:
    """Places in the plan's lists → ids."""

    classes: tuple[UUID, ...]
    staff: tuple[UUID, ...]
    children: tuple[UUID, ...]
    keys: dict[UUID, int]


@dataclass(frozen=True, slots=True)
class Registered:
    """What of a county is there: classes by school and name, staff by number, children by seat."""

    classes: dict[tuple[str, str], UUID]
    staff: dict[str, UUID]
    children: dict[tuple[UUID, int], UUID]


async def read_registered(conn: AsyncConnection, county: County) -> Registered:
    ledger = {"ledger": county.code}
    return Registered(
        {(row.school, row.name): row.klass for row in await conn.execute(CLASSES, ledger)},
        {row.staff_number: row.staff for row in await conn.execute(STAFF, ledger)},
        {(row.klass, row.seat): row.child for row in await conn.execute(CHILDREN, ledger)},
    )


async def read_world(conn: AsyncConnection, county: County) -> World:
    """Everything that was registered. Raises Incomplete."""
    there = await read_registered(conn, county)
    try:
        classes = tuple(there.classes[one.school, one.name] for one in county.classes)
        staff = tuple(there.staff[one.staff_number] for one in county.staff)
        children = tuple(there.children[classes[one.klass], one.seat] for one in county.children)
    except KeyError as error:
        raise Incomplete(f"{county.code} has no {error}") from error
    return World(classes, staff, children, {child: key for key, child in enumerate(children)})
