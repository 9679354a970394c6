"""Writes the national layers that ship, from chinesecalendar: `python -m shared.policy.published`."""

from datetime import date
from pathlib import Path

import chinese_calendar
from chinese_calendar.constants import Holiday, holidays, workdays

from shared.policy.layer import Layer, encode_layer

FIRST_YEAR = 2004
FOLDER = Path(__file__).with_name("calendars")


def last_published_year() -> int:
    return max(holidays).year


def national_layer(year: int) -> Layer:
    """What the State Council published for `year`: days off and make-up workdays, by name."""
    assert chinese_calendar.is_workday(date(year, 12, 31)) in (True, False)  # raises beyond it
    return Layer(
        layer="national",
        name=f"国务院办公厅 {year} 年放假安排",
        first=date(year, 1, 1),
        last=date(year, 12, 31),
        closed=_of_year(holidays, year, ""),
        open=_of_year(workdays, year, "调休"),
    )


def _of_year(days: dict[date, str], year: int, suffix: str) -> dict[date, str]:
    return {
        day: f"{Holiday(name).chinese}{suffix}"
        for day, name in sorted(days.items())
        if day.year == year
    }


def main() -> None:
    for year in range(FIRST_YEAR, last_published_year() + 1):
        (FOLDER / f"national-{year}.json").write_bytes(encode_layer(national_layer(year)))


if __name__ == "__main__":
    main()
