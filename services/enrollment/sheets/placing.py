"""Which school, grade and class a row belongs to, from its cells, its sheet's name or the title."""

import re
from dataclasses import dataclass, field

from services.enrollment.sheets.cells import tight
from services.enrollment.sheets.classes import (
    Place,
    grade_of_cohort,
    read_class,
    read_grade,
    read_sheet_name,
)
from services.enrollment.sheets.dates import SCHOOL_YEAR_STARTS_MONTH
from services.enrollment.sheets.parsed import ClassRef, Question, Refusal, TermNamed
from services.enrollment.sheets.reading import Reading
from services.enrollment.sheets.table import RawRow, Table

YEARS = re.compile(r"(20\d{2})\s*(?:年)?(?:\s*[-—–~～至/]+\s*(20\d{2}|\d{2}))?\s*(?:学年|年)?")
FIRST_HALF = re.compile("第一学期|上学期|上期|秋|第1学期|上半学年")
SECOND_HALF = re.compile("第二学期|下学期|下期|春|第2学期|下半学年")
PRIMARY = re.compile("小学|完小|教学点|村小")
MIDDLE = re.compile("初级中学|初中|中学")
SCHOOL = ("school_code", "school_name")
SCHOOL_NEEDED = "补上学校标识码或学校名称"
NEEDED = "补上年级和班级，或把工作表取名为“七（1）”"


@dataclass(frozen=True, slots=True)
class School:
    """A school as a row names it; empty parts are not said."""

    code: str
    name: str


def school_named(code: str, name: str) -> School:
    """A school from its two cells; a code written in the name's cell is taken out of it."""
    found = re.fullmatch(r"([0-9]{10})\s*(.*)", name)
    if found and code in ("", found[1]):
        return School(found[1], found[2])
    return School(code, name)


@dataclass(slots=True)
class Placing:
    """Places the rows of one table; remembers what it has worked out."""

    table: Table
    facts: dict[str, str]
    from_sheet: Place | None
    known: dict[tuple[object, ...], ClassRef | Refusal] = field(default_factory=dict)

    @property
    def reading(self) -> Reading:
        return self.table.reading

    def school(self, raw: RawRow) -> School | None:
        """The row's school, else the title's, else the account's; None with a fault noted."""
        stated = school_named(raw.text("school_code"), raw.text("school_name"))
        code, name = stated.code, stated.name
        own = self.reading.account_school or ""
        if not code and not name:
            code = own or self.facts.get("school_code", "")
            name = self.facts.get("school_name", "")
        if code or name:
            return self._allowed(raw, School(code or (own if not name else ""), name), own)
        self._refuse(
            raw, Refusal("school_missing", "没有写哪个学校", SCHOOL_NEEDED, "（空）"), SCHOOL
        )
        return None

    def _refuse(self, raw: RawRow, problem: Refusal, fields: tuple[str, ...]) -> None:
        """Only the first fault of a row is said here; what no row can have is said once."""
        present = [f for f in fields if f in self.table.place]
        if not present:
            self.table.fault_of_sheet(raw, problem)
        elif not raw.bad:
            filled = [f for f in present if raw.get(f)]
            at = present[0] if problem.code.endswith("missing") or not filled else filled[0]
            self.table.fault(raw, problem, at, value=raw.text(at))

    def _allowed(self, raw: RawRow, school: School, own: str) -> School | None:
        if own and school.code and school.code != own:
            problem = Refusal("school_not_yours", "这是别的学校的学生", "只传本校的名册")
            self.table.fault(raw, problem, "school_code", value=school.code)
            return None
        return school

    def place(self, raw: RawRow, school: School | None) -> ClassRef | None:
        """The row's class; None with a fault noted."""
        grade, class_ = raw.text("grade"), raw.text("class")
        school = school or School("", "")
        key = (grade, class_, school)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._resolve(grade, class_, school)
        if isinstance(found, ClassRef):
            return found
        by_class = found.code.startswith("class")
        self._refuse(raw, found, ("class", "grade") if by_class else ("grade", "class"))
        return None

    def place_if_said(self, raw: RawRow, school: School | None) -> ClassRef | None:
        """The row's class; None without a fault where neither row, sheet nor title names one."""
        said = raw.get("grade") or raw.get("class") or self.from_sheet
        return self.place(raw, school) if said else None

    def of_text(self, text: str, grade: str, school: School) -> ClassRef | Refusal:
        """A class named apart, as in a list of classes; `grade` counts where it names none."""
        key = (text, grade, school, "apart")
        if key not in self.known:
            self.known[key] = self._resolve("", text, school)
            if isinstance(self.known[key], Refusal) and grade:
                self.known[key] = self._resolve(grade, text, school)
        return self.known[key]

    def _resolve(self, grade: str, class_: str, school: School) -> ClassRef | Refusal:
        try:
            return self.class_ref(grade, class_, school)
        except Refusal as refusal:
            return refusal
        except ValueError:
            return Refusal("class_unreadable", "看不出是几班", "写成“八（3）班”或“3”")

    def class_ref(self, grade: str, class_: str, school: School) -> ClassRef:
        """Raises `Refusal` where grade or class is missing, unreadable or contradicts itself."""
        first = read_grade(grade) or Place()
        second = read_class(class_, first.grade) or Place()
        outer = self.from_sheet or Place()
        stated = self._grade(first, school)
        named = self._grade(second, school)
        if stated and named and stated != named:
            raise Refusal("grade_contradicts", "年级和班级对不上", "核对后改其中一个")
        level = stated or named or self._grade(outer, school)
        number = second.number or first.number
        name = second.name or first.name
        if not number and not name:
            number, name = outer.number, outer.name
        if not level:
            raise Refusal("grade_missing", "没有写年级", NEEDED, None if class_ else "（空）")
        if not number and not name:
            raise Refusal("class_missing", "没有写班级", NEEDED, "（空）")
        return ClassRef(grade=level, number=number, name="" if number else name)

    def _grade(self, place: Place, school: School) -> int | None:
        if place.grade or not place.cohort:
            return place.grade
        year = school_year(self.reading, self.facts)
        if year is None:
            raise Refusal(
                "year_unknown", "看不出是哪一学年，不能由入学年份算年级", "回答上面的问题"
            )
        return self._from_cohort(place.cohort, year, school)

    def _from_cohort(self, cohort: int, year: int, school: School) -> int:
        primary = grade_of_cohort(cohort, year, middle=False)
        middle = grade_of_cohort(cohort, year, middle=True)
        stage = _stage(school)
        fits = [g for g in (primary, middle) if 1 <= g <= 9]
        if stage == "primary":
            fits = [primary] if 1 <= primary <= 6 else []
        elif stage == "middle":
            fits = [middle] if 7 <= middle <= 9 else []
        if not fits:
            raise Refusal("grade_outside", f"{cohort} 级不在一至九年级里", "写成“七年级”这样的年级")
        return fits[0] if len(fits) == 1 else self._asked(cohort, fits)

    def _asked(self, cohort: int, fits: list[int]) -> int:
        answer = self.reading.options.get(f"cohort:{cohort}")
        if answer in [str(g) for g in fits]:
            return int(answer or 0)
        choices = tuple((str(g), f"{'一二三四五六七八九'[g - 1]}年级") for g in fits)
        self.reading.ask(
            Question(
                id=f"cohort:{cohort}",
                text=f"{cohort} 级现在是几年级？",
                option=f"cohort:{cohort}",
                choices=choices,
                sheet=self.table.sheet.name,
            )
        )
        raise Refusal("cohort_unknown", f"看不出 {cohort} 级是几年级", "回答上面的问题")


def placing(table: Table, facts: dict[str, str]) -> Placing:
    """A placing that knows what the sheet's name and title say of the class."""
    from_sheet = read_sheet_name(table.sheet.name)
    if "class" in facts or "grade" in facts:
        from_sheet = from_sheet or read_sheet_name(facts.get("class") or facts["grade"])
    if from_sheet is None:
        title = tight(facts.get("title", ""))
        clear = re.search(
            r"[一二三四五六七八九](?:年级)?[(（][0-9一二三四五六七八九十]+[)）]班?", title
        )
        from_sheet = read_sheet_name(clear[0]) if clear else None
    return Placing(table, facts, from_sheet)


def _stage(school: School) -> str:
    """What a school's code or name says of its stage; empty for nine-year schools."""
    if school.code[:2] in ("21", "31"):
        return "primary" if school.code[:2] == "21" else "middle"
    if "九年" in school.name or "一贯" in school.name:
        return ""
    if PRIMARY.search(school.name):
        return "primary"
    return "middle" if MIDDLE.search(school.name) else ""


def read_term(text: str) -> TermNamed | None:
    """2026—2027学年第一学期, 2026年秋季学期, 2027春; None where half or year is not said."""
    found = YEARS.search(text)
    half = 1 if FIRST_HALF.search(text) else 2 if SECOND_HALF.search(text) else 0
    if not found or not half:
        return None
    year = int(found[1])
    in_spring = half == 2 and not found[2] and "学年" not in text
    return TermNamed(year=year - 1 if in_spring else year, half=half, text=text[:60])


def school_year(reading: Reading, facts: dict[str, str]) -> int | None:
    """The year in which the school year begins: answered, named by the file, today's; or asked."""
    answer = reading.options.get("year")
    if answer and answer.isdecimal():
        return int(answer)
    term = read_term(facts.get("term", "")) or read_term(facts.get("title", "")) or reading.term
    if term:
        return term.year
    today = reading.options.today
    if today:
        return today.year if today.month >= SCHOOL_YEAR_STARTS_MONTH else today.year - 1
    reading.ask(
        Question(
            id="year", text="这份表是哪一学年的（秋季开学的年份）？", option="year", hint="2026"
        )
    )
    return None
