"""What a fact is about and where that is: the targets of duties, and their places today."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.duties.facts import Fact
from services.casework.queries import duty_rows as rows
from services.casework.queries.holding import Holding, Place


async def places_of(
    conn: AsyncConnection, holding: Holding, facts: Sequence[Fact]
) -> dict[str, Place]:
    """Where the children are today; a child that is in no class has the path of its event."""
    children = {UUID(fact.child) for fact in facts if fact.child}
    found = await conn.execute(rows.CHILDREN, {"children": list(children)})
    return {
        str(row.child): Place(
            path=row.path,
            klass=str(row.klass) if row.klass else None,
            school=row.school,
            child=row.child,
        )
        for row in found
    }


def targets_of(fact: Fact, holding: Holding, places: dict[str, Place]) -> list[tuple[str, str]]:
    """(kind of target, id) that the fact is about: a child, its class, school, township, county."""
    found: list[tuple[str, str]] = []
    if fact.child:
        found.append(("child", fact.child))
    klass = fact.klass or next((s for s in fact.path.split("/") if s in holding.classes), None)
    if klass:
        found.append(("klass", klass))
    if school := holding.school_in(fact.path):
        found.append(("school", school))
    if township := holding.township_in(fact.path):
        found.append(("township", township))
    segments = fact.path.split("/")
    if len(segments) > 2:
        found.append(("county", segments[2]))
    if fact.stream.startswith("case-"):
        found.append(("case", fact.stream))
    return found


def place_of(
    kind: str, target: str, fact: Fact, holding: Holding, places: dict[str, Place]
) -> Place:
    """Where a target of a fact is."""
    if kind == "child":
        here = places.get(target)
        return here or Place(path=fact.path, klass=fact.klass, child=UUID(target))
    if kind == "klass":
        return holding.classes.get(target) or Place(path=fact.path, klass=target)
    path = holding.paths.get(target, fact.path)
    return Place(path=path, school=target if kind == "school" else None)
