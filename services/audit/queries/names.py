"""Names that stand beside an entry: units and classes in clear, people as sealed values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.projections.entries import uuid_of
from shared.sealed import Sealed

UNITS = text("select unit, name from unit where unit = any(:codes)")
CLASSES = text("select klass, name, grade from klass where klass = any(:classes)")
CHILDREN = text("select child, fields->>'name' as name, path from child where child = any(:people)")
STAFF = text("select staff, fields->>'name' as name from person where staff = any(:people)")


@dataclass(frozen=True, slots=True)
class Names:
    """`units` and `classes`: code or uuid → name; `people`: uuid → sealed name; `staff`: who is."""

    units: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    people: dict[str, Sealed] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    staff: set[str] = field(default_factory=set)

    def of_path(self, path: str) -> str:
        """School and class of a path, or its lowest unit."""
        parts = path.split("/")
        said = [self.classes.get(part) or self.units.get(part, "") for part in parts[4:]]
        return " ".join(filter(None, said)) or self.units.get(parts[-1], "")

    def code(self, value: str) -> str:
        """A code or uuid in words where it has some."""
        return self.classes.get(value) or self.units.get(value) or value


async def names(conn: AsyncConnection, paths: Iterable[str], people: Iterable[str]) -> Names:
    """Units and classes named in paths, codes and uuids; the people's sealed names."""
    found = Names()
    parts = {part for path in paths for part in path.split("/") if part}
    for row in await conn.execute(UNITS, {"codes": sorted(parts)}):
        found.units[row.unit] = row.name
    for row in await conn.execute(CLASSES, {"classes": _uuids(parts)}):
        found.classes[str(row.klass)] = row.name
    wanted = {"people": _uuids(people)}
    for row in await conn.execute(CHILDREN, wanted):
        found.paths[str(row.child)] = row.path
        if row.name:
            found.people[str(row.child)] = _sealed(row.name)
    for row in await conn.execute(STAFF, wanted):
        found.staff.add(str(row.staff))
        if row.name:
            found.people[str(row.staff)] = _sealed(row.name)
    return found


def _uuids(texts: Iterable[str]) -> list[UUID]:
    return [found for found in map(uuid_of, sorted(set(texts))) if found]


def _sealed(stored: str) -> Sealed:
    return msgspec.json.decode(stored, type=Sealed)
