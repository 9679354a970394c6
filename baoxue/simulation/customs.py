"""What a county has agreed on: its villages, who is in which group, who answers for whom."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from baoxue.simulation.county import GRADE_WORDS, Class, County, Holders, School, Staff, Township
from baoxue.simulation.people import VILLAGES, Child

HEADS = ("责任制", "层级", "对象", "学籍号", "学校标识码", "年级", "负责人", "工号", "起始日期")
KEY, LAGGING, HARDSHIP = "key_pupil", "lagging", "hardship"
LAGGING_A_CLASS = 2
POOR = "1"
# The sheet for a child that has no class yet would not find it: rows name it by its number.
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customs:
    """How much of it: a key pupil in every so many classes, each child assigned in every so many.

    A year is lived with all of it; the sample has a part, for it has to be quick.
    """

    key_every: int = 1
    charged_every: int = 1


WHOLE = Customs()
SAMPLE = Customs(key_every=4, charged_every=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    code: str
    name: str
    township: Township


def villages(county: County) -> Iterator[Village]:
    """The villages that addresses name, as units below their township."""
    for one in county.townships:
        for number, name in enumerate(VILLAGES, 1):
            yield Village(code=f"{one.code}{number:03d}", name=name, township=one)


def home_of(child: Child) -> str:
    """Township and village, as the address begins."""
    return child.fields["address"].rstrip("号0123456789")


def groups(county: County, customs: Customs) -> Iterator[tuple[Child, str]]:
    """Of each class the hardest lives: key pupils, those who lag behind, those in hardship."""
    for klass in county.classes:
        own = [one for one in county.children if one.klass == klass.key]
        hard = sorted(own, key=lambda one: (-one.hardship, one.key))
        if klass.key % customs.key_every == 0:
            yield from ((one, KEY) for one in hard[:1])
        yield from ((one, LAGGING) for one in hard[1 : 1 + LAGGING_A_CLASS])
        poor = [one for one in hard if one.fields["poor"] == POOR]
        yield from ((one, HARDSHIP) for one in poor[:1])


def assignment_sheet(county: County, customs: Customs) -> bytes:
    """The county's 责任分解表, as an office writes it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerows(_Sheet(county, customs).rows())
    return text.getvalue().encode()


@dataclass(slots=True)
class _Sheet:
    county: County
    customs: Customs

    def rows(self) -> Iterator[Row]:
        holders = {(post.role, post.unit): p for p in self.county.staff for post in p.posts}
        officer = holders["county_officer", self.county.code]
        yield self._row("双线四级", "县", self.county.name, officer)
        for one in self.county.townships:
            leader = holders["township_officer", one.code]
            yield self._row("双线四级", "乡镇", one.code, leader)
        for one in villages(self.county):
            leader = holders["township_officer", one.township.code]
            yield self._row("挂钩", "leader_village", one.code, leader)
            yield self._row("包保", "leader_village", one.code, leader)
            yield self._row("双线四级", "村", one.code, leader)
        for school in self.county.schools:
            central = holders["central_school", school.township]
            yield self._row("四包", "central_school", school.name, central, school=school.code)
            yield from self._grades(school, holders["grade_leader", school.code])
            yield from self._linked(school)
        yield from self._children()

    def _grades(self, school: School, leader: Staff) -> Iterator[Row]:
        own = {one.grade for one in self.county.classes if one.school == school.code}
        for grade in sorted(own):
            place = {"school": school.code, "grade": f"{GRADE_WORDS[grade - 1]}年级"}
            yield self._row("四包", "leader_grade", "", leader, **place)
            yield self._row("三包一挂", "first", "", leader, **place)

    def _linked(self, school: School) -> Iterator[Row]:
        """与考核挂钩: whoever bears a name alone at the school, as the sheet goes by names."""
        own = [one for one in self.county.staff if one.unit == school.code]
        names = Counter(one.name for one in own)
        office = f"{school.name}考核小组"
        for one in own:
            if names[one.name] == 1:
                where = (school.code, "")
                yield ("三包一挂", "link", one.name, "", *where, office, "", self._since)

    def _children(self) -> Iterator[Row]:
        holders = Holders(self.county)
        named = groups(self.county, self.customs)
        keys = {child.key for child, group in named if group == KEY}
        for klass in self.county.classes:
            teacher = holders.of_class("homeroom_teacher", klass.key)
            for child in (one for one in self.county.children if one.klass == klass.key):
                if klass.key % self.customs.charged_every == 0:
                    yield from self._charged(klass, child, teacher)
                elif child.key in keys:
                    yield self._of_child("全员管理", "staff_child", child, teacher)

    def _charged(self, klass: Class, child: Child, teacher: Staff) -> Iterator[Row]:
        yield self._of_child("包保", "teacher_child", child, teacher)
        yield self._of_child("全员班主任制", "teacher_child", child, teacher)
        yield self._of_child("三包一挂", "third", child, teacher)
        yield self._of_child("全员管理", "staff_child", child, teacher)
        numbered = ("四包", "school_village", child.name, child.fields["studentnumber"], "", "")
        yield (*numbered, f"{home_of(child)}村委会", "", self._since)

    def _of_child(self, scheme: str, tier: str, child: Child, teacher: Staff) -> Row:
        return self._row(scheme, tier, child.name, teacher, number=child.fields["studentnumber"])

    def _row(
        self,
        scheme: str,
        tier: str,
        target: str,
        holder: Staff,
        *,
        number: str = "",
        school: str = "",
        grade: str = "",
    ) -> Row:
        who = (holder.name, holder.staff_number)
        return (scheme, tier, target, number, school, grade, *who, self._since)

    @property
    def _since(self) -> str:
        return self.county.terms[0].opens_on.isoformat()
