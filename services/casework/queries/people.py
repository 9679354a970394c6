"""Who answers for a child on a day, out of the directory."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.case_events import Level

# A handover day belongs to the newcomer.
HOMEROOM = text(
    "select staff from homeroom where klass = :klass and valid_from <= :on"
    " and (valid_to is null or valid_to >= :on) order by valid_from desc limit 1"
)
PRINCIPAL = text(
    "select staff from role_grant where role = 'principal' and unit = :school"
    " and valid_from <= :on and (valid_to is null or valid_to >= :on)"
    " order by valid_from desc, staff limit 1"
)
DIVISIONS = text("select unit from unit where unit = any(:units) and kind = 'division'")
# 990000/990100/990101/990101001/…: a county is the third segment, its townships the fourth.
COUNTY, TOWNSHIP = 2, 3


@dataclass(frozen=True, slots=True)
class Owner:
    staff: UUID
    role: str


async def owner_on(
    conn: AsyncConnection, klass: UUID | None, school: str | None, on: date
) -> Owner | None:
    """谁的学生谁负责: the homeroom teacher of that date, else the principal, else nobody."""
    teacher = (await conn.execute(HOMEROOM, {"klass": klass, "on": on})).scalar()
    if teacher is not None:
        return Owner(teacher, "homeroom_teacher")
    principal = (await conn.execute(PRINCIPAL, {"school": school, "on": on})).scalar()
    return Owner(principal, "principal") if principal is not None else None


async def superiors(conn: AsyncConnection, path: str) -> dict[Level, str]:
    """Level → unit that a dropout is reported to: the township where there is one, the county."""
    segments = path.split("/")
    rows = await conn.execute(DIVISIONS, {"units": segments})
    divisions = {row.unit for row in rows}
    levels: dict[Level, str] = {"county": segments[COUNTY]}
    if len(segments) > TOWNSHIP and segments[TOWNSHIP] in divisions:
        return {"township": segments[TOWNSHIP], **levels}
    return levels


def school_of(path: str, klass: UUID | None) -> str:
    """The school's code in a child's path, which ends with the class where there is one."""
    segments = path.split("/")
    return segments[-2] if klass is not None and segments[-1] == str(klass) else segments[-1]
