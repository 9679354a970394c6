"""A county out of a seed: townships, schools, classes, staff with their roles, children."""

from dataclasses import dataclass
from datetime import date
from random import Random

from baoxue.simulation.names import staff_name
from baoxue.simulation.numbers import JUNIOR, PRIMARY, id_number, phone, school_code
from baoxue.simulation.people import Child, Families
from shared.rights import EVERYWHERE

CLASS_SIZE = 45
PRIMARY_GRADES, JUNIOR_GRADES = range(1, 7), range(7, 10)
SCHOOLS_A_TOWNSHIP = 3
SUBJECT_TEACHER_EVERY = 4
GRADE_WORDS = "一二三四五六七八九"
FIRST = ("青", "白", "金", "石", "柳", "松", "云", "龙", "清", "双", "红", "竹", "桃", "新", "长")
SECOND = ("溪", "河", "坪", "桥", "岭", "沟", "塘", "湾", "山", "坝", "林", "泉", "冲", "关", "源")


@dataclass(frozen=True, slots=True, kw_only=True)
class Township:
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    code: str
    name: str
    township: str
    grades: range


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """`key` is its place in the county's list of classes."""

    key: int
    school: str
    grade: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A role on a unit's code, or on a class by its key."""

    role: str
    unit: str = ""
    klass: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """`unit` employs the person. `account` is what they sign in with."""

    key: int
    account: str
    unit: str
    staff_number: str
    name: str
    idnumber: str
    phone: str
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    code: str
    name: str
    opens_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """Everything there is before the first school day. Keys are places in the lists."""

    code: str
    name: str
    seed: str
    terms: tuple[Term, ...]
    townships: tuple[Township, ...]
    schools: tuple[School, ...]
    classes: tuple[Class, ...]
    staff: tuple[Staff, ...]
    children: tuple[Child, ...]

    @property
    def city(self) -> str:
        return self.code[:4] + "00"

    @property
    def path(self) -> str:
        return f"{self.code[:2]}0000/{self.city}/{self.code}"

    def path_of(self, unit: str) -> str:
        """Of the county, a township, a school, or the city above; EVERYWHERE as it is."""
        if unit == EVERYWHERE:
            return unit
        if unit == self.city:
            return self.path.rpartition("/")[0]
        school = next((one for one in self.schools if one.code == unit), None)
        if school is not None:
            return f"{self.path}/{school.township}/{unit}"
        return self.path if unit == self.code else f"{self.path}/{unit}"


class Holders:
    """Who holds a role where, looked up many thousand times."""

    def __init__(self, county: County) -> None:
        self._county = county
        self._schools = {school.code: school for school in county.schools}
        self._held: dict[tuple[str, str, int | None], Staff] = {}
        for person in county.staff:
            for post in person.posts:
                self._held.setdefault((post.role, post.unit, post.klass), person)

    def of_class(self, role: str, klass: int) -> Staff:
        """For a class: its own, its school's, its township's, its county's. KeyError if nobody."""
        if role in ("homeroom_teacher", "subject_teacher"):
            return self._held.get((role, "", klass)) or self._held["homeroom_teacher", "", klass]
        school = self._schools[self._county.classes[klass].school]
        county = dict.fromkeys(("county_officer", "policy_officer"), self._county.code)
        above = {"township_officer": school.township, **county}
        return self._held[role, above.get(role, school.code), None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to make: `code` and `name` of the county, how much of it, for which terms."""

    code: str
    name: str
    seed: str
    schools: int
    children: int
    terms: tuple[Term, ...]


def make_county(wish: Wish) -> County:
    """The same county for the same wish, in every run and on every machine."""
    rng = Random(f"{wish.seed} {wish.code}")
    townships = _townships(rng, wish)
    schools = _schools(wish, townships)
    classes, sizes = _classes(wish, schools)
    families = Families(Random(f"{wish.seed} {wish.code} children"), wish.code, wish.terms[0])
    names = {one.code: one.name for one in townships}
    homes = {one.code: names[one.township] for one in schools}
    children = [
        families.child(klass.key, klass.grade, seat, homes[klass.school], klass.school)
        for klass, size in zip(classes, sizes, strict=True)
        for seat in range(1, size + 1)
    ]
    return County(
        code=wish.code,
        name=wish.name,
        seed=wish.seed,
        terms=wish.terms,
        townships=tuple(townships),
        schools=tuple(schools),
        classes=tuple(classes),
        staff=tuple(_Hiring(rng, wish).all(townships, schools, classes)),
        children=tuple(children),
    )


def _townships(rng: Random, wish: Wish) -> list[Township]:
    count = max(1, -(-wish.schools // SCHOOLS_A_TOWNSHIP))
    names = rng.sample([a + b for a in FIRST for b in SECOND], count)
    kinds = ["镇" if n % 3 == 0 else "乡" for n in range(count)]
    return [
        Township(code=f"{wish.code}{n + 1:03d}", name=name + kind)
        for n, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]


def _schools(wish: Wish, townships: list[Township]) -> list[School]:
    """Every third one teaches grades 7 to 9."""
    made = []
    for number in range(wish.schools):
        township = townships[number // SCHOOLS_A_TOWNSHIP]
        place = township.name[:-1]
        junior = number % SCHOOLS_A_TOWNSHIP == SCHOOLS_A_TOWNSHIP - 1
        kind, grades = (JUNIOR, JUNIOR_GRADES) if junior else (PRIMARY, PRIMARY_GRADES)
        which = "中学" if junior else ("中心小学", "第二小学")[number % SCHOOLS_A_TOWNSHIP % 2]
        made.append(
            School(
                code=school_code(kind, wish.code, number + 1),
                name=place + which,
                township=township.code,
                grades=grades,
            )
        )
    return made


def _classes(wish: Wish, schools: list[School]) -> tuple[list[Class], list[int]]:
    """The classes and how many children sit in each."""
    classes: list[Class] = []
    sizes: list[int] = []
    for number, school in enumerate(schools):
        pupils = _part(wish.children, len(schools), number)
        rooms = max(len(school.grades), -(-pupils // CLASS_SIZE))
        for room in range(rooms):
            grade = school.grades[room % len(school.grades)]
            name = f"{GRADE_WORDS[grade - 1]}年级（{room // len(school.grades) + 1}）班"
            classes.append(Class(key=len(classes), school=school.code, grade=grade, name=name))
            sizes.append(_part(pupils, rooms, room))
    return classes, sizes


def _part(whole: int, parts: int, number: int) -> int:
    return whole * (number + 1) // parts - whole * number // parts


class _Hiring:
    """Gives everybody a number, a name, an account."""

    def __init__(self, rng: Random, wish: Wish) -> None:
        self._rng, self._code = rng, wish.code
        self._hired: list[Staff] = []

    def all(
        self, townships: list[Township], schools: list[School], classes: list[Class]
    ) -> list[Staff]:
        for account, role in (("xianju", "county_officer"), ("zhengce", "policy_officer")):
            self._hire(f"{account}{self._code}", self._code, Post(role=role, unit=self._code))
        for one in townships:
            post = Post(role="township_officer", unit=one.code)
            self._hire(f"xiang{one.code}", one.code, post)
        for number, school in enumerate(schools, 1):
            self._school(f"{self._code}.{number:02d}", school, classes)
        for one in townships:
            post = Post(role="central_school", unit=one.code)
            self._hire(f"zhongxin{one.code}", one.code, post)
        return self._hired

    def _school(self, prefix: str, school: School, classes: list[Class]) -> None:
        self._hire(f"xiaozhang{prefix}", school.code, Post(role="principal", unit=school.code))
        self._hire(f"xueji{prefix}", school.code, Post(role="registrar", unit=school.code))
        self._hire(f"nianji{prefix}", school.code, Post(role="grade_leader", unit=school.code))
        own = [one for one in classes if one.school == school.code]
        for number, one in enumerate(own, 1):
            post = Post(role="homeroom_teacher", klass=one.key)
            self._hire(f"ban{prefix}.{number:02d}", school.code, post)
        for number in range(0, len(own), SUBJECT_TEACHER_EVERY):
            some = own[number : number + SUBJECT_TEACHER_EVERY]
            posts = [Post(role="subject_teacher", klass=one.key) for one in some]
            self._hire(f"ke{prefix}.{number + 1:02d}", school.code, *posts)

    def _hire(self, account: str, unit: str, *posts: Post) -> None:
        key, rng = len(self._hired), self._rng
        name, sex = staff_name(rng)
        born = date(rng.randint(1968, 1999), rng.randint(1, 12), rng.randint(1, 28))
        self._hired.append(
            Staff(
                key=key,
                account=account,
                unit=unit,
                staff_number=f"{self._code[4:]}{key + 1:05d}",
                name=name,
                idnumber=id_number(self._code, born, key % 500, sex),
                phone=phone(rng),
                posts=posts,
            )
        )
