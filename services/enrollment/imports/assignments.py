"""An assignment sheet against the rules and the people: whom each row means, and what it changes.

What is held already is casework's: it is asked before anything is accepted, and it decides again
when the rows are sent to it.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.enrollment.imports.deeds import PutCharge
from services.enrollment.imports.findings import Change, Findings
from services.enrollment.imports.places import Founding
from services.enrollment.imports.stored import People, Person, School, class_key
from services.enrollment.sheets.assignments import AssignmentRow
from services.enrollment.sheets.cells import clean, tight
from services.enrollment.sheets.parsed import Question
from services.enrollment.sheets.values import mask, name_key
from shared.policy.duty_schema import Scheme, Tier

# 990000/990100/990101/…: how many slashes the path of each kind of division has.
SLASHES = {"county": 2, "township": 3, "village": 4, "group": 5}
MAX_CHOICES = 8
# 某某镇某某村: a name with the names above it in front still means the last of them.
ABOVE = re.compile(r"^.*(镇|乡|街道|县)(?=.)")


@dataclass(slots=True)
class Assigning:
    """One file being compared; `rows` are those whose target and holder are known."""

    found: Findings
    founding: Founding
    schemes: dict[str, Scheme]
    children: People
    staff: People
    rows: list[tuple[AssignmentRow, PutCharge]] = field(default_factory=list)
    by_name: dict[str, list[Person]] = field(default_factory=dict)
    pupils: dict[str, list[Person]] = field(default_factory=dict)

    def compare(self, rows: Sequence[AssignmentRow]) -> None:
        """Everything that the rows mean; casework says afterwards what is new in it."""
        self.by_name, self.pupils = _named(self.staff), _named(self.children)
        for row in rows:
            self._row(row)

    def settle(self, told: Sequence[dict[str, Any]]) -> None:
        """What casework says of each row: new, the same, or held by somebody else till then."""
        for (row, deed), one in zip(self.rows, told, strict=True):
            match one["state"]:
                case "same":
                    self.found.unchanged += 1
                case "taken":
                    self.found.changed += 1
                    self._changes(row, deed, one["instead"])
                case "refused":
                    self.found.refuse(row, str(one["code"]), one["say"], "改正这一行", at="tier")
                case _:
                    self.found.new += 1
                    self.found.deeds.append(deed)

    def _changes(self, row: AssignmentRow, deed: PutCharge, instead: str) -> None:
        handed = PutCharge(
            scheme=deed.scheme,
            tier=deed.tier,
            target=deed.target,
            holder=deed.holder,
            holder_kind=deed.holder_kind,
            since=deed.since,
            until=deed.until,
            instead=instead,
        )
        self.found.deeds.append(handed)
        reason = f"原来由别人负责，从 {deed.since} 起换"
        self.found.warn(row, "holder_changes", reason, "日期不对的话，写上起始日期", at="holder")
        cell = self.found.parsed.cell(row.sheet, row.row, "holder")
        self.found.changes.append(
            Change(
                subject=instead,
                field="role",
                label="负责人",
                sheet=row.sheet,
                cell=cell,
                was=None,
                now=f"{deed.since} 起换人",
            )
        )

    def _row(self, row: AssignmentRow) -> None:
        code = self._scheme(row)
        tier = self._tier(row, self.schemes[code]) if code else None
        if code is None or tier is None:
            return
        target = self._target(row, tier)
        holder = self._holder(row, tier) if target else None
        if target is None or holder is None:
            return
        since = row.since or self.founding.term(None).opens_on
        deed = PutCharge(
            scheme=code,
            tier=tier.code,
            target=target,
            holder=holder,
            holder_kind=tier.holder,
            since=since,
            until=row.until,
        )
        self.rows.append((row, deed))

    def _scheme(self, row: AssignmentRow) -> str | None:
        """By code or name; a file that names none is asked about once."""
        said = tight(row.scheme) or self.found.answer("scheme") or ""
        for code, scheme in self.schemes.items():
            if said in (code, scheme.zh, f"{scheme.zh}责任制", scheme.en):
                return code
        if said:
            names = "、".join(scheme.zh for scheme in self.schemes.values())
            reason = f"现行规则里没有责任制“{said}”"
            self._refuse(row, "scheme_unknown", reason, f"写成：{names}", "scheme", said)
            return None
        choices = tuple((code, scheme.zh) for code, scheme in self.schemes.items())
        text = "这份表是哪一种责任制？"
        self.found.ask(Question(id="scheme", text=text, option="scheme", choices=choices))
        self.found.waiting += 1
        return None

    def _tier(self, row: AssignmentRow, scheme: Scheme) -> Tier | None:
        said = tight(row.tier)
        for tier in scheme.tiers:
            if said in (tier.code, tight(tier.zh), tier.en):
                return tier
        # 领导包村 for 乡镇（街道）领导包村, where it can mean one tier only.
        alike = [tier for tier in scheme.tiers if said in tight(tier.zh)]
        if len(alike) == 1:
            return alike[0]
        names = "、".join(tier.zh for tier in scheme.tiers)
        reason = f"“{scheme.zh}”没有“{said}”这一层"
        self._refuse(row, "tier_unknown", reason, f"写成：{names}", "tier", said)
        return None

    def _target(self, row: AssignmentRow, tier: Tier) -> str | None:
        """The uuid or code that the tier's kind of target means."""
        match tier.target:
            case "child" | "guardian":
                return self._child(row)
            case "staff":
                return self._person(row, row.target_key, None, "target")
            case "school":
                school = self._school(row)
                return school.code if school else None
            case "klass":
                return self._klass(row)
            case "grade":
                school = self._school(row)
                if school and row.grade is None:
                    self._refuse(row, "grade_missing", "没有写年级", "补上年级", "target")
                return f"{school.code}-{row.grade}" if school and row.grade else None
            case _:
                return self._division(row, tier.target)

    def _school(self, row: AssignmentRow) -> School | None:
        code, name = row.school_code, row.school_name or row.target
        if not code and row.target.isdigit():
            code = row.target
        if code and code not in self.founding.places.schools:
            reason = "系统里没有这所学校"
            self._refuse(row, "school_unknown", reason, "核对学校标识码", "school_code", code)
            return None
        return self.founding.school(row, code, name)

    def _klass(self, row: AssignmentRow) -> str | None:
        school = self._school(row)
        if school is None:
            return None
        ref = row.class_
        known = self.founding.places.classes.get(class_key(school.code, ref)) if ref else None
        if known is None:
            what = ref.label if ref else row.target
            reason = f"{school.name}没有这个班" if ref else "没有写年级和班级"
            self._refuse(row, "class_unknown", reason, "写成“八年级”“1班”两列", "class", what)
            return None
        return str(known.klass)

    def _division(self, row: AssignmentRow, kind: str) -> str | None:
        """A village, group or township by its code, or by a name that only one has."""
        if kind == "county":
            return self.founding.scope.county.code
        said = tight(clean(row.target))
        bare = ABOVE.sub("", said)
        fitting = [
            one
            for one in self.founding.places.townships.values()
            if one.path.count("/") == SLASHES[kind]
            and (one.code == said or tight(clean(one.name)) in (said, bare))
        ]
        if len(fitting) == 1:
            return fitting[0].code
        reason = "有几个同名的，分不清是哪个" if fitting else f"系统里没有“{said}”"
        self._refuse(row, "unit_unknown", reason, "写单位代码，或先登记这个单位", "target", said)
        return None

    def _child(self, row: AssignmentRow) -> str | None:
        """By number, else by name in the class or school that the row names."""
        alike = [p for p in self.pupils.get(row.target_key, ()) if p.klass is not None]
        if row.student_number:
            number = row.student_number
            alike = [p for p in alike if self.children.open(p, "studentnumber") == number]
        if row.school_code or row.school_name:
            school = self._school(row)
            if school is None:
                return None
            alike = [p for p in alike if p.school == school.code]
            ref = row.class_
            klass = self.founding.places.classes.get(class_key(school.code, ref)) if ref else None
            alike = [p for p in alike if klass is None or p.klass == klass.klass]
        alike = [p for p in alike if self._mine(p.path)]
        if len(alike) == 1:
            return str(alike[0].id)
        reason = "有几名同名的学生，分不清是谁" if alike else "没有这名学生"
        mend = "补上学籍号，或写清学校、年级、班级"
        self._refuse(row, "child_unknown", reason, mend, "target", mask(row.target))
        return None

    def _mine(self, path: str) -> bool:
        here = self.founding.scope.path
        return path == here or path.startswith(f"{here}/")

    def _holder(self, row: AssignmentRow, tier: Tier) -> str | None:
        if tier.holder == "office":
            return row.holder
        return self._person(row, row.holder_key, row.holder_number, "holder")

    def _person(self, row: AssignmentRow, key: str, number: str | None, at: str) -> str | None:
        """Staff by name, by number where there are namesakes; else a question, once a name."""
        alike = self.by_name.get(key, [])
        if number:
            alike = [p for p in alike if p.staff_number == number]
        if len(alike) > 1 and row.school_code:
            alike = [p for p in alike if p.school == row.school_code] or alike
        if len(alike) == 1:
            return str(alike[0].id)
        if not alike:
            reason = "没有这名教职工"
            mend = "先导入教职工，或核对姓名、工号"
            self._refuse(row, "holder_unknown", reason, mend, at, mask(getattr(row, at)))
            return None
        return self._asked(row, key, alike)

    def _asked(self, row: AssignmentRow, key: str, alike: Sequence[Person]) -> str | None:
        id_ = f"holder:{key}"
        answer = self.found.answer(id_)
        if answer in {str(p.id) for p in alike}:
            return answer
        choices = tuple((str(p.id), self._described(p)) for p in alike[:MAX_CHOICES])
        self.found.ask(
            Question(
                id=id_,
                text="有几位同名的教职工，是哪一位？",
                option=id_,
                choices=choices,
                sheet=row.sheet,
                cell=self.found.parsed.cell(row.sheet, row.row, "holder"),
            )
        )
        self.found.waiting += 1
        return None

    def _described(self, person: Person) -> str:
        """Enough to tell namesakes apart."""
        school = self.founding.places.schools.get(person.school)
        number = f"工号 {person.staff_number}" if person.staff_number else "没有工号"
        return f"{school.name if school else person.school}，{number}"

    def _refuse(
        self, row: AssignmentRow, code: str, reason: str, mend: str, at: str, value: str = ""
    ) -> None:
        self.found.refuse(row, code, reason, mend, at=at, value=value)


def _named(people: People) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = defaultdict(list)
    for person in people.persons.values():
        found[people.name(person) or name_key("")].append(person)
    return found
