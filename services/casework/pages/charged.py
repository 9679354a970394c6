"""What a responsibility for one child adds to pages: the name, the form, address and contact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.access_words import Right
from shared.console import Visit
from shared.contracts.words import word
from shared.masked import NOTHING, guardians, open_fields
from shared.rights import charge_of, may, may_open
from shared.sealed import Sealed, SensitivityClass
from shared.web.models.masked import Masked

HOME = text("select fields from child where child = :child")
# Of the child's page as much as somebody needs who goes there.
WHERE = ("address", "hukou")
REACHED = ("guardian", "guardianrelation", "phone", "guardian2", "phone2")
PHONES = ("phone", "phone2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A child as a visit needs it; `path` is where the viewer may open it (`shared.masked`)."""

    child: UUID
    path: str
    fields: Mapping[str, Any]

    @property
    def opens(self) -> str:
        return f"/casework/visits/{self.child}/open"


async def home_of(conn: AsyncConnection, found: Visit, row: Any) -> Home:
    """Of the child that a duty is about; nothing but where it lives and how it is reached."""
    stored = (await conn.execute(HOME, {"child": row.child})).scalar() or {}
    fields = {name: stored[name] for name in (*WHERE, *REACHED) if stored.get(name)}
    return Home(child=row.child, path=opened_at(found, row, "contact"), fields=fields)


async def contact(found: Visit, home: Home) -> tuple[tuple[tuple[str, str], ...], list[Masked]]:
    """Where the child lives, in clear, and its guardians with masked phones; as may be opened."""
    if not may_open(found.viewer, "contact", home.path, found.today):
        return (), []
    opened = await open_fields(found, home)
    clear = {name: said for name, said in opened.items() if said not in NOTHING}
    where = tuple((word(name), clear[name]) for name in WHERE if name in clear)
    return where, list(guardians(found, home, opened))


async def named(found: Visit, rows: Sequence[Any]) -> dict[UUID, str]:
    """The children's names by duty, opened where an office or a responsibility opens them."""
    by_place: dict[str, list[Any]] = {}
    for row in rows:
        if row.child and row.child_name:
            by_place.setdefault(opened_at(found, row, "identity"), []).append(row)
    opened: dict[UUID, str] = {}
    for place, here in by_place.items():
        values = [(str(row.child), "name", msgspec.convert(row.child_name, Sealed)) for row in here]
        texts = await found.reading.open_all(values, place)
        opened |= {row.duty: said for row, said in zip(here, texts, strict=True)}
    return opened


def opened_at(found: Visit, row: Any, cls: SensitivityClass) -> str:
    """The place of a duty's child under which the viewer may open a class."""
    if may_open(found.viewer, cls, row.path, found.today):
        return row.path
    charge = charge_of(found.viewer, row.child, found.today)
    return charge.path if charge else row.path


def lends(found: Visit, row: Any, right: Right) -> bool:
    """Whether the duty is the viewer's own and its form what a responsibility lends."""
    if row.child is None or found.viewer.staff not in {str(holder) for holder in row.holders}:
        return False
    charge = charge_of(found.viewer, row.child, found.today)
    return charge is not None and may(found.viewer, right, charge.path, found.today)
