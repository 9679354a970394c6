"""The days that stand across a month grid, and which month they are of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.enrollment.sheets.cells import Cell, clean, is_empty, shown, tight
from services.enrollment.sheets.dates import SCHOOL_YEAR_STARTS_MONTH
from services.enrollment.sheets.heading import (
    HEADING_WITHIN_ROWS,
    MAX_STOREYS,
)
from services.enrollment.sheets.parsed import Question
from services.enrollment.sheets.placing import school_year
from services.enrollment.sheets.reading import Reading
from services.enrollment.sheets.workbook import Row, Sheet

MIN_DAYS = 4


DAY = re.compile(r"(\d{1,2})(?:日|号)?(?:\(?(?:星期|周)?[一二三四五六日]\)?)?")


MONTH_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")


MONTH = re.compile(r"(?:(20\d{2})\s*[-/.年]?\s*)?(?<!\d)(1[0-2]|0?[1-9])\s*月")


YEAR_MONTH = re.compile(r"(20\d{2})[-/.](1[0-2]|0?[1-9])(?!\d)")


CHINESE_MONTH = re.compile(r"(十[一二]?|[一二三四五六七八九])月")


CHINESE_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@dataclass(frozen=True, slots=True)
class Days:
    """The row (from 0) with the days across, and for each column its day or whole date."""

    row: int
    places: dict[int, int | date]
    broken: bool = False
    """Days stand right of these that do not go on rising, as 9.10 that became 9.1."""


def find_days(head: Sequence[Row], reading: Reading) -> Days | None:
    """The row of the first ten with the most days across; None where none has at least four."""
    best: Days | None = None
    for index, row in enumerate(head[: HEADING_WITHIN_ROWS + MAX_STOREYS]):
        places = _days(row)
        if len(places) >= MIN_DAYS and (best is None or len(places) > len(best.places)):
            following = max(places) + 1
            broken = following < len(row) and _day(row[following]) is not None
            best = Days(index, places, broken)
    return best


def _days(row: Row) -> dict[int, int | date]:
    """Days that rise from left to right; numbers that do not are no days."""
    found: dict[int, int | date] = {}
    last: int | date | None = None
    for place, cell in enumerate(row):
        day = _day(cell)
        if day is None:
            continue
        if last is not None and (type(day) is not type(last) or day <= last):  # type: ignore[operator]
            if len(found) >= MIN_DAYS:
                break
            found.clear()
        found[place] = last = day
    return found


def _day(cell: Cell) -> int | date | None:
    if isinstance(cell, date):
        return date(cell.year, cell.month, cell.day)
    if isinstance(cell, bool) or is_empty(cell):
        return None
    text = tight(clean(shown(cell)))
    if found := MONTH_DAY.fullmatch(text):
        return _dated(found)
    if found := DAY.fullmatch(text):
        return int(found[1]) if 1 <= int(found[1]) <= 31 else None
    return None


def _dated(found: re.Match[str]) -> int | date | None:
    """9月1日 keeps its month as a date of the year 4, a leap year, until the year is known."""
    try:
        return date(int(found[1] or 4), int(found[2]), int(found[3]))
    except ValueError:
        return None


def month_texts(sheet: Sheet, facts: dict[str, str]) -> list[str]:
    return [facts.get("month", ""), facts.get("title", ""), clean(sheet.name)]


def dates_of(
    days: Days, texts: list[str], reading: Reading, facts: dict[str, str]
) -> dict[int, date | None] | None:
    """The date of every column, None for a day that its month lacks; None once asked."""
    whole = [d for d in days.places.values() if isinstance(d, date)]
    if whole and all(d.year > 4 for d in whole):
        return dict(days.places)  # type: ignore[arg-type]
    months = sorted({d.month for d in whole})
    year, month = _month(texts, reading)
    month = month or (months[0] if months else None)
    if month and year is None:
        start = school_year(reading, facts)
        year = None if start is None else start + (month < SCHOOL_YEAR_STARTS_MONTH)
    if year is None or month is None:
        if month is None:
            reading.ask(
                Question(
                    id="month", text="这份考勤表是哪一年哪一月的？", option="month", hint="2026-09"
                )
            )
        return None
    return {p: _date_of(d, year, month) for p, d in days.places.items()}


def _date_of(day: int | date, year: int, month: int) -> date | None:
    wanted = (month, day) if isinstance(day, int) else (day.month, day.day)
    try:
        return date(year, *wanted)
    except ValueError:
        return None


def _month(texts: list[str], reading: Reading) -> tuple[int | None, int | None]:
    """(year, month) as answered or named by the title, either may be missing."""
    for text in (reading.options.get("month") or "", *texts):
        found = YEAR_MONTH.search(text) or MONTH.search(text)
        if found:
            return (int(found[1]) if found[1] else _year_in(text)), int(found[2])
        if word := CHINESE_MONTH.search(text):
            return _year_in(text), CHINESE_MONTHS.index(word[1]) + 1
    return None, None


def _year_in(text: str) -> int | None:
    """A year named apart, unless it names a school year."""
    found = re.search(r"(20\d{2})\s*年(?!.{0,8}学年)(?!\s*[-—–~至])", text)
    return int(found[1]) if found else None
