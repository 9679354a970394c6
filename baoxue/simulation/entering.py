"""A county is entered before its first day: units, terms, classes, staff, accounts, children."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from baoxue.client import OPERATOR
from baoxue.simulation.accounts import Accounts
from baoxue.simulation.county import County, Post, Staff
from baoxue.simulation.people import Child
from services.casework.commands import TABLE as CASEWORK
from services.enrollment import commands
from shared.commands import Command

TABLES: Mapping[str, Mapping[str, Command]] = {
    "enrollment": commands.TABLE,
    "casework": CASEWORK,
}


async def enter(accounts: Accounts, county: County) -> None:
    """Everything that an operator and a county's first import bring. Raises CommandRefused."""
    found = {"code": county.code, "name": county.name}
    await accounts.send("enrollment", "found_county", OPERATOR, found)
    for unit in _units(county):
        await accounts.send("enrollment", "register_unit", OPERATOR, unit)
    for term in _terms(county):
        await accounts.send("enrollment", "open_term", OPERATOR, term)
    classes = await _classes(accounts, county)
    edge, viewer = accounts.edges["enrollment"], await accounts.viewer(OPERATOR)
    places = _Places(county, classes)
    staff = [places.staff(one) for one in county.staff]
    await commands.register_staff(edge, viewer, county.code, staff)
    children = [places.child(one) for one in county.children]
    await commands.register_many(edge, viewer, county.code, children)


def _units(county: County) -> list[dict[str, Any]]:
    """Townships first: a school stands below one."""
    since = county.terms[0].opens_on
    rows = [(one.code, "division", one.name, county.code) for one in county.townships]
    rows += [(one.code, "school", one.name, one.township) for one in county.schools]
    names = ("unit", "kind", "name", "parent")
    return [{**dict(zip(names, row, strict=True)), "valid_from": since} for row in rows]


def _terms(county: County) -> list[dict[str, Any]]:
    return [
        {
            "unit": county.code,
            "term": one.code,
            "name": one.name,
            "opens_on": one.opens_on,
            "ends_on": one.ends_on,
        }
        for one in county.terms
    ]


async def _classes(accounts: Accounts, county: County) -> list[UUID]:
    """The ids that the classes were given, in the plan's order."""
    made = []
    for one in county.classes:
        wish = {
            "school": one.school,
            "grade": one.grade,
            "name": one.name,
            "valid_from": county.terms[0].opens_on,
        }
        told = await accounts.send("enrollment", "open_class", OPERATOR, wish)
        made.append(UUID(told["next"].rpartition("/")[2]))
    return made


class _Places:
    """People as a first import brings them, with the paths of where they belong."""

    def __init__(self, county: County, classes: Sequence[UUID]) -> None:
        self._county, self._classes = county, classes
        self._paths = {one.code: county.path_of(one.code) for one in county.schools}
        self._since = county.terms[0].opens_on

    def staff(self, one: Staff) -> dict[str, Any]:
        return {
            "unit": one.unit,
            "path": self._county.path_of(one.unit),
            "staff_number": one.staff_number,
            "fields": {"name": one.name, "idnumber": one.idnumber, "phone": one.phone},
            "roles": [(post.role, *self._of(post), self._since) for post in one.posts],
            "account": one.account,
        }

    def child(self, one: Child) -> dict[str, Any]:
        return {
            "path": self._class_path(one.klass),
            "klass": self._classes[one.klass],
            "school": one.school,
            "grade": one.grade,
            "seat": one.seat,
            "on": self._since,
            "fields": one.fields,
        }

    def _of(self, post: Post) -> tuple[str, str]:
        """Unit and path of a post."""
        if post.klass is None:
            return post.unit, self._county.path_of(post.unit)
        return str(self._classes[post.klass]), self._class_path(post.klass)

    def _class_path(self, klass: int) -> str:
        return f"{self._paths[self._county.classes[klass].school]}/{self._classes[klass]}"
