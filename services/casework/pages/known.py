"""Names of places and people by their ids, as pages about responsibilities show them."""

from uuid import UUID

import msgspec
from sqlalchemy import text

from shared.console import Visit
from shared.sealed import Sealed

NAMED = text(
    "select staff as id, fields -> 'name' as name from person"
    " where staff = any(cast(:ids as uuid[])) union all"
    " select child, fields -> 'name' from child where child = any(cast(:ids as uuid[]))"
)
# In the order in which people list them: 七年级 before 八年级 before 九年级.
UNIT_NAMES = text("select unit, name from unit order by unit")
CLASS_NAMES = text("select klass, name from klass order by school, grade, name, klass")


async def places_named(found: Visit) -> dict[str, str]:
    """Units and classes by their ids, in their order: names of places are nobody's secret."""
    async with found.edge.service.engine.connect() as conn:
        units = {row.unit: row.name for row in await conn.execute(UNIT_NAMES)}
        classes = {str(row.klass): row.name for row in await conn.execute(CLASS_NAMES)}
    return units | classes


async def people_named(found: Visit, people: set[str]) -> dict[str, str]:
    """Names of staff and children, opened through the page's one reading."""
    ids = [one for one in people if _uuid(one)]
    async with found.edge.service.engine.connect() as conn:
        rows = (await conn.execute(NAMED, {"ids": ids})).all()
    sealed = [(str(row.id), "name", msgspec.convert(row.name, Sealed)) for row in rows if row.name]
    texts = await found.reading.open_all(sealed)
    return {who: said for (who, _, _), said in zip(sealed, texts, strict=True)}


def _uuid(given: str) -> bool:
    try:
        UUID(given)
    except ValueError:
        return False
    return True
