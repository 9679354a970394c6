"""Enrollment with a small county in its own store, decided by its own deciders."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.enrollment import aggregates as a
from services.enrollment.bulk.sealing import CHILDREN, STAFF, seal_people
from services.enrollment.domain import attendance, child, klass, roll, staff, unit
from shared.contracts.casework import PolicyVersionActivated
from shared.event import SYSTEM, Actor, Circumstances
from shared.event_store import Batch
from shared.founding import found_ledgers
from shared.policy.pack import seed_pack
from tests import county as c
from tests.followed import World, viewer_of

FAR, FAR_COUNTY = c.uid("far"), "990102"
FAR_PATH = f"990000/990100/{FAR_COUNTY}"
TERM_OPENS = date(2026, 9, 1)
NAMES = {
    c.CHILD: "沙马木呷",
    c.SECOND: "吉克阿依",
    c.uid("third"): "田家乐",
    c.ELSEWHERE: "田小禾",
}
THIRD = c.uid("third")
PHONE, NUMBER = "13800006027", "990101201209030013"
PEOPLE = (
    (c.TEACHER, "沈秀兰", "homeroom_teacher", str(c.KLASS), c.PATH, c.SCHOOL),
    (c.PRINCIPAL, "何立新", "principal", c.SCHOOL, c.SCHOOL_PATH, c.SCHOOL),
    (c.TOWN, "罗正华", "township_officer", c.TOWNSHIP, c.TOWNSHIP_PATH, c.TOWNSHIP),
    (c.COUNTY, "安文秀", "county_officer", c.LEDGER, c.COUNTY_PATH, c.LEDGER),
    (c.INSPECTOR, "齐敬之", "inspector", c.LEDGER, c.COUNTY_PATH, c.LEDGER),
    (c.STRANGER, "马小川", "principal", c.OTHER_SCHOOL, c.OTHER_PATH, c.OTHER_SCHOOL),
)
TEACHER = viewer_of(c.TEACHER, "homeroom_teacher", c.PATH)
PRINCIPAL = viewer_of(c.PRINCIPAL, "principal", c.SCHOOL_PATH)
TOWN = viewer_of(c.TOWN, "township_officer", c.TOWNSHIP_PATH)
COUNTY = viewer_of(c.COUNTY, "county_officer", c.COUNTY_PATH)
INSPECTOR = viewer_of(c.INSPECTOR, "inspector", c.COUNTY_PATH)
STRANGER = viewer_of(c.STRANGER, "principal", c.OTHER_PATH)
FOREIGNER = viewer_of(FAR, "county_officer", FAR_PATH)

# (aggregate, stream, command, path, subject)
Step = tuple[Any, str, object, str, str | None]


async def write(
    world: World,
    now: datetime,
    steps: Sequence[Step],
    *,
    actor: Actor = SYSTEM,
    ledger: str = c.LEDGER,
) -> None:
    """Let each step decide, in one append."""
    told = Circumstances(
        ledger=ledger,
        actor=actor,
        via="web",
        policy_version=seed_pack().version,
        command_id=uuid7(),
        now=now,
    )
    batch = Batch(told)
    async with world.engine.begin() as conn:
        for aggregate, stream, *_ in steps:
            await batch.load(conn, aggregate, [stream])
        for _, stream, command, path, subject in steps:
            batch.decide(stream, command, unitpath=path, subject=subject)
        await batch.append(conn)
    await world.settled()


async def found_county(world: World) -> None:
    """Two counties; in the first two schools, two classes, six people, four children."""
    when = c.at(TERM_OPENS)
    async with world.engine.begin() as conn:
        for code in (c.LEDGER, FAR_COUNTY):
            await found_ledgers(conn, "test", code, "enrollment")
    await write(world, when, [*_units(when), *_classes(when)])
    await write(world, when, [*(await _people(world, when)), *(await _children(world, when))])
    far = unit.FoundCounty(code=FAR_COUNTY, name="云溪县", origin="test", now=when)
    await write(
        world, when, [(a.UNIT, f"unit-{FAR_COUNTY}", far, FAR_PATH, None)], ledger=FAR_COUNTY
    )
    rules = c.Told(service="casework")
    for code, path in ((c.LEDGER, c.COUNTY_PATH), (FAR_COUNTY, FAR_PATH)):
        event = PolicyVersionActivated(
            unit=code, pack=seed_pack().sha256, valid_from=TERM_OPENS, basis="种子规则"
        )
        rules.tell(event, path, None, when)
    await world.hear("casework", rules.entries)


def _units(when: datetime) -> list[Step]:
    def place(code: str, kind: Any, name: str, parent: str) -> Step:
        command = unit.RegisterUnit(
            unit=code, kind=kind, name=name, parent_path=parent, valid_from=TERM_OPENS, now=when
        )
        return a.UNIT, f"unit-{code}", command, f"{parent}/{code}", None

    founding = unit.FoundCounty(code=c.LEDGER, name="青禾县", origin="test", now=when)
    term = unit.OpenTerm(
        unit=c.LEDGER,
        term="2026-1",
        name="秋季",
        opens_on=TERM_OPENS,
        ends_on=date(2027, 1, 20),
        now=when,
    )
    county: Step = (a.UNIT, f"unit-{c.LEDGER}", founding, c.COUNTY_PATH, None)
    return [
        county,
        place(c.LEDGER, "division", "青禾县", c.COUNTY_PATH.rpartition("/")[0]),
        place(c.TOWNSHIP, "division", "石桥镇", c.COUNTY_PATH),
        place(c.OTHER_TOWNSHIP, "division", "柳河乡", c.COUNTY_PATH),
        place(c.SCHOOL, "school", "石桥镇初级中学", c.TOWNSHIP_PATH),
        place(c.OTHER_SCHOOL, "school", "柳河乡中心小学", f"{c.COUNTY_PATH}/{c.OTHER_TOWNSHIP}"),
        (a.UNIT, f"unit-{c.LEDGER}", term, c.COUNTY_PATH, None),
    ]


def _classes(when: datetime) -> list[Step]:
    steps: list[Step] = []
    for one, school, path, grade, name in (
        (c.KLASS, c.SCHOOL, c.SCHOOL_PATH, 8, "八年级（1）班"),
        (c.OTHER_KLASS, c.OTHER_SCHOOL, c.OTHER_PATH, 3, "三年级（1）班"),
    ):
        command = klass.OpenClass(
            klass=one,
            school=school,
            school_path=path,
            grade=grade,
            name=name,
            valid_from=TERM_OPENS,
            now=when,
        )
        steps.append((a.CLASS, f"class-{one}", command, f"{path}/{one}", str(one)))
    assign = klass.AssignHomeroomTeacher(
        klass=c.KLASS, staff=c.TEACHER, valid_from=TERM_OPENS, now=when
    )
    return [*steps, (a.CLASS, f"class-{c.KLASS}", assign, c.PATH, str(c.KLASS))]


async def _people(world: World, when: datetime) -> list[Step]:
    named = [(str(who), {"name": name}) for who, name, *_ in PEOPLE]
    sealed = await seal_people(world.edge, c.LEDGER, named, STAFF)
    steps: list[Step] = []
    for (who, _, role, code, path, employer), fields in zip(PEOPLE, sealed, strict=True):
        register = staff.RegisterStaff(
            staff=who, unit=employer, staff_number=None, fields=fields, now=when
        )
        grant = staff.GrantRole(
            staff=who,
            role=role,
            unit=code,
            path=path,
            valid_from=TERM_OPENS,
            valid_to=None,
            now=when,
        )
        account = staff.OpenAccount(staff=who, account=c.account(who), now=when)
        steps += [
            (a.STAFF, f"staff-{who}", command, path, str(who))
            for command in (register, grant, account)
        ]
    return steps


async def _children(world: World, when: datetime) -> list[Step]:
    more = {"sex": "2", "ethnic": "07", "boarding": "1", "born": "2012-09-03", "idnumber": NUMBER}
    more |= {"guardian": "阿牛莫", "guardianrelation": "祖母", "phone": PHONE, "leftbehind": "2"}
    told = [
        (str(one), {"name": name} | (more if one == c.CHILD else {})) for one, name in NAMES.items()
    ]
    sealed = await seal_people(world.edge, c.LEDGER, told, CHILDREN)
    steps: list[Step] = []
    for seat, (one, fields) in enumerate(zip(NAMES, sealed, strict=True), 1):
        far = one == c.ELSEWHERE
        where = (c.OTHER_KLASS, c.OTHER_SCHOOL, 3, c.OTHER_CLASS_PATH)
        home, school, grade, path = where if far else (c.KLASS, c.SCHOOL, 8, c.PATH)
        register = child.RegisterChild(child=one, fields=fields, now=when)
        enroll = child.EnrollStudent(
            child=one, klass=home, school=school, grade=grade, seat=seat, on=TERM_OPENS, now=when
        )
        steps += [
            (a.CHILD, f"child-{one}", command, path, str(one)) for command in (register, enroll)
        ]
    return steps


async def called(
    world: World, on: date, absent: dict[UUID, tuple[Any, str | None]] | None = None
) -> None:
    """The teacher's roll of a day: who is not in `absent` is there."""
    now, away = c.at(on), absent or {}
    sheet = tuple(one for one in NAMES if one != c.ELSEWHERE)
    command = roll.SubmitDailyRoll(
        klass=c.KLASS,
        on=on,
        sheet=sheet,
        present=tuple(x for x in sheet if x not in away),
        absent=tuple(
            roll.Absent(child=one, mark=mark, reason=why) for one, (mark, why) in away.items()
        ),
        author=str(c.TEACHER),
        via="web",
        school_day=True,
        recall_minutes=10,
        now=now,
    )
    teacher = Actor(id=str(c.TEACHER), role="homeroom_teacher", unit=str(c.KLASS))
    step: Step = (a.ROLL, a.roll_stream(c.KLASS, on), command, c.PATH, str(c.KLASS))
    await write(world, now, [step], actor=teacher)


async def not_called(world: World, on: date) -> None:
    command = roll.MarkRollMissing(
        klass=c.KLASS, on=on, cut_off_at=c.at(on, 9, 0), school_day=True, now=c.at(on, 9, 0)
    )
    step: Step = (a.ROLL, a.roll_stream(c.KLASS, on), command, c.PATH, str(c.KLASS))
    await write(world, c.at(on, 9, 0), [step])


async def excused(world: World, one: UUID, first: date, last: date) -> None:
    command = attendance.GrantLeave(
        child=one, kind="sick", first_on=first, last_on=last, note=None, now=c.at(first, 7, 0)
    )
    step: Step = (a.ATTENDANCE, a.attendance_stream(one), command, c.PATH, str(one))
    await write(world, c.at(first, 7, 0), [step])
