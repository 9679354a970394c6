"""What a county holds before the file comes: its places, its children, its people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.codes import CHILD_CLASSES, STAFF_CLASSES
from services.enrollment.sheets.cells import clean, tight
from services.enrollment.sheets.classes import read_class
from services.enrollment.sheets.parsed import ClassRef, Refusal
from services.enrollment.sheets.values import name_key
from shared.edge import Edge
from shared.keyring import KeyDestroyed, Keys
from shared.sealed import Sealed, SealError, SensitivityClass, open_sealed

PURPOSE = "import"
UNITS = text("select unit, kind, name, path from unit where ledger = :ledger and closed_on is null")
TERMS = text(
    "select t.unit, t.term, t.name, t.opens_on, t.ends_on from term t join unit u using (unit)"
    " where u.ledger = :ledger order by t.opens_on"
)
CLASSES = text(
    "select klass, school, grade, name, path, valid_from from klass"
    " where ledger = :ledger and closed_on is null"
)
HOMEROOMS = text(
    "select h.klass, h.staff, h.valid_from from homeroom h join klass k using (klass)"
    " where k.ledger = :ledger and h.valid_to is null"
)
CHILDREN = text(
    "select child, klass, school, grade, seat, since, path, fields::text as fields from child"
    " where ledger = :ledger"
)
PEOPLE = text(
    "select staff, unit, staff_number, fields::text as fields from person where ledger = :ledger"
)
GRANTS = text(
    "select g.staff, g.role, g.unit, g.path, g.valid_from, g.valid_to from role_grant g"
    " join person p using (staff) where p.ledger = :ledger"
)
ELSEWHERE = text("select unit from unit where unit = any(:codes) and ledger <> :ledger")
_fields = msgspec.json.Decoder(dict[str, Sealed])


@dataclass(frozen=True, slots=True)
class Term:
    unit: str
    term: str
    name: str
    opens_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class School:
    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Township:
    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Klass:
    klass: UUID
    school: str
    grade: int
    name: str
    path: str
    valid_from: date


ClassKey = tuple[str, int, str]


def class_key(school: str, ref: ClassRef) -> ClassKey:
    """What makes two classes of a file the same one."""
    return school, ref.grade, str(ref.number) if ref.number else tight(clean(ref.name))


def stored_key(klass: Klass) -> ClassKey:
    """The same for a stored class, whatever spelling its name has."""
    try:
        place = read_class(clean(klass.name), klass.grade)
    except (Refusal, ValueError):
        place = None
    if place is not None and place.number:
        return klass.school, klass.grade, str(place.number)
    name = place.name if place is not None and place.name else tight(clean(klass.name))
    return klass.school, klass.grade, name


@dataclass(slots=True)
class Places:
    """Units, terms and classes of a county."""

    schools: dict[str, School] = field(default_factory=dict)
    by_name: dict[str, list[School]] = field(default_factory=lambda: defaultdict(list))
    terms: list[Term] = field(default_factory=list)
    classes: dict[ClassKey, Klass] = field(default_factory=dict)
    by_id: dict[UUID, Klass] = field(default_factory=dict)
    homerooms: dict[UUID, tuple[UUID, date]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    townships: dict[str, Township] = field(default_factory=dict)

    def label(self, klass: UUID | None) -> str:
        found = self.by_id.get(klass) if klass else None
        return f"{self.schools[found.school].name} {found.name}" if found else "不在班"


async def read_places(conn: AsyncConnection, ledger: str, codes: Iterable[str] = ()) -> Places:
    """`codes`: school codes of the file, to know those that belong to another county."""
    places = Places()
    for row in await conn.execute(UNITS, {"ledger": ledger}):
        if row.kind == "school":
            school = School(row.unit, row.name, row.path)
            places.schools[row.unit] = school
            places.by_name[tight(clean(row.name))].append(school)
        elif row.unit != ledger:
            places.townships[row.unit] = Township(row.unit, row.name, row.path)
    places.terms = [Term(*row) for row in await conn.execute(TERMS, {"ledger": ledger})]
    for row in await conn.execute(CLASSES, {"ledger": ledger}):
        klass = Klass(*row)
        places.classes[stored_key(klass)] = klass
        places.by_id[klass.klass] = klass
    for row in await conn.execute(HOMEROOMS, {"ledger": ledger}):
        places.homerooms[row.klass] = (row.staff, row.valid_from)
    found = await conn.execute(ELSEWHERE, {"codes": list(codes), "ledger": ledger})
    places.elsewhere = {row.unit for row in found}
    return places


@dataclass(slots=True)
class Person:
    """A child or member of staff as stored: `sealed` fields, and those opened so far."""

    id: UUID
    sealed: dict[str, Sealed]
    path: str = ""
    klass: UUID | None = None
    school: str = ""
    grade: int = 0
    seat: int | None = None
    since: date | None = None
    staff_number: str | None = None
    clear: dict[str, str] = field(default_factory=dict)
    name_key: str = ""


@dataclass(slots=True)
class Held:
    """A role held by somebody."""

    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None


@dataclass(slots=True)
class People:
    """All children, or all staff, of a county, with the keys to open them."""

    persons: dict[UUID, Person]
    keys: Keys
    classes: Mapping[str, SensitivityClass]
    grants: dict[UUID, list[Held]] = field(default_factory=lambda: defaultdict(list))

    def open(self, person: Person, name: str) -> str | None:
        """The clear value of a field; None where there is none or it cannot be opened."""
        if name in person.clear:
            return person.clear[name]
        sealed = person.sealed.get(name)
        if sealed is None:
            return None
        subject = str(person.id)
        key = self.keys.get((subject, self.classes[name]))
        if key is None or isinstance(key, KeyDestroyed):
            return None
        try:
            person.clear[name] = open_sealed(sealed, subject, name, key)
        except SealError:
            return None
        return person.clear[name]

    def name(self, person: Person) -> str:
        """The name as it is compared."""
        if not person.name_key:
            person.name_key = name_key(self.open(person, "name") or "")
        return person.name_key


async def read_children(edge: Edge, conn: AsyncConnection, ledger: str) -> People:
    rows = (await conn.execute(CHILDREN, {"ledger": ledger})).all()
    persons = {
        row.child: Person(
            id=row.child,
            sealed=_fields.decode(row.fields),
            path=row.path,
            klass=row.klass,
            school=row.school or "",
            grade=row.grade or 0,
            seat=row.seat,
            since=row.since,
        )
        for row in rows
    }
    return await _with_keys(edge, persons, CHILD_CLASSES)


async def read_staff(edge: Edge, conn: AsyncConnection, ledger: str) -> People:
    rows = (await conn.execute(PEOPLE, {"ledger": ledger})).all()
    persons = {
        row.staff: Person(
            id=row.staff,
            sealed=_fields.decode(row.fields),
            school=row.unit,
            staff_number=row.staff_number,
        )
        for row in rows
    }
    people = await _with_keys(edge, persons, STAFF_CLASSES)
    for row in await conn.execute(GRANTS, {"ledger": ledger}):
        people.grants[row.staff].append(Held(*row[1:]))
    return people


async def _with_keys(
    edge: Edge, persons: dict[UUID, Person], classes: Mapping[str, SensitivityClass]
) -> People:
    wanted: Sequence[SensitivityClass] = sorted(set(classes.values()))
    keys = Keys()
    if persons:
        subjects = [str(one) for one in persons]
        keys = await edge.keyring.keys_for(subjects, PURPOSE, wanted)
    return People(persons, keys, classes)


def said(value: Any) -> str:
    return "" if value is None else str(value)
