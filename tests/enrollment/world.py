"""A small county in enrollment's own database, entered through its commands; people who act."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx2
from uuid_utils.compat import uuid7

from services.enrollment.commands import TABLE
from services.enrollment.sessions.grants import operator, viewer_of
from shared import clock
from shared.commands import Done, run
from shared.contracts.casework import PolicyVersionActivated
from shared.event import business_day
from shared.policy.pack import seed_pack
from shared.rights import Viewer
from tests.county import COUNTY_PATH, LEDGER, Told
from tests.followed import World

NAMES = UUID("7a4d3a9e-6f4f-4b53-8f5e-7b54c07c9a31")
SCHOOL, OTHER_SCHOOL = "2199010001", "2199010002"
TOWNSHIP, OTHER_TOWNSHIP = "990101001", "990101002"
TERM = {"unit": LEDGER, "term": "2026-1", "name": "秋季学期"}
OPENS, ENDS = date(2026, 9, 1), date(2027, 1, 20)
OPERATOR = operator("test")


def uid(name: str) -> UUID:
    return uuid5(NAMES, name)


KLASS, OTHER_KLASS = uid("klass"), uid("other klass")
STAFF = {
    "teacher": SCHOOL,
    "principal": SCHOOL,
    "registrar": SCHOOL,
    "stranger": OTHER_SCHOOL,
    "officer": LEDGER,
}
ROLES = {"principal": "principal", "registrar": "registrar", "stranger": "principal"}
CHILDREN = tuple(uid(f"child {n}") for n in range(1, 6))


@dataclass(slots=True)
class Enrolled:
    """The service with the county founded; commands run as people by their short names."""

    world: World
    viewers: dict[str, Viewer] = field(default_factory=dict)

    async def give(self, command: str, by: str | Viewer = OPERATOR, /, **values: Any) -> Done:
        """Run a command of the table; the command id is fresh unless given."""
        viewer = await self.viewer(by) if isinstance(by, str) else by
        wish = {"command_id": uuid7()} | values
        done = await run(self.world.edge, viewer, TABLE[command], wish)
        await self.world.settled()
        return done

    async def viewer(self, name: str) -> Viewer:
        """As enrollment itself signs the account into a session today."""
        async with self.world.engine.connect() as conn:
            return await viewer_of(conn, name, business_day(await clock.now(conn)))

    async def events(self, *types: str) -> list[Any]:
        return await self.world.events(*types)

    async def to(self, when: datetime) -> None:
        """Move on, and do everything that falls due on the way."""
        await self.world.move_to(when)
        while await self.world.tick():
            pass


async def found(world: World, rules: Callable[[World], Awaitable[None]] | None = None) -> Enrolled:
    """Two schools with a class each, five children in the first, staff with roles and accounts.

    `rules`: how the shipped pack gets there; told by the test unless casework runs beside.
    """
    made = Enrolled(world)
    await made.give("found_county", code=LEDGER, name="青禾县")
    await (rules or _rules)(world)
    await made.give("open_term", **TERM, opens_on=OPENS, ends_on=ENDS)
    for unit, name, kind, parent in (
        (TOWNSHIP, "石桥镇", "division", LEDGER),
        (OTHER_TOWNSHIP, "柳河乡", "division", LEDGER),
        (SCHOOL, "石桥镇初级中学", "school", TOWNSHIP),
        (OTHER_SCHOOL, "柳河乡中心小学", "school", OTHER_TOWNSHIP),
    ):
        await made.give(
            "register_unit", unit=unit, name=name, kind=kind, parent=parent, valid_from=OPENS
        )
    for klass, school, grade in ((KLASS, SCHOOL, 8), (OTHER_KLASS, OTHER_SCHOOL, 3)):
        await made.give(
            "open_class", klass=klass, school=school, grade=grade, name="1班", valid_from=OPENS
        )
    await _staff(made)
    return made


async def _rules(world: World) -> None:
    """Casework puts the shipped pack in force when it hears of the county."""
    told = Told(service="casework")
    event = PolicyVersionActivated(
        pack=seed_pack().sha256, unit=LEDGER, valid_from=OPENS, basis="随系统发布"
    )
    told.tell(event, COUNTY_PATH, None, datetime.fromisoformat("2026-09-01T08:00:00+08:00"))
    await world.hear("casework", told.entries)


async def _staff(made: Enrolled) -> None:
    for name, unit in STAFF.items():
        staff = uid(name)
        await made.give("register_staff", staff=staff, unit=unit, name=f"姓{name}")
        await made.give("open_account", staff=staff, account=name)
        if role := ROLES.get(name):
            await made.give("grant_role", staff=staff, role=role, unit=unit, valid_from=OPENS)
    officer = {"staff": uid("officer"), "unit": LEDGER, "valid_from": OPENS}
    await made.give("grant_role", role="county_officer", **officer)
    await made.give("assign_homeroom", klass=KLASS, staff=uid("teacher"), valid_from=OPENS)


async def enroll(made: Enrolled, children: Sequence[UUID] = CHILDREN) -> None:
    """The children of the first class since the term began."""
    for seat, child in enumerate(children, 1):
        values = {"child": child, "name": f"学生{seat}", "klass": KLASS, "seat": seat}
        await made.give("register_child", "registrar", **values, on=OPENS)


def at(day: date, clock_time: str = "08:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock_time}:00+08:00")


def day(number: int) -> date:
    """The school days of two weeks from Monday 2026-11-16 on: 0 is the first."""
    weeks, rest = divmod(number, 5)
    return date(2026, 11, 16) + timedelta(days=7 * weeks + rest)


async def nothing_is_held(world: World) -> None:
    """Casework answers that nobody holds anything; with the real one: `test_assignments.py`."""

    def answered(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path.startswith("/casework/held/")
        return httpx2.Response(200, json={"held": []})

    await world.edge.service.http.aclose()
    world.edge.service.http = httpx2.AsyncClient(transport=httpx2.MockTransport(answered))
