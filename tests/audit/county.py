"""A county whose events a test writes: sealed under a real keyring, in the bytes of a producer."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts import access, casework, enrollment, notify
from shared.event import Actor, Circumstances, Placed, draft, utc_text
from shared.kafka import digest
from shared.keyring import Keyring
from shared.policy.pack import seed_pack
from shared.sealed import CLASSES, Sealed, SensitivityClass, seal
from shared.subscription import Entry

COUNTY, OTHER = "990101", "990102"
FOUNDED = datetime(2026, 9, 1, 0, 0, tzinfo=UTC)
ONE = timedelta(microseconds=1)
MODULES = {"enrollment": enrollment, "casework": casework, "notify": notify}


def path_of(county: str) -> str:
    return f"{county[:2]}0000/{county[:4]}00/{county}"


@dataclass
class Books:
    """The ledgers of every service for some counties, written in order of time."""

    keyring: Keyring
    bodies: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    last: datetime = FOUNDED

    async def people(self, county: str, count: int) -> list[UUID]:
        """New people with keys of all classes."""
        made = [uuid7() for _ in range(count)]
        names = [str(one) for one in made]
        await self.keyring.keys_for(names, "test", CLASSES, create=True, ledger=county)
        return made

    async def sealed(
        self, who: UUID, cls: SensitivityClass, name: str, text: str, *, carry: bool = False
    ) -> Sealed:
        keys = await self.keyring.keys_for([str(who)], "test", [cls])
        return seal(text, str(who), cls, name, keys.of(str(who), cls), carry_subject=carry)

    def write(
        self,
        county: str,
        data: Any,
        *,
        stream: str,
        subject: UUID | str | None = None,
        path: str = "",
        happened: datetime | date | None = None,
        recorded: datetime | None = None,
        actor: Actor | None = None,
        service: str = "",
        via: Any = "web",
    ) -> Entry:
        """Append one event; recorded when it happened unless said otherwise."""
        reading = isinstance(data, access.Event)
        service = service or type(data).__module__.rpartition(".")[2]
        ledger = f"{county}-access" if reading else county
        happened = happened or recorded or self.last
        at = recorded or (happened if isinstance(happened, datetime) else self.last)
        self.last = at = max(at, self.last + ONE)
        key = (service if not reading else f"{service}.access", ledger)
        lines = self.bodies.setdefault(key, [])
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        placed = Placed(
            service=service,
            stream=stream,
            version=version,
            ordinal=0,
            type=f"{service}.{type(data).__name__}",
            unitpath=county if reading else path or path_of(county),
            subject=str(subject) if subject else None,
            happened=happened,
        )
        circumstances = Circumstances(
            ledger=ledger,
            actor=actor or Actor(id="system", role="system", unit=""),
            via=via,
            policy_version=seed_pack().version,
            command_id=uuid7(),
            now=at,
        )
        made = draft(data, placed, circumstances)
        place = f'{len(lines) + 1},"time":"{utc_text(at)}","streamversion":{version}'
        body = (made.head + place + made.tail).encode()
        entry = Entry(key[0], ledger, len(lines) + 1, body, digest(lines[-1])[:16] if lines else "")
        lines.append(body)
        return entry

    def entries(self, source: str, ledger: str) -> list[Entry]:
        lines = self.bodies.get((source, ledger), [])
        previous = ["", *(digest(line)[:16] for line in lines)]
        return [
            Entry(source, ledger, number, body, before)
            for number, (body, before) in enumerate(zip(lines, previous, strict=False), 1)
        ]


@dataclass
class County:
    """One founded county: a township, a school, a class, its rules, a county officer's account."""

    books: Books
    code: str
    school: str
    township: str
    klass: UUID
    teacher: UUID

    @property
    def path(self) -> str:
        return f"{path_of(self.code)}/{self.township}/{self.school}/{self.klass}"

    def by_teacher(self) -> Actor:
        return Actor(id=str(self.teacher), role="homeroom_teacher", unit=str(self.klass))

    async def child(self, name: str, number: str = "", student: str = "", **more: str) -> UUID:
        """A registered child of the class; other fields by name, `phone` under `contact`."""
        (child,) = await self.books.people(self.code, 1)
        texts = {"name": name, "idnumber": number, "studentnumber": student, **more}
        fields = {
            field_: await self.books.sealed(child, _class(field_), field_, text)
            for field_, text in texts.items()
            if text
        }
        place: dict[str, Any] = {"subject": child, "path": self.path, "actor": self.by_teacher()}
        self.books.write(
            self.code,
            enrollment.ChildRegistered(child=child, fields=fields),
            stream=f"child-{child}",
            **place,
        )
        enrolled = enrollment.StudentEnrolled(
            child=child,
            klass=self.klass,
            school=self.school,
            grade=8,
            seat=None,
            on=date(2026, 9, 1),
        )
        self.books.write(self.code, enrolled, stream=f"child-{child}", **place)
        return child

    async def visit(
        self,
        child: UUID,
        case: UUID,
        words: str,
        happened: datetime,
        recorded: datetime | None = None,
    ) -> Entry:
        notes = await self.books.sealed(child, "narrative", "notes", words)
        data = casework.HomeVisitLogged(
            case=case,
            visited_at=happened,
            purpose="first",
            met=["grandparent"],
            outcome="away",
            notes=notes,
        )
        return self.event(data, child, f"case-{case}", happened, recorded)

    def event(
        self,
        data: Any,
        child: UUID,
        stream: str,
        happened: datetime | date,
        recorded: datetime | None = None,
    ) -> Entry:
        return self.books.write(
            self.code,
            data,
            stream=stream,
            subject=child,
            path=self.path,
            happened=happened,
            recorded=recorded,
            actor=self.by_teacher(),
        )


def _class(name: str) -> Any:
    return enrollment.CHILD_FIELDS[name]


async def founded(books: Books, code: str, name: str) -> County:
    """Found a county in its enrollment and casework ledgers."""
    klass, (teacher,) = uuid7(), await books.people(code, 1)
    county = County(books, code, f"21{code}0001", f"{code}001", klass, teacher)
    founded_ = enrollment.CountyFounded(code=code, name=name, origin=f"t/{code}/enrollment")
    books.write(code, founded_, stream=f"unit-{code}")
    units: list[tuple[str, Any, str, str, str]] = [
        (code, "division", name, code[:4] + "00", path_of(code))
    ]
    units.append((county.township, "division", f"{name}石桥镇", code, f"{path_of(code)}/{code}001"))
    school_path = county.path.rpartition("/")[0]
    units.append((county.school, "school", f"{name}初级中学", county.township, school_path))
    for unit, kind, said, parent, path in units:
        data = enrollment.UnitRegistered(
            unit=unit, kind=kind, name=said, parent=parent, path=path, valid_from=date(2026, 9, 1)
        )
        books.write(code, data, stream=f"unit-{unit}", path=path)
    opened = enrollment.ClassOpened(
        klass=klass,
        school=county.school,
        grade=8,
        name="八年级（3）班",
        path=county.path,
        valid_from=date(2026, 9, 1),
    )
    books.write(code, opened, stream=f"class-{klass}", subject=klass, path=county.path)
    named = await books.sealed(teacher, "identity", "name", "沈秀兰")
    staff = enrollment.StaffRegistered(
        staff=teacher, unit=county.school, staff_number="T1", fields={"name": named}
    )
    books.write(code, staff, stream=f"staff-{teacher}", subject=teacher, path=school_path)
    rules = casework.PolicyVersionActivated(
        unit=code, pack=seed_pack().sha256, valid_from=date(2026, 9, 1), basis="试行"
    )
    books.write(code, rules, stream=f"unit-{code}")
    return county
