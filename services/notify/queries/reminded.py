"""Reminders of missing rolls as they stand: the classes asked for, and whom they reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KIND = "roll_reminder"
CLASSES = text(
    "select c.klass, c.ledger, c.school, c.path from klass c where c.klass = any(:klasses)"
    " order by c.path"
)
REMINDED = text("select about from notice where kind = :kind and about = any(:about)")
OF_DAY = text(
    "select n.notice, n.queued_at, n.read_at, c.klass, c.name as class_name, u.name as school,"
    " a.staff, p.fields -> 'name' as name from notice n"
    " join klass c on n.about = 'roll-' || c.klass || '-' || :day"
    " left join unit u on u.unit = c.school left join account a on a.account = n.account"
    " left join person p on p.staff = a.staff"
    " where n.kind = :kind and (c.path || '/') ^@ any(:below)"
    " order by u.name, c.grade, c.name, c.klass limit :limit offset :offset"
)
COUNT = text(
    "select count(*) from notice n join klass c on n.about = 'roll-' || c.klass || '-' || :day"
    " where n.kind = :kind and (c.path || '/') ^@ any(:below)"
)
NAMED = text(
    "select c.klass, c.name as class_name, u.name as school from klass c"
    " left join unit u on u.unit = c.school"
    " where c.klass = any(:klasses) and (c.path || '/') ^@ any(:below) order by c.path"
)


def about_roll(klass: UUID, day: date) -> str:
    """The stream of the roll that is owed."""
    return f"roll-{klass}-{day.isoformat()}"


async def reminded_before(conn: AsyncConnection, klasses: Sequence[UUID], day: date) -> set[UUID]:
    by_about = {about_roll(one, day): one for one in klasses}
    found = await conn.execute(REMINDED, {"kind": KIND, "about": list(by_about)})
    return {by_about[row.about] for row in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A class that was reminded: whom it reached (the name sealed), when, when it was read."""

    klass: UUID
    class_name: str
    school: str
    staff: UUID | None
    name: Any
    queued_at: datetime
    read_at: datetime | None


async def told_on(
    conn: AsyncConnection, day: date, paths: Sequence[str], limit: int, offset: int
) -> list[Told]:
    """The classes below the paths that were reminded on a day."""
    params = {"day": day.isoformat(), "kind": KIND, "below": _below(paths)}
    rows = await conn.execute(OF_DAY, params | {"limit": limit, "offset": offset})
    return [
        Told(
            klass=row.klass,
            class_name=row.class_name,
            school=row.school or "",
            staff=row.staff,
            name=row.name,
            queued_at=row.queued_at,
            read_at=row.read_at,
        )
        for row in rows
    ]


async def count_told(conn: AsyncConnection, day: date, paths: Sequence[str]) -> int:
    params = {"day": day.isoformat(), "kind": KIND, "below": _below(paths)}
    return (await conn.execute(COUNT, params)).scalar_one()


async def classes_named(
    conn: AsyncConnection, klasses: Sequence[UUID], paths: Sequence[str]
) -> list[tuple[UUID, str, str]]:
    """(class, its name, its school's name) of those below the paths."""
    rows = await conn.execute(NAMED, {"klasses": list(klasses), "below": _below(paths)})
    return [(row.klass, row.class_name, row.school or "") for row in rows]


def _below(paths: Sequence[str]) -> list[str]:
    return [f"{path}/" for path in paths]
