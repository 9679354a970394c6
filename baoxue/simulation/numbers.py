"""Numbers of people and schools that no authority has given out."""

from datetime import date
from random import Random

from baoxue.simulation.names import MALE

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
# Prefixes with which no operator has numbers: 1380000 is what forms print as an example.
PHONE_PREFIX = "1380000"
PHONES = 10_000
PRIMARY, JUNIOR = "21", "31"


def id_number(area: str, born: date, sequence: int, sex: str) -> str:
    """Eighteen characters of GB 11643; `sequence` below 500, odd for men as the standard says."""
    assert 0 <= sequence < 500
    order = sequence * 2 + (1 if sex == MALE else 0)
    digits = f"{area}{born:%Y%m%d}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + CHECK[total % 11]


def phone(rng: Random) -> str:
    return f"{PHONE_PREFIX}{rng.randrange(PHONES):04d}"


def school_code(kind: str, county: str, number: int) -> str:
    """Ten digits: kind, province, then the county's two and the school's four."""
    return f"{kind}{county[:2]}{county[4:]}{number:04d}"
