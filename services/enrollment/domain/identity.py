"""Numbers that name a person: the citizen number of GB 11643 and the registry's student number."""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from operator import mul

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
SHAPE = re.compile(r"[0-9]{17}[0-9X]")
AREA = re.compile(r"[1-9][0-9]{5}")
FIRST_YEAR = 1880


class Sex(Enum):
    """GB/T 2261.1."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"


@dataclass(frozen=True, slots=True)
class CitizenNumber:
    """What an 18-digit number says, each statement apart, because each may be wrong alone.

    `area` is the place of registration when it was issued; retired codes stay valid for ever, so
    only its shape is judged. `birth_date` is None where the digits are no day of any calendar.
    """

    number: str
    checksum_ok: bool
    birth_date: date | None
    sex: Sex
    area: str
    area_ok: bool

    @property
    def ok(self) -> bool:
        return self.checksum_ok and self.birth_date is not None and self.area_ok


def check_character(first17: str) -> str:
    """The check character of the first 17 digits (ISO 7064 MOD 11-2)."""
    return CHECK[sum(map(mul, map(int, first17), WEIGHTS)) % 11]


def citizen_number(text: str) -> CitizenNumber | None:
    """What the number says; None where it is not 17 digits and a digit or X."""
    if not SHAPE.fullmatch(text):
        return None
    return CitizenNumber(
        number=text,
        checksum_ok=check_character(text[:17]) == text[17],
        birth_date=_day(text[6:14]),
        sex=Sex.MALE if int(text[16]) % 2 else Sex.FEMALE,
        area=text[:6],
        area_ok=AREA.fullmatch(text[:6]) is not None,
    )


def _day(digits: str) -> date | None:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return day if day.year >= FIRST_YEAR else None


class StudentNumberKind(Enum):
    """The letter of a 学籍号: formal with a citizen number, formal without, temporary."""

    FORMAL = "G"
    FORMAL_WITHOUT_ID = "J"
    TEMPORARY = "L"


@dataclass(frozen=True, slots=True)
class StudentNumber:
    """A 学籍号 taken apart. `checksum_ok` is None for a temporary one, which has no check digit.

    A G number may differ from the child's number of today: it keeps the one it was given with.
    """

    number: str
    kind: StudentNumberKind
    checksum_ok: bool | None
    birth_date: date | None


STUDENT_SHAPE = re.compile(r"[GJ][0-9]{17}[0-9X]|L[0-9]{18}")


def student_number(text: str) -> StudentNumber | None:
    """What the number says; None where it has another shape than letter and 18 characters."""
    if not STUDENT_SHAPE.fullmatch(text):
        return None
    kind = StudentNumberKind(text[0])
    checked = (
        None if kind is StudentNumberKind.TEMPORARY else check_character(text[1:18]) == text[18]
    )
    return StudentNumber(text, kind, checked, _day(text[7:15]))
