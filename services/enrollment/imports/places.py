"""From the schools, classes and terms that a file names to those that are, or will be founded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.enrollment.domain.codes import MAX_NAME_CHARACTERS
from services.enrollment.imports.deeds import FoundClass, FoundSchool, SetTerm
from services.enrollment.imports.findings import Findings, RowLike
from services.enrollment.imports.needed import keep_needed
from services.enrollment.imports.scope import Scope
from services.enrollment.imports.stored import Klass, Places, School, Term, class_key
from services.enrollment.imports.townships import Townships
from services.enrollment.sheets.cells import clean, tight
from services.enrollment.sheets.parsed import ClassRef, Fault, TermNamed
from services.enrollment.sheets.placing import read_term

# What a term that no calendar has named lasts for: month and day, the year being the school year's.
AUTUMN, SPRING = ((9, 1), (1, 31)), ((2, 20), (7, 15))
FIRST_HALF_FROM_MONTH = 7
SCHOOL_CODE_DIGITS = 10


@dataclass(slots=True)
class Founding:
    """Resolves one file's places; founds what it may, each thing once."""

    found: Findings
    places: Places
    scope: Scope
    today: date
    names: dict[str, str] = field(default_factory=dict)
    terms: dict[tuple[int, int], Term] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    default: Term | None = None
    # By what was founded: the warning that says so.
    notes: dict[str, Fault] = field(default_factory=dict)
    townships: Townships = field(init=False)

    def __post_init__(self) -> None:
        self.townships = Townships(self.found, self.places, self.scope)

    def hear(self, rows: Sequence[Any]) -> None:
        """What rows say of a school in one place counts for all of its rows."""
        for row in rows:
            if row.school_code and row.school_name:
                self.names.setdefault(row.school_code, row.school_name)
        self.townships.hear(rows)

    def close(self) -> None:
        """What only refused rows would have needed is not founded; the rest is put in order."""
        keep_needed(self.found, self.notes)
        self.townships.close()

    def school(self, row: RowLike, code: str, name: str) -> School | None:
        """The row's school; None with the row refused."""
        known = self.places.schools.get(code) if code else self._by_name(name)
        if known is None and code:
            known = self._new_school(row, code, name)
            if known is None:
                return None
        if known is None:
            self.found.refuse(
                row,
                "school_unknown",
                f"没有叫“{name}”的学校" if name else "看不出是哪所学校",
                "补上学校标识码，或写系统里的校名",
                at="school_name",
                column="学校名称",
                value=name,
            )
            return None
        if not self._mine(row, known):
            return None
        self._compare_names(row, known, code, name)
        self.townships.mend(row, known, self.today)
        return known

    def _compare_names(self, row: RowLike, known: School, code: str, name: str) -> None:
        """The code decides; a name that is not the code's may mean a mistyped code: said once."""
        key = f"{code} {name}"
        if not (code and name) or code in self.notes or key in self.told:
            return
        self.told.add(key)
        if tight(clean(name)) != tight(clean(known.name)):
            reason = f"标识码 {code} 在系统里是“{known.name}”，按标识码收；码写错了就改正"
            mend = "核对学校标识码和校名"
            self.found.warn(row, "school_name_differs", reason, mend, at="school_name", value=name)

    def _by_name(self, name: str) -> School | None:
        found = self.places.by_name.get(tight(clean(name)), [])
        return found[0] if len(found) == 1 else None

    def _mine(self, row: RowLike, school: School) -> bool:
        own = self.scope.school
        inside = school.path == self.scope.path or school.path.startswith(self.scope.path + "/")
        if (own is None or school.code == own) and inside:
            return True
        self.found.refuse(
            row,
            "school_not_yours",
            "这是别的学校的",
            "只传本校的",
            at="school_code",
            column="学校",
            value=school.code,
        )
        return False

    def _new_school(self, row: RowLike, code: str, name: str) -> School | None:
        name = name or self.names.get(code, "")
        why = self._why_not_founded(code, name)
        if why:
            self.found.refuse(
                row, why[0], why[1], why[2], at="school_code", column="学校标识码", value=code
            )
            return None
        opens = self.term(None).opens_on
        parent = self.townships.parent(row, code, name, opens)
        school = School(code, name, f"{parent}/{code}")
        self.places.schools[code] = school
        self.places.by_name[tight(clean(name))].append(school)
        self.found.deeds.append(
            FoundSchool(
                code=code,
                name=name,
                parent_path=parent,
                valid_from=opens,
            )
        )
        said = f"新建学校“{name}”（{code}）"
        self.notes[code] = self.found.warn(row, "school_founded", said, at="school_code")
        return school

    def _why_not_founded(self, code: str, name: str) -> tuple[str, str, str] | None:
        if code in self.places.elsewhere:
            return "school_elsewhere", "这所学校属于别的县", "核对学校标识码"
        if not self.scope.founds:
            return "school_unknown", "系统里没有这所学校", "请县教育局先建校，或核对学校标识码"
        if len(code) != SCHOOL_CODE_DIGITS or not code.isdecimal():
            return "school_code_malformed", "学校标识码应是 10 位数字", "核对后改正"
        if not name or len(name) > MAX_NAME_CHARACTERS:
            return "school_name_missing", "新学校要有校名", "在“学校名称”列写上校名"
        return None

    def klass(self, row: RowLike, school: School, ref: ClassRef, from_: date | None) -> Klass:
        """The class, founded where it is not there yet."""
        key = class_key(school.code, ref)
        known = self.places.classes.get(key)
        if known is None:
            klass: UUID = uuid7()
            opens = self.term(None).opens_on
            since = min(opens, from_) if from_ else opens
            path = f"{school.path}/{klass}"
            known = Klass(klass, school.code, ref.grade, ref.label, path, since)
            self.places.classes[key] = self.places.by_id[klass] = known
            self.found.deeds.append(
                FoundClass(
                    klass=klass,
                    school=school.code,
                    school_path=school.path,
                    grade=ref.grade,
                    name=ref.label,
                    valid_from=since,
                )
            )
            said = f"新建班级“{school.name} {ref.label}”"
            self.notes[str(klass)] = self.found.warn(row, "class_founded", said)
        return known

    def term(self, text: str | None) -> Term:
        """The term that a row, the file or today is in; founded with the usual days if need be."""
        named = read_term(text) if text else None
        if named is None and self.default is not None:
            return self.default
        chosen = named or self.found.parsed.term or self._running()
        term = chosen if isinstance(chosen, Term) else self._named(chosen)
        if named is None:
            self.default = term
        return term

    def _running(self) -> Term | TermNamed:
        """Today's term, else the next one, else the last; a new one by today's date."""
        terms = self._own_terms()
        for term in terms:
            if term.opens_on <= self.today <= term.ends_on:
                return term
        later = [term for term in terms if term.opens_on > self.today]
        if later:
            return later[0]
        first = self.today.month >= FIRST_HALF_FROM_MONTH or self.today.month == 1
        year = self.today.year - (self.today.month < FIRST_HALF_FROM_MONTH)
        named = TermNamed(year=year, half=1 if first else 2)
        held = self._held(named)
        return held or named

    def _own_terms(self) -> list[Term]:
        """The school's own terms where it has some, else the county's."""
        own = [t for t in self.places.terms if t.unit == self.scope.school]
        return own or [t for t in self.places.terms if t.unit == self.scope.county.code]

    def _held(self, named: TermNamed) -> Term | None:
        return next((t for t in self._own_terms() if half_of(t.opens_on) == key_of(named)), None)

    def _named(self, named: TermNamed) -> Term:
        held = self._held(named) or self.terms.get(key_of(named))
        if held:
            return held
        term = usual_term(self.scope.county.code, named)
        self.terms[key_of(named)] = term
        if self.scope.founds:
            path = self.scope.county.path
            self.found.deeds.insert(0, set_term(term, path))
            said = f"系统里没有这个学期，按通常的日期建：{term.opens_on} 至 {term.ends_on}"
            self.found.warn_file("term_founded", said, "日期不同的话，再导入校历改正")
        else:
            said = f"系统里没有这个学期，按 {term.opens_on} 开学算"
            self.found.warn_file("term_unknown", said, "请县教育局导入校历")
        return term


def key_of(named: TermNamed) -> tuple[int, int]:
    return named.year, named.half


def half_of(opens_on: date) -> tuple[int, int]:
    """School year and half of a term by its first day."""
    first = opens_on.month >= FIRST_HALF_FROM_MONTH
    return (opens_on.year, 1) if first else (opens_on.year - 1, 2)


def usual_term(unit: str, named: TermNamed) -> Term:
    """A term with the days that most counties have."""
    code, name = term_names(named)
    if named.half == 1:
        opens, ends = date(named.year, *AUTUMN[0]), date(named.year + 1, *AUTUMN[1])
    else:
        opens, ends = date(named.year + 1, *SPRING[0]), date(named.year + 1, *SPRING[1])
    return Term(unit, code, name, opens, ends)


def term_names(named: TermNamed) -> tuple[str, str]:
    """Code and name: 2026秋, 2026年秋季学期."""
    year, season = (named.year, "秋") if named.half == 1 else (named.year + 1, "春")
    return f"{year}{season}", f"{year}年{season}季学期"


def set_term(term: Term, path: str) -> SetTerm:
    return SetTerm(
        unit=term.unit,
        path=path,
        term=term.term,
        name=term.name,
        opens_on=term.opens_on,
        ends_on=term.ends_on,
    )
