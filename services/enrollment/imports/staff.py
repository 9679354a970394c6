"""A staff list against the people that are there: who is new, what roles and classes they get."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from services.enrollment.imports.deeds import Post, PutStaff, TakeClass
from services.enrollment.imports.findings import Change, Findings
from services.enrollment.imports.places import Founding
from services.enrollment.imports.stored import Klass, People, Person, School
from services.enrollment.sheets.parsed import ClassRef
from services.enrollment.sheets.staff import StaffRow
from services.enrollment.sheets.values import mask
from shared.roles import ROLES

HOMEROOM, SUBJECT = "homeroom_teacher", "subject_teacher"
FIELDS: dict[str, tuple[str, str]] = {
    "name": ("name", "姓名"),
    "id_number": ("idnumber", "身份证件号"),
    "phone": ("phone", "手机"),
}
NUMBERS = (("id_number", "身份证件号"), ("staff_number", "工号"))


@dataclass(slots=True)
class Staffing:
    """One file being compared. A person may stand on several rows, one a post."""

    found: Findings
    founding: Founding
    staff: People
    by_number: dict[tuple[str, str], Person] = field(default_factory=dict)
    by_name: dict[tuple[str, str], list[Person]] = field(default_factory=dict)
    begun: dict[UUID, PutStaff] = field(default_factory=dict)

    def compare(self, rows: Sequence[StaffRow]) -> None:
        """Everything that the rows come to, noted in the findings."""
        self.founding.hear(rows)
        self._index()
        for row in rows:
            school = self.founding.school(row, row.school_code, row.school_name)
            if school is not None:
                self._row(row, school)
        self.founding.close()

    def _index(self) -> None:
        names: dict[tuple[str, str], list[Person]] = defaultdict(list)
        for person in self.staff.persons.values():
            self._known(person)
            names[person.school, self.staff.name(person)].append(person)
        self.by_name = names

    def _known(self, person: Person) -> None:
        if number := self.staff.open(person, "idnumber"):
            self.by_number["id_number", number] = person
        if person.staff_number:
            self.by_number["staff_number", f"{person.school} {person.staff_number}"] = person

    def _row(self, row: StaffRow, school: School) -> None:
        person, sure = self._match(row, school)
        if not sure:
            return
        before = (len(self.found.deeds), len(self.found.changes))
        fresh = person is None
        person = person or self._register(row, school)
        if not fresh:
            self._change(row, school, person)
        self._posts(row, school, person)
        if fresh:
            self.found.new += 1
        elif (len(self.found.deeds), len(self.found.changes)) != before:
            self.found.changed += 1
        else:
            self.found.unchanged += 1

    def _match(self, row: StaffRow, school: School) -> tuple[Person | None, bool]:
        """The person, and whether that is certain; a number under another name is refused."""
        for attribute, label in NUMBERS:
            number = getattr(row, attribute)
            key = number if attribute == "id_number" else f"{school.code} {number}"
            person = self.by_number.get((attribute, key)) if number else None
            if person is None:
                continue
            if self.staff.name(person) == row.name_key:
                return person, True
            self.found.refuse(
                row,
                f"{attribute}_two_names",
                f"系统里这个{label}是另一个姓名（不收）",
                "查清是谁的号码",
                at=attribute,
                column=label,
                value=mask(number),
            )
            return None, False
        return self._by_name(row, school)

    def _by_name(self, row: StaffRow, school: School) -> tuple[Person | None, bool]:
        alike = [
            person
            for person in self.by_name.get((school.code, row.name_key), ())
            if not row.id_number or self.staff.open(person, "idnumber") in (None, row.id_number)
        ]
        if len(alike) < 2:
            return (alike[0] if alike else None), True
        by_phone = [p for p in alike if row.phone and self.staff.open(p, "phone") == row.phone]
        if len(by_phone) == 1:
            return by_phone[0], True
        self.found.refuse(
            row,
            "staff_namesakes",
            "本校有几位同名的教职工，分不清是谁",
            "补上身份证件号或工号",
            at="name",
            column="姓名",
        )
        return None, False

    def _register(self, row: StaffRow, school: School) -> Person:
        staff = uuid7()
        values = {name: getattr(row, attr) for attr, (name, _) in FIELDS.items()}
        clear = {name: text for name, text in values.items() if text}
        person = Person(id=staff, sealed={}, school=school.code, staff_number=row.staff_number)
        person.clear, person.name_key = clear, row.name_key
        self._known(person)
        self.by_name.setdefault((school.code, row.name_key), []).append(person)
        deed = PutStaff(
            staff=staff,
            fresh=True,
            unit=school.code,
            path=school.path,
            staff_number=row.staff_number,
            fields=dict(clear),
            posts=[],
        )
        self.begun[staff] = deed
        self.found.deeds.append(deed)
        return person

    def _deed(self, person: Person, school: School) -> PutStaff:
        """The one deed of a person, begun when something is to be written."""
        if person.id not in self.begun:
            self.begun[person.id] = PutStaff(
                staff=person.id,
                fresh=False,
                unit=person.school,
                path=school.path,
                staff_number=None,
                fields={},
                posts=[],
            )
            self.found.deeds.append(self.begun[person.id])
        return self.begun[person.id]

    def _change(self, row: StaffRow, school: School, person: Person) -> None:
        for attribute, (name, label) in FIELDS.items():
            wanted, was = getattr(row, attribute), self.staff.open(person, name)
            if not wanted or wanted == was or name == "name":
                continue
            self._deed(person, school).fields[name] = wanted
            person.clear[name] = wanted
            self._note(row, person, name, label, was, wanted, attribute)
        if row.staff_number and row.staff_number != person.staff_number:
            reason = "工号与系统里登记的不同，没有改"
            self.found.warn(row, "staff_number_kept", reason, at="staff_number", column="工号")

    def _note(
        self,
        row: StaffRow,
        person: Person,
        name: str,
        label: str,
        was: str | None,
        now: str,
        attribute: str,
    ) -> None:
        cell = self.found.parsed.cell(row.sheet, row.row, attribute)
        self.found.changes.append(
            Change(
                subject=str(person.id),
                field=name,
                label=label,
                sheet=row.sheet,
                cell=cell,
                was=was,
                now=now,
            )
        )

    def _posts(self, row: StaffRow, school: School, person: Person) -> None:
        since = row.from_date or self.founding.term(row.term).opens_on
        for role in row.roles:
            if role in (HOMEROOM, SUBJECT):
                continue
            self._grant(row, school, person, Post(role, school.code, school.path, since))
        for post in row.without_role:
            reason = f"职务“{post}”在系统里没有对应的权限，只登记了人"
            self.found.warn(row, "post_without_rights", reason, at="post", column="职务")
        for ref in row.teaches:
            klass = self._class(row, school, ref)
            post = Post(SUBJECT, str(klass.klass), klass.path, since)
            self._grant(row, school, person, post)
        if row.homeroom:
            self._homeroom(row, school, person, self._class(row, school, row.homeroom), since)
        elif HOMEROOM in row.roles:
            reason = "职务是班主任，但没有写哪个班"
            self.found.warn(row, "homeroom_class_missing", reason, "补上班主任班级", at="post")

    def _class(self, row: StaffRow, school: School, ref: ClassRef) -> Klass:
        return self.founding.klass(row, school, ref, row.from_date)

    def _grant(self, row: StaffRow, school: School, person: Person, post: Post) -> None:
        """A role that is held already, then or later, is not granted again."""
        for held in self.staff.grants.get(person.id, ()):
            if (held.role, held.unit) == (post.role, post.unit) and (
                held.valid_to is None or held.valid_to >= post.valid_from
            ):
                return
        deed = self._deed(person, school)
        if any((p.role, p.unit) == (post.role, post.unit) for p in deed.posts):
            return
        deed.posts.append(post)
        if not deed.fresh:
            word = ROLES[post.role].zh
            self._note(row, person, "role", "职务", None, f"{word}（{post.valid_from} 起）", "post")

    def _homeroom(
        self, row: StaffRow, school: School, person: Person, klass: Klass, since: date
    ) -> None:
        held = self.founding.places.homerooms.get(klass.klass)
        if held and held[0] == person.id:
            return
        if held and held[1] >= since:
            since = max(self.founding.today, held[1])
            reason = f"{klass.name}已有班主任，从 {since} 起换"
            self.found.warn(row, "homeroom_changes", reason, "日期不对的话，写上起始日期")
        former = self.staff.persons.get(held[0]) if held else None
        holds = former is not None and any(
            one.role == HOMEROOM and one.unit == str(klass.klass) and one.valid_to is None
            for one in self.staff.grants.get(former.id, ())
        )
        self._grant(row, school, person, Post(HOMEROOM, str(klass.klass), klass.path, since))
        self.founding.places.homerooms[klass.klass] = (person.id, since)
        self.found.deeds.append(
            TakeClass(
                klass=klass.klass,
                path=klass.path,
                staff=person.id,
                valid_from=since,
                former=former.id if former and holds else None,
                former_path=school.path,
            )
        )
