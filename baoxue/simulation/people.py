"""Children and their families: who they are, where they live, with whom they walk."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Protocol

from baoxue.simulation.names import FEMALE, MALE, Style, hash_of, style, surname
from baoxue.simulation.numbers import id_number, phone

AGE_AT_GRADE_ONE = 6
WITHOUT_NUMBER = 0.03
SIBLING = 0.22
PEERS = 4
VILLAGES = ("东村", "西村", "大湾村", "上寨村", "下寨村", "高坡村", "河口村", "老鸦村", "新场社区")
# Kilometres from the village to its school, in the same order.
WAYS = (0.6, 1.1, 2.4, 3.0, 3.8, 7.5, 4.6, 9.0, 0.3)
FATHER, GRANDPARENT = "父亲", "祖父"


class Opening(Protocol):
    @property
    def opens_on(self) -> date: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """`fields`: as the registry's form writes them. `peers`: friends of the class share it."""

    key: int
    klass: int
    seat: int
    school: str
    grade: int
    fields: dict[str, str]
    family: int
    peers: int
    kilometres: float
    hardship: float

    @property
    def name(self) -> str:
        return self.fields["name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    key: int
    surname: str
    style: Style
    township: str
    village: int
    number: int
    phone: str
    poor: bool
    leftbehind: str
    grandparent: bool


@dataclass(slots=True)
class Families:
    """Makes one child after the other; some of them are brothers and sisters."""

    rng: Random
    area: str
    term: Opening
    _made: int = 0
    _families: list[Family] = field(default_factory=list)
    _sequence: dict[tuple[date, str], int] = field(default_factory=dict)

    def child(self, klass: int, grade: int, seat: int, township: str, school: str) -> Child:
        rng, key = self.rng, self._made
        self._made += 1
        family = self._family(township)
        sex = MALE if rng.random() < 0.52 else FEMALE
        fields = self._identity(family, grade, sex) | self._home(family)
        if rng.random() < 0.008:
            fields["disability"] = rng.choice(("61", "62", "64", "65"))
        return Child(
            key=key,
            klass=klass,
            seat=seat,
            school=school,
            grade=grade,
            fields=fields,
            family=family.key,
            peers=klass * 100 + (seat - 1) // PEERS,
            kilometres=WAYS[family.village],
            hardship=_hardship(family, grade, WAYS[family.village]),
        )

    def _family(self, township: str) -> Family:
        rng = self.rng
        if self._families and rng.random() < SIBLING:
            known = self._families[-rng.randint(1, min(300, len(self._families)))]
            if known.township == township:
                return known
        village = rng.randrange(len(VILLAGES))
        made = Family(
            key=len(self._families),
            surname=surname(rng),
            style=style(rng),
            township=township,
            village=village,
            number=rng.randint(1, 180),
            phone=phone(rng),
            poor=rng.random() < 0.12,
            leftbehind=rng.choices(("0", "1", "2"), (74, 14, 12))[0],
            grandparent=rng.random() < 0.15,
        )
        self._families.append(made)
        return made

    def _identity(self, family: Family, grade: int, sex: str) -> dict[str, str]:
        rng = self.rng
        born = self._birthday(grade)
        fields = {
            "name": family.style.make(rng, sex, family.surname),
            "sex": sex,
            "born": born.isoformat(),
            "ethnic": family.style.ethnic,
        }
        if rng.random() < WITHOUT_NUMBER:
            return fields | {
                "studentnumber": f"L{self.area}{born:%Y%m%d}{rng.randrange(10_000):04d}"
            }
        number = id_number(self.area, born, self._next(born, sex), sex)
        return fields | {"idtype": "1", "idnumber": number, "studentnumber": f"G{number}"}

    def _birthday(self, grade: int) -> date:
        """Six years old by the end of August before the first grade, a few are older."""
        late = 1 if self.rng.random() < 0.06 else 0
        year = self.term.opens_on.year - (0 if self.term.opens_on.month >= 8 else 1)
        newest = date(year - AGE_AT_GRADE_ONE - grade + 1 - late, 8, 31)
        return newest - timedelta(days=self.rng.randrange(365))

    def _next(self, born: date, sex: str) -> int:
        found = self._sequence.get((born, sex), 0)
        self._sequence[born, sex] = found + 1
        return found

    def _home(self, family: Family) -> dict[str, str]:
        village = VILLAGES[family.village]
        address = f"{family.township}{village}{family.number}号"
        relation = GRANDPARENT if family.grandparent or family.leftbehind == "2" else FATHER
        adult = Random(f"{self.area} {family.key}")
        return {
            "hukou": address,
            "address": address,
            "guardian": family.style.make(adult, MALE, family.surname),
            "guardianrelation": relation,
            "phone": family.phone,
            "leftbehind": family.leftbehind,
            "migrant": "1" if hash_of(address, 25) == 0 else "0",
            "poor": "1" if family.poor else "0",
            "boarding": "2" if WAYS[family.village] > 6 else "1",
        }


def _hardship(family: Family, grade: int, kilometres: float) -> float:
    """How much likelier than others the child is to stay away."""
    weight = 1.0 + (0.9 if family.poor else 0) + 0.5 * int(family.leftbehind)
    weight *= 1.0 + kilometres / 12
    return weight * (2.2 if grade >= 8 else 1.5 if grade == 7 else 1.0)
