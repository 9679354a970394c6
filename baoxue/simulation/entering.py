"""A county is entered before its first day: units, terms, classes, staff, accounts, children."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from baoxue.client import OPERATOR
from baoxue.simulation.accounts import Accounts, CommandRefused
from baoxue.simulation.county import County, Post, Staff
from baoxue.simulation.customs import home_of, villages
from baoxue.simulation.ids import command_id
from baoxue.simulation.people import Child
from baoxue.simulation.world import Registered, read_registered
from services.casework.commands import TABLE as CASEWORK
from services.enrollment.bulk import people
from services.enrollment.bulk.rows import ChildRow, PersonAnswer, RoleRow, StaffRow
from services.enrollment.bulk.writing import circumstances
from services.enrollment.commands import TABLE as ENROLLMENT
from shared.access_words import Right
from shared.commands import Command
from shared.rulebook import RulesMissing

HOMEROOM = "homeroom_teacher"
BEFORE_TERM = timedelta(days=31)
RULES_LIMIT, RULES_PAUSE_SECONDS = 150, 0.2
Register = Callable[..., Awaitable[list[PersonAnswer]]]
# Fictitious like the counties in them.
PROVINCE, CITY = "示范省", "示范市"
TABLES: Mapping[str, Mapping[str, Command]] = {
    "enrollment": ENROLLMENT,
    "casework": CASEWORK,
}


async def enter(accounts: Accounts, county: County) -> None:
    """Everything that an operator and a county's first import bring. Raises CommandRefused.

    What an earlier attempt has brought stays and is not brought again.
    """
    async with accounts.edges["enrollment"].service.engine.connect() as conn:
        there = await read_registered(conn, county)
    names = {"name": county.name, "province": PROVINCE, "city": CITY}
    found = {"code": county.code, "command_id": command_id(county, "found"), **names}
    await accounts.send("enrollment", "found_county", OPERATOR, found)
    async with accounts.together("enrollment"):
        for unit in _units(county):
            await accounts.send("enrollment", "register_unit", OPERATOR, unit)
        for term in _terms(county):
            await accounts.send("enrollment", "open_term", OPERATOR, term)
        classes = await _classes(accounts, county, there)
    places = _Places(county, classes)
    staff = [places.staff(one, there.staff.get(one.staff_number)) for one in county.staff]
    new_staff = [row for row in staff if row.staff_number not in there.staff]
    await _registered(accounts, county, "import.staff", people.register_staff, new_staff)
    async with accounts.together("enrollment"):
        for wish in _homerooms(county, classes, staff):
            await accounts.send("enrollment", "assign_homeroom", OPERATOR, wish)
    children = [
        places.child(one)
        for one in county.children
        if (classes[one.klass], one.seat) not in there.children
    ]
    await _registered(accounts, county, "import.run", people.register_children, children)
    await _rules_known(accounts, county)


async def put_in_force(accounts: Accounts, county: County, content: str) -> None:
    """Another pack than the seed, from tomorrow on, as the county's policy officer does."""
    moment = await accounts.edges["casework"].moment()
    wish = {
        "unit": county.code,
        "content": content,
        "valid_from": moment.today + timedelta(days=1),
        "basis": "模拟用的规则",
        "command_id": command_id(county, "rules"),
    }
    await accounts.send("casework", "activate_policy", f"zhengce{county.code}", wish)


async def _rules_known(accounts: Accounts, county: County) -> None:
    """The rules come from casework, a moment after the founding. Raises RulesMissing."""
    path, edge = county.path_of(county.code), accounts.edges["enrollment"]
    for left in reversed(range(RULES_LIMIT)):
        moment = await edge.moment()
        try:
            moment.rules.pack(path, moment.today)
            break
        except RulesMissing:
            if not left:
                raise
            await asyncio.sleep(RULES_PAUSE_SECONDS)


async def _registered(
    accounts: Accounts, county: County, right: Right, register: Register, rows: Sequence[Any]
) -> None:
    """As an import by the operator writes them. Raises CommandRefused."""
    edge, viewer = accounts.edges["enrollment"], await accounts.viewer(OPERATOR)
    told = circumstances(
        await edge.moment(),
        viewer,
        right,
        county.code,
        county.path_of(county.code),
        command_id=uuid7(),
        via="import",
    )
    for answer in await register(edge, told, county.code, rows):
        if answer.refused is not None:
            raise CommandRefused(right, answer.refused.code, str(answer.refused))
    accounts.sent += len(rows)


def _homerooms(
    county: County, classes: Sequence[UUID], staff: Sequence[StaffRow]
) -> list[dict[str, Any]]:
    """Whose each class is, from its first day on."""
    since = county.terms[0].opens_on
    return [
        {
            "klass": classes[post.klass],
            "staff": row.staff,
            "valid_from": since,
            "command_id": command_id(county, "homeroom", post.klass),
        }
        for one, row in zip(county.staff, staff, strict=True)
        for post in one.posts
        if post.role == HOMEROOM and post.klass is not None
    ]


def _units(county: County) -> list[dict[str, Any]]:
    """Townships first: schools and villages stand below them."""
    since = county.terms[0].opens_on
    rows = [(one.code, "division", one.name, county.code) for one in county.townships]
    rows += [(one.code, "division", one.name, one.township.code) for one in villages(county)]
    rows += [(one.code, "school", one.name, one.township) for one in county.schools]
    names = ("unit", "kind", "name", "parent")
    return [
        {
            **dict(zip(names, row, strict=True)),
            "valid_from": since,
            "command_id": command_id(county, "unit", row[0]),
        }
        for row in rows
    ]


def _terms(county: County) -> list[dict[str, Any]]:
    return [
        {
            "unit": county.code,
            "term": one.code,
            "name": one.name,
            "opens_on": one.opens_on,
            "ends_on": one.ends_on,
            "command_id": command_id(county, "term", one.code),
        }
        for one in county.terms
    ]


async def _classes(accounts: Accounts, county: County, there: Registered) -> list[UUID]:
    """The ids of the classes, in the plan's order."""
    made: list[UUID] = []
    for one in county.classes:
        if known := there.classes.get((one.school, one.name)):
            made.append(known)
            continue
        klass = UUID(str(uuid7()))
        wish = {
            "klass": klass,
            "school": one.school,
            "grade": one.grade,
            "name": one.name,
            "valid_from": county.terms[0].opens_on,
        }
        await accounts.send("enrollment", "open_class", OPERATOR, wish)
        made.append(klass)
    return made


class _Places:
    """People as a first import brings them, with the paths of where they belong."""

    def __init__(self, county: County, classes: Sequence[UUID]) -> None:
        self._county, self._classes = county, classes
        self._paths = {one.code: county.path_of(one.code) for one in county.schools}
        self._since = county.terms[0].opens_on
        self._villages = {f"{v.township.name}{v.name}": v.code for v in villages(county)}

    def staff(self, one: Staff, known: UUID | None) -> StaffRow:
        roles = [
            RoleRow(role=post.role, unit=unit, path=path, valid_from=self._from(post))
            for post in one.posts
            if post.role != HOMEROOM
            for unit, path in [self._of(post)]
        ]
        return StaffRow(
            staff=known or uuid7(),
            unit=one.unit,
            path=self._county.path_of(one.unit),
            fields={"name": one.name, "idnumber": one.idnumber, "phone": one.phone},
            staff_number=one.staff_number,
            roles=tuple(roles),
            account=one.account,
        )

    def _from(self, post: Post) -> date:
        """Whoever puts the rules in force does so before the term."""
        early = BEFORE_TERM if post.role == "policy_officer" else timedelta()
        return self._since - early

    def child(self, one: Child) -> ChildRow:
        return ChildRow(
            child=uuid7(),
            fields=one.fields,
            path=self._class_path(one.klass),
            klass=self._classes[one.klass],
            seat=one.seat,
            on=self._since,
            village=self._villages[home_of(one)],
        )

    def _of(self, post: Post) -> tuple[str, str]:
        """Unit and path of a post."""
        if post.klass is None:
            return post.unit, self._county.path_of(post.unit)
        return str(self._classes[post.klass]), self._class_path(post.klass)

    def _class_path(self, klass: int) -> str:
        return f"{self._paths[self._county.classes[klass].school]}/{self._classes[klass]}"
