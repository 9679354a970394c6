"""A roster against the children that are there: who is new, who changed, who is missing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from services.enrollment.imports.deeds import PutChild
from services.enrollment.imports.findings import Change, Findings
from services.enrollment.imports.grouping import Grouping
from services.enrollment.imports.homes import Homes
from services.enrollment.imports.matching import NEW, Matching
from services.enrollment.imports.places import Founding
from services.enrollment.imports.stored import Klass, People, Person
from services.enrollment.sheets.roster_rows import RosterRow

# Field of a row → field of a child and what people call it.
FIELDS: dict[str, tuple[str, str]] = {
    "name": ("name", "姓名"),
    "sex": ("sex", "性别"),
    "birth_date": ("born", "出生日期"),
    "id_type": ("idtype", "身份证件类型"),
    "id_number": ("idnumber", "身份证件号"),
    "student_number": ("studentnumber", "全国学籍号"),
    "ethnic": ("ethnic", "民族"),
    "hukou": ("hukou", "户口所在地"),
    "address": ("address", "现住址"),
    "guardian": ("guardian", "监护人"),
    "guardian_relation": ("guardianrelation", "监护人关系"),
    "phone": ("phone", "联系电话"),
    "left_behind": ("leftbehind", "是否留守儿童"),
    "migrant": ("migrant", "是否随迁子女"),
    "orphan": ("orphan", "是否孤儿"),
    "disability": ("disability", "残疾类型"),
    "boarding": ("boarding", "是否寄宿"),
}


def clear_fields(row: RosterRow) -> dict[str, str]:
    """What a row says, by the child's field names; an empty text means: there is none."""
    said: dict[str, str] = {}
    for attribute, (name, _) in FIELDS.items():
        value = getattr(row, attribute)
        if value is None:
            continue
        if isinstance(value, bool):
            said[name] = "1" if value else "0"
        elif isinstance(value, date):
            said[name] = value.isoformat()
        else:
            said[name] = value.value if hasattr(value, "value") else str(value)
    return said


@dataclass(slots=True)
class Roster:
    """One file being compared."""

    found: Findings
    founding: Founding
    children: People
    grouping: Grouping
    homes: Homes
    named: set[UUID] = field(default_factory=set)
    # A child whose row is refused or asked about is neither there nor missing.
    seen: set[UUID] = field(default_factory=set)

    def compare(self, rows: Sequence[RosterRow]) -> None:
        """Everything that the rows come to, noted in the findings."""
        self.founding.hear(rows)
        placed = [(row, place) for row in rows if (place := self._place(row))]
        match = Matching(self.found, self.founding.places, self.children)
        matches = match.all(placed)
        self._refuse_shared(matches)
        self.seen |= match.concerned
        for row, klass, child in matches:
            if child is NEW:
                self._new(row, klass)
            elif isinstance(child, Person):
                self.seen.add(child.id)
                if (row.sheet, row.row) not in self.found.bad:
                    self._known(row, klass, child)
        self.founding.close()
        self.found.missing += [
            child.id
            for child in self.children.persons.values()
            if child.klass in self.named and child.id not in self.seen
        ]

    def _place(self, row: RosterRow) -> Klass | None:
        school = self.founding.school(row, row.school_code, row.school_name)
        if school is None:
            return None
        klass = self.founding.klass(row, school, row.class_, row.from_date)
        self.named.add(klass.klass)
        return klass

    def _refuse_shared(self, matches: Sequence[tuple[RosterRow, Klass, object]]) -> None:
        by_child: dict[UUID, list[RosterRow]] = defaultdict(list)
        for row, _, child in matches:
            if isinstance(child, Person):
                by_child[child.id].append(row)
        for rows in by_child.values():
            for row in rows if len(rows) > 1 else ():
                others = "、".join(f"“{r.sheet}”第 {r.row} 行" for r in rows if r is not row)
                reason = f"与{others}是系统里的同一名学生（都不收）"
                self.found.refuse(row, "child_twice", reason, "一名学生只留一行", at="name")

    def _new(self, row: RosterRow, klass: Klass) -> None:
        groups = self.grouping.new(self.found, row, None)
        if (row.sheet, row.row) in self.found.bad:
            return
        self.found.new += 1
        on = row.from_date or self.founding.term(row.term).opens_on
        home = self.homes.new(self.found, row, None, klass.path)
        self.found.deeds.append(
            PutChild(
                child=uuid7(),
                fresh=True,
                fields={name: text for name, text in clear_fields(row).items() if text},
                path=klass.path,
                klass=klass.klass,
                school=klass.school,
                grade=klass.grade,
                on=on,
                groups=groups,
                grouped_on=self.grouping.today,
                village=home.code if home else None,
                village_on=min(on, self.homes.today),
            )
        )

    def _known(self, row: RosterRow, klass: Klass, child: Person) -> None:
        groups = self.grouping.new(self.found, row, child.id)
        if (row.sheet, row.row) in self.found.bad:
            return
        fields = self._changes(row, child)
        moves = child.klass != klass.klass
        if moves and not self._may_move(row, child):
            return
        home = self.homes.new(self.found, row, child.id, klass.path)
        if not (fields or moves or groups or home):
            self.found.unchanged += 1
            return
        self.found.changed += 1
        self.grouping.changes(self.found, row, child.id, groups)
        self.homes.changes(self.found, row, child.id, home)
        on = self._from(row, child) if moves else None
        if moves:
            self._note_move(row, klass, child, on)
        self.found.deeds.append(
            PutChild(
                child=child.id,
                fresh=False,
                fields=fields,
                path=klass.path,
                klass=klass.klass if moves else None,
                school=klass.school,
                grade=klass.grade,
                on=on,
                groups=groups,
                grouped_on=self.grouping.today,
                village=home.code if home else None,
                village_on=self.homes.today,
            )
        )

    def _changes(self, row: RosterRow, child: Person) -> dict[str, str | None]:
        """Fields whose value differs from the opened one; each is listed with old and new."""
        wanted = clear_fields(row)
        changes: dict[str, str | None] = {}
        for attribute, (name, label) in FIELDS.items():
            if name not in wanted:
                continue
            was = self.children.open(child, name)
            if name == "name" and self.children.name(child) == row.name_key:
                continue  # another spelling of the dot or a blank is the same name
            if wanted[name] == (was or ""):
                continue
            changes[name] = wanted[name] or None
            self.found.changes.append(
                Change(
                    subject=str(child.id),
                    field=name,
                    label=label,
                    sheet=row.sheet,
                    cell=self.found.parsed.cell(row.sheet, row.row, attribute),
                    was=was,
                    now=wanted[name] or None,
                )
            )
        return changes

    def _may_move(self, row: RosterRow, child: Person) -> bool:
        """A school takes nobody from another school: that is a transfer, which has its own way."""
        own = self.founding.scope.school
        if own is None or child.klass is None or child.school == own:
            return True
        self.found.refuse(
            row,
            "child_in_another_school",
            "这名学生现在在别的学校",
            "转学请由原校先办转出",
            at="name",
            column="姓名",
        )
        return False

    def _from(self, row: RosterRow, child: Person) -> date:
        """The term's first day, unless the child has been in its class since then."""
        if row.from_date:
            return row.from_date
        opens = self.founding.term(row.term).opens_on
        if child.klass is None or child.since is None or child.since < opens:
            return opens
        return max(self.founding.today, child.since)

    def _note_move(self, row: RosterRow, klass: Klass, child: Person, on: date | None) -> None:
        was = self.founding.places.label(child.klass)
        now = self.founding.places.label(klass.klass)
        self.found.changes.append(
            Change(
                subject=str(child.id),
                field="klass",
                label="班级",
                sheet=row.sheet,
                cell=self.found.parsed.cell(row.sheet, row.row, "class"),
                was=was,
                now=f"{now}（{on} 起）",
            )
        )
