"""Writes the national layers that ship: `python -m shared.policy.published`, once a year."""

from datetime import date
from pathlib import Path

from chinese_calendar.constants import (  # pyright: ignore[reportMissingTypeStubs]
    holidays,
    workdays,
)

from shared.policy.layer import Layer, encode_layer

FIRST_YEAR = 2004
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
FOLDER = Path(__file__).with_name("calendars")


def last_published_year() -> int:
    return max(holidays).year


def national_layer(year: int) -> Layer:
    """What the State Council published for `year`: days off and make-up workdays, by name."""
    assert FIRST_YEAR <= year <= last_published_year(), f"{year} is not published"
    return Layer(
        layer="national",
        name=f"国务院办公厅 {year} 年放假安排",
        first=date(year, 1, 1),
        last=date(year, 12, 31),
        closed=_of_year(holidays, year, ""),
        open=_of_year(workdays, year, "调休"),
    )


def _of_year(days: dict[date, str], year: int, suffix: str) -> dict[date, str]:
    return {day: f"{NAMES[name]}{suffix}" for day, name in sorted(days.items()) if day.year == year}


def main() -> None:
    for year in range(FIRST_YEAR, last_published_year() + 1):
        (FOLDER / f"national-{year}.json").write_bytes(encode_layer(national_layer(year)))


if __name__ == "__main__":
    main()
