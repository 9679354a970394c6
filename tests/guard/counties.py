"""Two small counties told by hand: staff of every role, children with every value, open records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.enrollment.bulk.people import open_classes, register_children, register_staff
from services.enrollment.bulk.rows import ChildRow, ClassRow, RoleRow, StaffRow
from services.enrollment.bulk.writing import circumstances
from services.enrollment.sessions.grants import operator
from shared.event import SHANGHAI, Circumstances
from shared.rights import Grant, Viewer
from shared.roles import ROLES
from shared.sealed import SensitivityClass
from tests.guard.stage import Stage

NAMES = UUID("2b1e1f0e-5d2b-4c44-9d52-0a9f1c6c3f51")
OPENS, ENDS = date(2026, 9, 1), date(2027, 1, 20)
# 2026-11-16 is a Monday without a holiday around it.
MONDAY = date(2026, 11, 16)
THURSDAY = MONDAY + timedelta(days=3)
OPERATOR = operator("test")
HERE, THERE = "990101", "990102"
UNIT_NAMES = {
    HERE: ("青禾县", "石桥镇", "柳河乡", "石桥初级中学", "柳河中心小学"),
    THERE: ("云溪县", "松坪镇", "竹园乡", "松坪初级中学", "竹园中心小学"),
}


def uid(*parts: object) -> UUID:
    return uuid5(NAMES, " ".join(map(str, parts)))


def at(day: date, clock: str = "08:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI)


@dataclass(slots=True)
class County:
    """`classes`: two in the first school, one in the second; `staff` by `role unit`."""

    code: str
    townships: tuple[str, str] = ("", "")
    schools: tuple[str, str] = ("", "")
    classes: list[UUID] = field(init=False)
    children: dict[UUID, list[UUID]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.classes = [uid(self.code, "class", n) for n in range(3)]

    @property
    def path(self) -> str:
        return f"990000/990100/{self.code}"

    def township_path(self, n: int) -> str:
        return f"{self.path}/{self.townships[n]}"

    def school_path(self, n: int) -> str:
        return f"{self.township_path(n)}/{self.schools[n]}"

    def class_path(self, n: int) -> str:
        return f"{self.school_path(0 if n < 2 else 1)}/{self.classes[n]}"

    def units(self, scope: str) -> list[tuple[str, str]]:
        """(label, path) of the units that a role of this scope can be held on."""
        match scope:
            case "class":
                return [(f"class{n}", self.class_path(n)) for n in range(len(self.classes))]
            case "school":
                return [(f"school{n}", self.school_path(n)) for n in range(2)]
            case _:
                return [("county", self.path)]


async def found(stage: Stage, code: str) -> County:
    """Units, classes, staff with accounts, children; the rules have arrived before all that."""
    made = County(code)
    await stage.give("enrollment", "found_county", OPERATOR, code=code, name=UNIT_NAMES[code][0])
    await stage.spread()
    stage.canaries.plant(UNIT_NAMES[code][0], "unit", made.path)
    term = {"unit": code, "term": "2026-1", "name": "秋季学期"}
    await stage.give("enrollment", "open_term", OPERATOR, **term, opens_on=OPENS, ends_on=ENDS)
    await _units(stage, made)
    told = await _told(stage, made)
    await _staff(stage, made, told)
    await _classes(stage, made, told)
    await _children(stage, made, told)
    await stage.spread()
    return made


async def _told(stage: Stage, county: County) -> Circumstances:
    moment = await stage.worlds["enrollment"].edge.moment()
    who = (OPERATOR, "import.run", county.code, county.path)
    return circumstances(moment, *who, command_id=uid(county.code), via="import")


async def _units(stage: Stage, county: County) -> None:
    county.townships = (f"{county.code}001", f"{county.code}002")
    county.schools = (f"21{county.code}01", f"21{county.code}02")
    _, *names = UNIT_NAMES[county.code]
    told = zip(
        (*county.townships, *county.schools),
        names,
        ("division", "division", "school", "school"),
        (county.code, county.code, *county.townships),
        strict=True,
    )
    for unit, name, kind, parent in told:
        values = {"unit": unit, "name": name, "kind": kind, "parent": parent}
        await stage.give("enrollment", "register_unit", OPERATOR, **values, valid_from=OPENS)
        stage.canaries.plant(name, "unit", county.path)


async def _staff(stage: Stage, county: County, told: Circumstances) -> None:
    """One person for each role on each unit that it can be held on."""
    rows: list[StaffRow] = []
    for role, known in ROLES.items():
        if known.scope in ("deployment", "child"):
            continue
        units = county.units(known.scope)
        if role == "township_officer":
            units = [(f"township{n}", county.township_path(n)) for n in range(2)]
        rows += [_person(stage, county, role, label, path) for label, path in units]
    answers = await register_staff(stage.worlds["enrollment"].edge, told, county.code, rows)
    assert not [one.refused for one in answers if one.refused]


def _person(stage: Stage, county: County, role: str, label: str, path: str) -> StaffRow:
    key, unit = f"{role} {label}", path.rpartition("/")[2]
    staff, name, tell = uid(county.code, key), stage.canaries.name(), stage.canaries
    account = f"{role}.{county.code}.{label}".replace("_", ".")
    tell.plant(name, "staff", path, staff)
    tell.plant(account, "account", path, staff)
    county.accounts[key], county.people[key] = account, staff
    teaches = role == "homeroom_teacher"
    granted = RoleRow(role=role, unit=unit, path=path, valid_from=OPENS)
    employer = path.rpartition("/")[0] if "-" in unit else path
    return StaffRow(
        staff=staff,
        unit=employer.rpartition("/")[2],
        path=employer,
        fields={"name": name, "phone": tell.phone()},
        staff_number=None,
        roles=() if teaches else (granted,),
        account=account,
    )


async def _classes(stage: Stage, county: County, told: Circumstances) -> None:
    rows = [
        ClassRow(
            klass=klass,
            school=county.school_path(n // 2).rpartition("/")[2],
            school_path=county.school_path(n // 2),
            grade=8 if n < 2 else 3,
            name=f"{n + 1}班",
            valid_from=OPENS,
            homeroom=county.people[f"homeroom_teacher class{n}"],
        )
        for n, klass in enumerate(county.classes)
    ]
    answers = await open_classes(stage.worlds["enrollment"].edge, told, county.code, rows)
    assert not [one.refused for one in answers if one.refused]
    for n, klass in enumerate(county.classes):
        stage.canaries.plant(str(klass), "id", county.class_path(n))


async def _children(stage: Stage, county: County, told: Circumstances) -> None:
    rows: list[ChildRow] = []
    for n, klass in enumerate(county.classes):
        county.children[klass] = [uid(county.code, n, "child", k) for k in range((3, 1, 2)[n])]
        for seat, child in enumerate(county.children[klass], 1):
            rows.append(_child(stage, county, n, child, seat))
    answers = await register_children(stage.worlds["enrollment"].edge, told, county.code, rows)
    assert not [one.refused for one in answers if one.refused]


def _child(stage: Stage, county: County, n: int, child: UUID, seat: int) -> ChildRow:
    tell, path = stage.canaries, county.class_path(n)
    told: dict[str, tuple[SensitivityClass, str]] = {
        "name": ("identity", tell.name()),
        "idnumber": ("identity", tell.number()),
        "studentnumber": ("identity", "G" + tell.number()),
        "address": ("contact", f"{tell.name()}路{tell.count}号"),
        "guardian": ("contact", tell.name()),
        "phone": ("contact", tell.phone()),
        "disability": ("health", f"{tell.name()}障"),
    }
    for cls, text in told.values():
        tell.plant(text, "child", path, child, cls)
    tell.plant(str(child), "id", path)
    values = {field: text for field, (_, text) in told.items()}
    values |= {"sex": "女", "born": "2012-09-03", "guardianrelation": "母亲", "leftbehind": "是"}
    klass = county.classes[n]
    return ChildRow(child=child, fields=values, path=path, klass=klass, seat=seat, on=OPENS)


async def school_days(stage: Stage, *counties: County) -> None:
    """Monday to Thursday: the first child of the first class is away without leave, the class of
    the second school calls nobody; then an alert is verified and a visit logged.
    """
    for number in range(4):
        day = MONDAY + timedelta(days=number)
        await stage.to(at(day))
        for county in counties:
            for klass in county.classes[:2]:
                away = county.children[klass][:1] if klass == county.classes[0] else []
                await _call(stage, county, klass, day, away)
    await stage.to(at(THURSDAY, "10:30"))
    for county in counties:
        await _work(stage, county)
    await stage.spread()


async def _call(stage: Stage, county: County, klass: UUID, day: date, away: Sequence[UUID]) -> None:
    absent = [{"child": str(child), "mark": "unexcused"} for child in away]
    by = await viewer(stage, county, f"homeroom_teacher class{county.classes.index(klass)}")
    values: Mapping[str, Any] = {"klass": klass, "on": day, "absent": absent}
    await stage.give("enrollment", "submit_roll", by, **values)


async def viewer(stage: Stage, county: County, key: str) -> Viewer:
    return await stage.viewer(county.accounts[key], THURSDAY)


async def _work(stage: Stage, county: County) -> None:
    tell, path = stage.canaries, county.class_path(0)
    first, second, third = county.children[county.classes[0]]
    teacher = await viewer(stage, county, "homeroom_teacher class0")
    (flagged,) = [
        one
        for one in await stage.worlds["casework"].events("RiskFlagged", ledger=county.code)
        if one.subject == str(first)
    ]
    alert = flagged.stream.removeprefix("alert-")
    words = f"{tell.name()}说想去打工"
    verify = {"alert": alert, "reason": "visited", "note": words}
    done = await stage.give("casework", "verify_risk", teacher, **verify)
    case = done.next.rsplit("case-", 1)[1]
    visit = {"case": case, "visited_at": at(THURSDAY, "09:30"), "outcome": "undecided"}
    visit |= {"purpose": "first_visit", "met": ["grandparent"], "notes": f"{words}又回来"}
    await stage.give("casework", "log_home_visit", teacher, **visit)
    flag = {"child": second, "sign": "weary_of_school", "note": f"{tell.name()}不想上学"}
    raised = await stage.give("casework", "flag_risk", teacher, **flag)
    other = raised.outcome.envelopes[0].stream.removeprefix("alert-")
    leave = {"child": third, "kind": "sick", "first_on": THURSDAY, "last_on": THURSDAY}
    sick = f"{tell.name()}发烧"
    await stage.give("enrollment", "grant_leave", teacher, **leave, note=sick)
    tell.plant(words, "child", path, first, "narrative")
    tell.plant(flag["note"], "child", path, second, "narrative")
    tell.plant(sick, "child", path, third, "health")
    county.records |= {"alert": alert, "case": case, "open_alert": other}
    for one, child in zip(county.records.values(), (first, first, second), strict=True):
        tell.plant(one, "id", path, child)


def everybody(here: County, there: County) -> dict[str, str]:
    """Label → account: each role on each of its units here, and one of each role over there."""
    elsewhere = ("class1", "class2", "school1", "township1")
    return {
        f"{county.code} {key}": account
        for county in (here, there)
        for key, account in county.accounts.items()
        if county is here or not key.endswith(elsewhere)
    }


def by_hand(here: County) -> dict[str, Viewer | None]:
    """Callers that no file of staff brings forth: nobody, a leaver, two offices in one person."""

    def made(label: str, *grants: tuple[str, str, date | None]) -> Viewer:
        given = tuple(
            Grant(role=r, unit=p.rpartition("/")[2], path=p, valid_from=OPENS, valid_to=end)
            for r, p, end in grants
        )
        return Viewer(account=label, staff=None, grants=given)

    past, city = MONDAY - timedelta(days=7), "990000/990100"
    return {
        "no session": None,
        "operator": OPERATOR,
        "no grants": made("nobody"),
        "left": made("left", ("principal", here.school_path(0), past)),
        "inspector of the city": made("city", ("inspector", city, None)),
        "leader here, principal there": made(
            "both",
            ("grade_leader", here.school_path(0), None),
            ("principal", here.school_path(1), None),
        ),
        "teacher here, leader there": made(
            "taking",
            ("subject_teacher", here.class_path(0), None),
            ("grade_leader", here.school_path(1), None),
        ),
    }
