"""Every row of the duty table through the engine: armed by its cause, ended, breached in time.

One year is lived once: the first child, class, school and township do what is due, the second do
nothing; a county, of which there is one, does it late.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from services.casework.app import app_of, make_edge
from services.casework.processes.duty_times import ensure_plans
from shared import clock
from shared.contracts import enrollment as e
from shared.contracts.decode import decode
from shared.policy.pack import seed_pack
from shared.rights import Viewer
from shared.subscription import Entry
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW, TEACHER_VIEW, give
from tests.casework.duty_table import OPENING, ROWS, TABLE, Line
from tests.county import (
    COUNTY_PATH,
    KLASS,
    LEDGER,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    OTHER_PATH,
    OTHER_SCHOOL,
    OTHER_TOWNSHIP,
    PATH,
    SCHOOL,
    SCHOOL_PATH,
    TEACHER,
    TERM,
    TOWNSHIP,
    TOWNSHIP_PATH,
    Told,
    at,
    data_of,
    found_county,
    uid,
)
from tests.followed import Secrets, World, running, settings_of, viewer_of
from tests.stored import examples
from tests.stores import Template, cloned

A_SECOND = timedelta(seconds=1)
LEADER = uid("grade leader")
LEADER_VIEW = viewer_of(LEADER, "grade_leader", SCHOOL_PATH)
# (id, path) of whoever does it and of whoever does not; of children each kind has its own two.
UNITS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "klass": ((str(KLASS), PATH), (str(OTHER_KLASS), OTHER_CLASS_PATH)),
    "school": ((SCHOOL, SCHOOL_PATH), (OTHER_SCHOOL, OTHER_PATH)),
    "township": (
        (TOWNSHIP, TOWNSHIP_PATH),
        (OTHER_TOWNSHIP, OTHER_PATH.rsplit("/", 1)[0]),
    ),
    "county": ((LEDGER, COUNTY_PATH), (LEDGER, COUNTY_PATH)),
}
CHILDREN = {
    kind: (uid(f"{kind} done"), uid(f"{kind} not done"))
    for kind, line in TABLE.items()
    if line.target == "child"
}


def targets(kind: str) -> tuple[tuple[str, str], tuple[str, str]]:
    if kind not in CHILDREN:
        return UNITS[TABLE[kind].target]
    done, not_done = CHILDREN[kind]
    return (str(done), PATH), (str(not_done), PATH)


Row = dict[str, Any]


class CaseHandoverRequested(msgspec.Struct, frozen=True):
    """As the handover between counties will tell it; the rules know its name already."""

    child: str


class CaseHandoverAccepted(CaseHandoverRequested, frozen=True):
    pass


HANDOVER = {one.__name__: one for one in (CaseHandoverRequested, CaseHandoverAccepted)}


def event_of(name: str, child: str, changes: dict[str, Any]) -> Any:
    """An event as it is stored, about the child, with what matters changed."""
    bare = name.partition(".")[2]
    if bare in HANDOVER:
        return HANDOVER[bare](child=child)
    example = next(one for one in examples() if one.type == name)
    made: Any = decode(example.type, example.dataversion, example.data)
    if "child" in made.__struct_fields__:
        changes = {"child": UUID(child), **changes}
    if "klass" in made.__struct_fields__:
        changes = {"klass": KLASS, **changes}
    return msgspec.structs.replace(made, **changes)


@dataclass(slots=True)
class Lived:
    """What was seen of every kind: (kind, done or not) → its row; states before and when due."""

    armed: dict[tuple[str, bool], Row] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    at_due: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Row] = field(default_factory=dict)
    breaches: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Year:
    """The county as it lives: `stories` are what other services and casework itself tell."""

    world: World
    stories: dict[str, Told]
    lived: Lived = field(default_factory=Lived)

    async def hear(self, entries: Sequence[Entry]) -> None:
        """Entries as the engine takes them, whichever of its two followings they come by."""
        for one in entries:
            name = "casework.duties_own" if one.source == "casework" else "casework.duties"
            async with self.world.engine.begin() as conn:
                await self.world.subscription(name).apply(conn, [one])

    async def tell(self, name: str, target: tuple[str, str], changes: dict[str, Any]) -> None:
        service = name.partition(".")[0]
        who, path = target
        async with self.world.engine.connect() as conn:
            now = await clock.now(conn)
        subject = UUID(who) if path == PATH and who != str(KLASS) else None
        event = event_of(name, who, dict(changes))
        stream = f"child-{who}" if subject else "x-1"
        await self.hear([self.stories[service].tell(event, path, subject, now, stream)])

    async def begin(self, day: date) -> None:
        """The periods of one day alone; those between are not lived."""
        await self.world.move_to(max(at(day, 0, 0), at(MONDAY)))
        async with self.world.engine.begin() as conn:
            await ensure_plans(conn, await clock.now(conn))
        while await self.world.tick():
            pass
        async with self.world.engine.begin() as conn:
            await conn.execute(text("delete from timer where kind = 'duty.plan'"))

    async def rows(self, kind: str, target: str) -> list[Row]:
        query = text("select * from duty where kind = :kind and target = :target order by due_at")
        async with self.world.engine.connect() as conn:
            found = await conn.execute(query, {"kind": kind, "target": target})
            return [dict(row._mapping) for row in found]

    async def row(self, kind: str, line: Line, target: str) -> Row:
        found = [one for one in await self.rows(kind, target) if one["due_at"] == line.due]
        due = [one["due_at"].isoformat() for one in await self.rows(kind, target)]
        assert len(found) == 1, f"{kind} of {target}: due {due}, not once {line.due.isoformat()}"
        return found[0]

    async def arm(self, kind: str, line: Line) -> None:
        for target, well in zip(targets(kind), (True, False), strict=True):
            if line.cause is not None:
                await self.tell(line.cause[0], target, dict(line.cause[1]))
            self.lived.armed[kind, well] = await self.row(kind, line, target[0])

    async def fulfil(self, kind: str, line: Line) -> None:
        """What the good ones do; a county has done it by now, too late."""
        target, path = targets(kind)[0]
        for _ in range(line.needed):
            if isinstance(line.evidence, tuple):
                await self.tell(line.evidence[0], (target, path), dict(line.evidence[1]))
            else:
                await self.by_hand(kind, line)
        self.lived.ended[kind] = await self.row(kind, line, target)

    async def by_hand(self, kind: str, line: Line) -> None:
        duty = self.lived.armed[kind, True]["duty"]
        today = (await self.world.edge.moment()).today.isoformat()
        if line.evidence == "visit":
            now = (await self.world.edge.moment()).now
            values: dict[str, Any] = {"child": targets(kind)[0][0], "visited_at": now.isoformat()}
            await self.send("visit_child", TEACHER_VIEW, outcome="undecided", **values)
        elif line.evidence == "review":
            await self.send(
                "review_support",
                LEADER_VIEW,
                unit=SCHOOL,
                sample=[str(CHILDREN["weekly_visit"][0])],
            )
        else:
            viewer = COUNTY_VIEW if line.target in {"township", "county"} else PRINCIPAL_VIEW
            note = {"note": "办完了", "done_on": today}
            await self.send("file_evidence", viewer, duty=str(duty), **note)

    async def send(self, command: str, viewer: Viewer, **values: Any) -> None:
        await give(self.world, command, viewer, **values)

    async def fall_due(self, due: datetime) -> None:
        """One second before, and at the time itself."""
        kinds = {kind: line for kind, line in TABLE.items() if line.due == due}
        for when, seen in ((due - A_SECOND, self.lived.before), (due, self.lived.at_due)):
            await self.world.move_to(when)
            while await self.world.tick():
                pass
            for kind, line in kinds.items():
                seen[kind] = (await self.row(kind, line, targets(kind)[1][0]))["state"]


async def live(year: Year) -> Lived:
    """Through the year, from one day on which something begins or falls due to the next."""
    steps = sorted(
        {(at(line.begins, 0, 0), "2 begins") for line in TABLE.values()}
        | {(line.due, "1 falls due") for line in TABLE.values()}
    )
    for when, what in steps:
        if what == "1 falls due":
            await year.fall_due(when)
            for kind, line in TABLE.items():
                if line.target == "county" and line.due == when:
                    await year.fulfil(kind, line)
            continue
        day = when.date()
        await year.begin(day)
        beginning = {kind: line for kind, line in TABLE.items() if line.begins == day}
        for kind, line in beginning.items():
            await year.arm(kind, line)
        for kind, line in beginning.items():
            if line.target != "county":
                await year.fulfil(kind, line)
    year.lived.breaches = [data_of(one) for one in await year.world.events("DutyBreached")]
    return year.lived


@pytest.fixture(scope="module")
async def lived(
    casework_template: Template, secrets: Secrets, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Lived]:
    async with cloned(casework_template, at(MONDAY)) as store:
        home = tmp_path_factory.mktemp("year")
        edge = make_edge(settings_of("casework", store, secrets, home))
        async with running(edge, app_of(edge), secrets) as world:
            stories = {name: Told(service=name) for name in ("enrollment", "casework", "notify")}
            await found_county(stories["enrollment"], edge.keyring)
            await world.hear("enrollment", _more(stories["enrollment"]))
            await _answer_for(world)
            yield await live(Year(world, stories))


def _more(told: Told) -> list[Entry]:
    """A spring term, a leader of the first school's grades, who is lagging or a key pupil."""
    when = at(date(2026, 9, 1))
    spring = msgspec.structs.replace(
        TERM, term="2027-1", name="春季", opens_on=OPENING, ends_on=date(2027, 7, 9)
    )
    told.tell(spring, COUNTY_PATH, None, when)
    registered = e.StaffRegistered(staff=LEADER, unit=SCHOOL, staff_number=None, fields={})
    told.tell(registered, SCHOOL_PATH, LEADER, when)
    granted = e.RoleGranted(
        staff=LEADER, role="grade_leader", unit=SCHOOL, path=SCHOOL_PATH, valid_from=when.date()
    )
    told.tell(granted, SCHOOL_PATH, LEADER, when)
    for child in (one for pair in CHILDREN.values() for one in pair):
        told.tell(e.ChildRegistered(child=child, fields={}), PATH, child, when)
        enrolled = e.StudentEnrolled(
            child=child, klass=KLASS, school=SCHOOL, grade=8, seat=None, on=when.date()
        )
        told.tell(enrolled, PATH, child, when)
    for group, kind in (("lagging", "leave_call"), ("key_pupil", "weekly_visit")):
        for child in CHILDREN[kind]:
            told.tagged(group, child)
    return told.entries


async def _answer_for(world: World) -> None:
    """The teacher who answers for key pupils (全员)."""
    for child in CHILDREN["weekly_visit"]:
        await give(
            world,
            "assign_responsibility",
            COUNTY_VIEW,
            scheme="quanyuan",
            tier="staff_child",
            target=str(child),
            holder=str(TEACHER),
            since=date(2026, 9, 1).isoformat(),
        )


def test_the_table_is_whole_and_says_what_the_rules_say() -> None:
    """35 timers; every kind of the shipped rules stands in it, with its row and its breach."""
    kinds = seed_pack().file.duties
    assert kinds.keys() == TABLE.keys()
    assert len(ROWS) == 35
    for code, line in TABLE.items():
        kind = kinds[code]
        assert line.row in kind.rows, code
        assert (kind.target, kind.breach, kind.needed) == (line.target, line.breach, line.needed)
        assert (kind.arm.every is None) == (line.cause is not None), code


@pytest.mark.parametrize("kind", TABLE)
def test_it_is_armed_by_its_cause_ends_by_its_evidence_and_is_breached_in_time(
    lived: Lived, kind: str
) -> None:
    line, mine = TABLE[kind], lived.armed[kind, True]
    for well in (True, False):
        armed = lived.armed[kind, well]
        assert armed["state"] == "armed" and armed["due_at"] == line.due
        assert armed["policy"] == seed_pack().version and len(armed["calendar"]) == 16
        assert (armed["cause"] is not None) == (line.cause is not None)
    ended = lived.ended[kind]
    assert ended["duty"] == mine["duty"]
    assert (ended["got"], len(ended["evidence"])) == (line.needed, line.needed)
    assert ended["state"] == ("late" if line.target == "county" else "satisfied")
    assert (lived.before[kind], lived.at_due[kind]) == ("armed", "breached")
    breached = [
        one for one in lived.breaches if one["duty"] == str(lived.armed[kind, False]["duty"])
    ]
    assert len(breached) == 1
