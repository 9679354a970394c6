"""A small fictitious county as enrollment tells it, for tests of the services that follow it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from shared.contracts import enrollment as e
from shared.event import SYSTEM, Circumstances, Envelope, Placed, draft, utc_text
from shared.keyring import Keyring
from shared.policy.day import SHANGHAI
from shared.sealed import Sealed, seal
from shared.subscription import Entry

LEDGER, TOWNSHIP, SCHOOL = "990101", "990101001", "2199010001"
OTHER_TOWNSHIP, OTHER_SCHOOL = "990101002", "2199010002"
COUNTY_PATH = f"990000/990100/{LEDGER}"
TOWNSHIP_PATH = f"{COUNTY_PATH}/{TOWNSHIP}"
SCHOOL_PATH = f"{TOWNSHIP_PATH}/{SCHOOL}"
OTHER_PATH = f"{COUNTY_PATH}/{OTHER_TOWNSHIP}/{OTHER_SCHOOL}"
NAMES = UUID("5f0e8f54-0f7c-4c1b-9f38-0c2f4f1f3a10")


def uid(name: str) -> UUID:
    return uuid5(NAMES, name)


KLASS, OTHER_KLASS = uid("klass"), uid("other klass")
PATH, OTHER_CLASS_PATH = f"{SCHOOL_PATH}/{KLASS}", f"{OTHER_PATH}/{OTHER_KLASS}"
CHILD, SECOND, ELSEWHERE = uid("child"), uid("second"), uid("elsewhere")
TEACHER, PRINCIPAL, TOWN, COUNTY, INSPECTOR = (
    uid(name) for name in ("teacher", "principal", "town", "county", "inspector")
)
STRANGER = uid("stranger")
# 2026-11-16 is a Monday; the term has no holiday around it.
MONDAY = date(2026, 11, 16)
TERM = e.TermOpened(
    unit=LEDGER, term="2026-1", name="秋季", opens_on=date(2026, 9, 1), ends_on=date(2027, 1, 20)
)


def at(day: date, hour: int = 8, minute: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


@dataclass(slots=True)
class Told:
    """A service's ledger of the county, written by the test: `entries` in order."""

    ledger: str = LEDGER
    service: str = "enrollment"
    entries: list[Entry] = field(default_factory=list)

    def tell(
        self, event: Any, path: str, subject: UUID | None, happened: datetime, stream: str = "x-1"
    ) -> Entry:
        """Record one event at `happened`."""
        seq = len(self.entries) + 1
        placed = Placed(
            service=self.service,
            stream=stream,
            version=seq,
            ordinal=0,
            type=f"{self.service}.{type(event).__name__}",
            unitpath=path,
            subject=str(subject) if subject else None,
            happened=happened,
        )
        made = draft(
            event,
            placed,
            Circumstances(
                ledger=self.ledger,
                actor=SYSTEM,
                via="system",
                policy_version="",
                command_id=uid(f"command {self.service} {self.ledger} {seq}"),
                now=happened,
            ),
        )
        recorded = utc_text(happened + timedelta(microseconds=seq))
        place = f'{seq},"time":"{recorded}","streamversion":{seq}'
        body = f"{made.head}{place}{made.tail}".encode()
        entry = Entry(self.service, self.ledger, seq, body)
        self.entries.append(entry)
        return entry

    def tagged(
        self, group: str, child: UUID = CHILD, since: date = date(2026, 9, 1), path: str = PATH
    ) -> Entry:
        """The child is one of a group from `since` on."""
        event = e.StudentGroupTagged(
            child=child, group=group, since=since, until=None, source="school"
        )
        return self.tell(event, path, child, at(since), f"child-{child}")

    def absent(self, on: date, child: UUID = CHILD, mark: Any = "unexcused") -> Entry:
        event = e.StudentAbsent(
            child=child, klass=KLASS, on=on, mark=mark, reason=None, roll=f"roll-{on}"
        )
        return self.tell(event, PATH, child, at(on), f"attendance-{child}")

    def present(self, on: date, child: UUID = CHILD) -> Entry:
        event = e.AbsenceEnded(child=child, klass=KLASS, on=on, roll=f"roll-{on}")
        return self.tell(event, PATH, child, at(on), f"attendance-{child}")

    def exceeded(
        self, first: date, last: date, days: int, *, child: UUID = CHILD, ended: bool = False
    ) -> Entry:
        event = e.AbsenceStreakExceeded(
            child=child,
            klass=KLASS,
            first_on=first,
            last_on=last,
            days=days,
            ended=ended,
            rule="0123456789abcdef",
            calendar="fedcba9876543210",
        )
        return self.tell(event, PATH, child, at(last), f"attendance-{child}")

    def corrected(self, on: date, told: date, child: UUID = CHILD) -> Entry:
        event = e.AttendanceCorrected(
            child=child,
            klass=KLASS,
            on=on,
            was="unexcused",
            now="sick",
            reason=None,
            basis="leave",
        )
        return self.tell(event, PATH, child, at(told), f"attendance-{child}")

    def streak(self, monday: date = MONDAY, child: UUID = CHILD) -> None:
        """Monday to Thursday unexcused: the fourth day crosses the line."""
        days = [monday + timedelta(days=n) for n in range(4)]
        for day in days:
            self.absent(day, child)
        self.exceeded(days[0], days[-1], 4, child=child)


async def sealed_name(keyring: Keyring, subject: UUID, name: str) -> Sealed:
    who = str(subject)
    keys = await keyring.keys_for([who], "test", ["identity"], create=True, ledger=LEDGER)
    return seal(name, who, "identity", "name", keys.of(who, "identity"))


async def found_county(told: Told, keyring: Keyring) -> None:
    """Units, a term, two classes, staff with accounts and roles, three children."""
    when = at(date(2026, 9, 1))
    founded = e.CountyFounded(code=LEDGER, name="青禾县", origin="test/990101/enrollment")
    told.tell(founded, COUNTY_PATH, None, when)
    for code, name, kind, parent, path in (
        (LEDGER, "青禾县", "division", "990100", COUNTY_PATH),
        (TOWNSHIP, "石桥镇", "division", LEDGER, TOWNSHIP_PATH),
        (OTHER_TOWNSHIP, "柳河乡", "division", LEDGER, f"{COUNTY_PATH}/{OTHER_TOWNSHIP}"),
        (SCHOOL, "石桥镇初级中学", "school", TOWNSHIP, SCHOOL_PATH),
        (OTHER_SCHOOL, "柳河乡中心小学", "school", OTHER_TOWNSHIP, OTHER_PATH),
    ):
        unit: Any = {"unit": code, "kind": kind, "name": name, "parent": parent, "path": path}
        event = e.UnitRegistered(**unit, valid_from=when.date())
        told.tell(event, path, None, when)
    told.tell(TERM, COUNTY_PATH, None, when)
    for klass, school, grade, path in (
        (KLASS, SCHOOL, 8, PATH),
        (OTHER_KLASS, OTHER_SCHOOL, 3, OTHER_CLASS_PATH),
    ):
        opened = e.ClassOpened(
            klass=klass,
            school=school,
            grade=grade,
            name=f"{grade}年级1班",
            path=path,
            valid_from=when.date(),
        )
        told.tell(opened, path, klass, when)
    await _staff(told, keyring, when)
    await _children(told, keyring, when)


async def _staff(told: Told, keyring: Keyring, when: datetime) -> None:
    since = when.date()
    for staff, name, role, unit, path in (
        (TEACHER, "沈秀兰", "homeroom_teacher", str(KLASS), PATH),
        (PRINCIPAL, "何立新", "principal", SCHOOL, SCHOOL_PATH),
        (TOWN, "罗正华", "township_officer", TOWNSHIP, TOWNSHIP_PATH),
        (COUNTY, "安文秀", "county_officer", LEDGER, COUNTY_PATH),
        (INSPECTOR, "齐敬之", "inspector", LEDGER, COUNTY_PATH),
        (STRANGER, "马小川", "principal", OTHER_SCHOOL, OTHER_PATH),
    ):
        fields = {"name": await sealed_name(keyring, staff, name)}
        told.tell(
            e.StaffRegistered(staff=staff, unit=unit, staff_number=None, fields=fields),
            path,
            staff,
            when,
        )
        told.tell(e.AccountOpened(staff=staff, account=account(staff)), path, staff, when)
        granted = e.RoleGranted(staff=staff, role=role, unit=unit, path=path, valid_from=since)
        told.tell(granted, path, staff, when)
    assigned = e.HomeroomTeacherAssigned(klass=KLASS, staff=TEACHER, valid_from=since)
    told.tell(assigned, PATH, KLASS, when)


async def _children(told: Told, keyring: Keyring, when: datetime) -> None:
    for child, name, klass, school, path in (
        (CHILD, "沙马木呷", KLASS, SCHOOL, PATH),
        (SECOND, "吉克阿依", KLASS, SCHOOL, PATH),
        (ELSEWHERE, "田小禾", OTHER_KLASS, OTHER_SCHOOL, OTHER_CLASS_PATH),
    ):
        fields = {"name": await sealed_name(keyring, child, name)}
        told.tell(e.ChildRegistered(child=child, fields=fields), path, child, when)
        enrolled = e.StudentEnrolled(
            child=child,
            klass=klass,
            school=school,
            grade=8,
            seat=None,
            on=when.date(),
        )
        told.tell(enrolled, path, child, when)


def account(staff: UUID) -> str:
    return f"a{str(staff)[:8]}"


def data_of(envelope: Envelope) -> dict[str, Any]:
    return msgspec.json.decode(envelope.data)
