"""Which stored child a row of a roster speaks of: by number, by name and birthday, or asked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from services.enrollment.imports.findings import Findings
from services.enrollment.imports.stored import Klass, People, Person, Places
from services.enrollment.sheets.parsed import Question
from services.enrollment.sheets.roster_rows import RosterRow
from services.enrollment.sheets.values import mask

MAX_CHOICES = 8
Placed = tuple[RosterRow, Klass]


class Outcome(Enum):
    """What a row without a stored child is."""

    NEW = "new"
    ASKED = "asked"


NEW, ASKED = Outcome.NEW, Outcome.ASKED
NUMBERS = (
    ("id_number", "idnumber", "身份证件号"),
    ("student_number", "studentnumber", "全国学籍号"),
)


@dataclass(slots=True)
class Matching:
    """`concerned`: children that a refused or open row may mean; nobody calls them missing."""

    found: Findings
    places: Places
    children: People
    concerned: set[UUID] = field(default_factory=set)
    by_number: dict[tuple[str, str], list[Person]] = field(default_factory=dict)
    by_name: dict[str, list[Person]] = field(default_factory=dict)

    def all(self, placed: Sequence[Placed]) -> list[tuple[RosterRow, Klass, Person | Outcome]]:
        """Each row with its child; numbers first, so that nobody found so is a candidate again."""
        self._index()
        matches: list[tuple[RosterRow, Klass, Person | Outcome]] = []
        rest: list[Placed] = []
        for row, klass in placed:
            if child := self._by_numbers(row):
                matches.append((row, klass, child))
            elif (row.sheet, row.row) not in self.found.bad:
                rest.append((row, klass))
        taken = {child.id for _, _, child in matches if isinstance(child, Person)}
        for row, klass in rest:
            matches.append((row, klass, self._by_likeness(row, klass, taken)))
        return matches

    def _index(self) -> None:
        numbers: dict[tuple[str, str], list[Person]] = defaultdict(list)
        names: dict[str, list[Person]] = defaultdict(list)
        for child in self.children.persons.values():
            names[self.children.name(child)].append(child)
            for _, name, _ in NUMBERS:
                if number := self.children.open(child, name):
                    numbers[name, number].append(child)
        self.by_number, self.by_name = numbers, names

    def _by_numbers(self, row: RosterRow) -> Person | None:
        """The child that holds one of the row's numbers; under another name the row is refused."""
        for attribute, name, label in NUMBERS:
            number = getattr(row, attribute)
            for child in self.by_number.get((name, number), ()) if number else ():
                self.concerned.add(child.id)
                if self.children.name(child) == row.name_key:
                    return child
                self.found.refuse(
                    row,
                    f"{attribute}_two_names",
                    f"系统里这个{label}是另一个姓名（不收）",
                    "查清是谁的号码；系统里的错了，请先在学生页更正",
                    at=attribute,
                    column=label,
                    value=mask(number),
                )
                return None
        return None

    def _by_likeness(self, row: RosterRow, klass: Klass, taken: set[UUID]) -> Person | Outcome:
        same_name = [c for c in self.by_name.get(row.name_key, ()) if c.id not in taken]
        if not same_name:
            return NEW
        here = [c for c in same_name if c.klass == klass.klass]
        fits = [c for c in here if self._agrees(row, c)]
        if len(fits) > 1:
            born_too = [c for c in fits if self._born(c) == _born(row)]
            fits = born_too if len(born_too) == 1 else fits
        if len(fits) == 1:
            return fits[0]
        if fits or here:
            return self._ask(row, fits or here)
        elsewhere = [c for c in same_name if self._may_be(row, c)]
        return self._ask(row, elsewhere) if elsewhere else NEW

    def _agrees(self, row: RosterRow, child: Person) -> bool:
        """No number of the row contradicts one of the child."""
        for attribute, name, _ in NUMBERS[:1]:
            held = self.children.open(child, name)
            if held and getattr(row, attribute) and held != getattr(row, attribute):
                return False
        return True

    def _may_be(self, row: RosterRow, child: Person) -> bool:
        """Same name and birthday in another class, and no two numbers that tell them apart."""
        born = _born(row)
        return born is not None and self._born(child) == born and self._agrees(row, child)

    def _born(self, child: Person) -> str | None:
        return self.children.open(child, "born")

    def _ask(self, row: RosterRow, candidates: Iterable[Person]) -> Person | Outcome:
        some = list(candidates)[:MAX_CHOICES]
        key = f"child:{row.sheet}:{row.row}"
        answer = self.found.answer(key)
        if answer == NEW.value:
            return NEW
        for child in some:
            if answer == str(child.id):
                return child
        self.concerned.update(child.id for child in some)
        choices = [(str(child.id), f"就是他：{self._described(child)}") for child in some]
        self.found.ask(
            Question(
                id=key,
                text=f"第 {row.row} 行与系统里的学生同名，是同一个人吗？",
                option=key,
                choices=(*choices, (NEW.value, "不是，新学生")),
                sheet=row.sheet,
                cell=self.found.parsed.cell(row.sheet, row.row, "name"),
            )
        )
        self.found.waiting += 1
        return ASKED

    def _described(self, child: Person) -> str:
        """Class and the last of a number: enough to tell apart, nothing that names anybody."""
        number = self.children.open(child, "idnumber") or self.children.open(child, "studentnumber")
        tail = f"，号码尾数 {number[-4:]}" if number else "，没有号码"
        return self.places.label(child.klass) + tail


def _born(row: RosterRow) -> str | None:
    return row.birth_date.isoformat() if row.birth_date else None
