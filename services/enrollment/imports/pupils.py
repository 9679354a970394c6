"""Who was in which class on a day, found by number or by name."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import ROLL
from services.enrollment.domain.roll import Taken
from services.enrollment.imports.stored import People
from services.enrollment.sheets.roll_rows import ChildDay

STANDING = text(
    "select stream, state, doc from current where ledger = :ledger and stream = any(:streams)"
)
MEMBERS = text(
    "select child, klass, seat, since, until from membership where ledger = :ledger"
    " order by klass, seat nulls last, child"
)
HERE = "present"
# By child: present, or the kind of absence.
Marks = dict[UUID, str]


@dataclass(frozen=True, slots=True)
class Stay:
    """A child's time in a class: from `since` to before `until`."""

    child: UUID
    klass: UUID
    seat: int | None
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(slots=True)
class Pupils:
    """Stays by class and by child; names are opened once a child, when first asked for."""

    people: People | None = None
    by_class: dict[UUID, list[Stay]] = field(default_factory=dict)
    by_child: dict[UUID, list[Stay]] = field(default_factory=dict)
    by_name: dict[str, list[UUID]] = field(default_factory=dict)

    def sheet(self, klass: UUID, day: date) -> list[UUID]:
        return [stay.child for stay in self.by_class.get(klass, ()) if stay.on(day)]

    def named(self, klass: UUID, day: date, key: str) -> list[UUID]:
        return [child for child in self.sheet(klass, day) if self._name(child) == key]

    def matching(self, row: ChildDay, klass: UUID) -> list[UUID]:
        """Children of the class that day that the row may mean: by number where it has one."""
        there = self.sheet(klass, row.day)
        return self._fitting(row, there)

    def ever(self, row: ChildDay, klass: UUID) -> bool:
        """Whether such a child is or was in the class on another day."""
        return bool(self._fitting(row, [stay.child for stay in self.by_class.get(klass, ())]))

    def anywhere(self, row: ChildDay, _school: str) -> list[UUID]:
        """Children of the county with the row's name (and number)."""
        if not self.by_name:
            names: dict[str, list[UUID]] = defaultdict(list)
            for child in self.by_child:
                names[self._name(child)].append(child)
            self.by_name = names
        return self._fitting(row, self.by_name.get(row.name_key, []))

    def classes_on(self, child: UUID, day: date) -> list[UUID]:
        return [stay.klass for stay in self.by_child.get(child, ()) if stay.on(day)]

    def described(self, child: UUID) -> str:
        """Enough to tell namesakes apart, nothing that names anybody."""
        number = self._open(child, "idnumber") or self._open(child, "studentnumber")
        return f"号码尾数 {number[-4:]}" if number else f"没有号码（编号尾数 {str(child)[-4:]}）"

    def _fitting(self, row: ChildDay, children: list[UUID]) -> list[UUID]:
        """One name and one number are one child; a number with another name is nobody's."""
        alike = [child for child in children if self._name(child) == row.name_key]
        for given, name in ((row.id_number, "idnumber"), (row.student_number, "studentnumber")):
            if given:
                exact = [child for child in alike if self._open(child, name) == given]
                if exact:
                    return exact
                alike = [child for child in alike if not self._open(child, name)]
        return alike

    def _name(self, child: UUID) -> str:
        person = self.people.persons.get(child) if self.people else None
        return self.people.name(person) if self.people and person else ""

    def _open(self, child: UUID, name: str) -> str | None:
        person = self.people.persons.get(child) if self.people else None
        return self.people.open(person, name) if self.people and person else None


async def read_pupils(conn: AsyncConnection, ledger: str, people: People) -> Pupils:
    classes: dict[UUID, list[Stay]] = defaultdict(list)
    children: dict[UUID, list[Stay]] = defaultdict(list)
    for row in await conn.execute(MEMBERS, {"ledger": ledger}):
        stay = Stay(*row)
        classes[stay.klass].append(stay)
        children[stay.child].append(stay)
    return Pupils(people, classes, children)


async def standing_rolls(
    conn: AsyncConnection, ledger: str, streams: Sequence[str]
) -> dict[str, Marks]:
    """By stream what rolls say that have been taken already."""
    found: dict[str, Marks] = {}
    for row in await conn.execute(STANDING, {"ledger": ledger, "streams": list(streams)}):
        state = msgspec.json.decode(row.doc, type=ROLL.states[row.state])
        if isinstance(state, Taken):
            away = {one.child: str(one.mark) for one in state.latest.absent}
            found[row.stream] = dict.fromkeys(state.latest.present, HERE) | away
    return found
