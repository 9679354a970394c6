"""Dates in every form an office writes them, read once or refused, never guessed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.enrollment.sheets.cells import Cell, is_nothing, text_of
from services.enrollment.sheets.parsed import Options, Question, Refusal

EPOCH_1900 = date(1899, 12, 30)
EPOCH_1904 = date(1904, 1, 1)
MIN_SERIAL, MAX_SERIAL = 7_000, 75_000
"""Days from 1919 to 2105: what a serial may mean beside 20120901 and a bare year."""

SCHOOL_YEAR_STARTS_MONTH = 8
CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
YMD = re.compile(
    r"(\d{4})\s*[-/.年,、\\_·~ ]\s*(\d{1,2})\s*[-/.月,、\\_·~ ]\s*(\d{1,2})\s*[日号]?\.?"
)
# A word processor makes a dash of the hyphen.
DASHED = re.compile(r"\d{4}[‐‑‒–—−]\d{1,2}[‐‑‒–—−]\d{1,2}")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
LAST_YEAR = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4})")
MONTH_DAY = re.compile(r"(1[0-2]|0?[1-9])\s*月\s*(\d{1,2})\s*[日号]?")
TWO_DIGIT = re.compile(r"'?(\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|\d{6}")
NO_DAY = re.compile(r"\d{4}\s*(?:[-/.年]\s*\d{1,2}\s*月?|年)?|(?:19|20)\d{2}(?:0[1-9]|1[0-2])")
MONTH_NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
ENGLISH_DMY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-\s./]*([a-z]{3,9})\.?[-\s,./]*(\d{4})")
ENGLISH_MDY = re.compile(r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?[\s,]+(\d{4})")
TIME_TAIL = re.compile(
    r"[\sT]+(?:上午|下午)?\s*\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}(?:\.\d+)?秒?)?\s*(?:[ap]m|z)?$",
    re.I,
)
WEEKDAY_TAIL = re.compile(r"[\s(]*(?:星期|周|礼拜)[一二三四五六日天][\s)]*$")
CHINESE_DATE = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]?"
)
WRITE_SO = "写成 2012-09-01 这样的年月日"
ORDERS = (("mdy", "月/日/年"), ("dmy", "日/月/年"))
ORDER_QUESTION = "date_order"


@dataclass(frozen=True, slots=True)
class Month:
    """A birth of which only year and month are written."""

    year: int
    month: int


def read_month(cell: Cell) -> Month | None:
    """2013.02, 2013年2月, 201302; None for anything else."""
    if isinstance(cell, float) and str(cell).endswith(".1"):
        return None  # October, 2013.10, and January are the same number
    found = re.fullmatch(r"((?:19|20)\d{2})\s*[-/.年]?\s*(1[0-2]|0?[1-9])\s*月?", text_of(cell))
    return Month(int(found[1]), int(found[2])) if found else None


class DateReader:
    """Reads the dates of one file: knows its epoch, how its 3/4/2012 is meant, and asks once."""

    def __init__(self, options: Options, date1904: bool, ask: Callable[[Question], None]) -> None:
        self.order = options.get(ORDER_QUESTION)
        self.epoch = EPOCH_1904 if date1904 else EPOCH_1900
        self.ask = ask
        self.school_year: Callable[[], int | None] | None = None
        """Where days of one school year stand, gives the year for 9月1日; birth dates have none."""

    def __call__(self, cell: Cell) -> date | None:
        """The day, None for an empty cell. Raises `Refusal` for what is no certain day."""
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        if isinstance(cell, bool | time | timedelta):
            raise _no_date()
        if isinstance(cell, int | float):
            return self._number(float(cell))
        text = text_of(cell)
        return None if is_nothing(text) else self._text(text)

    def _number(self, value: float) -> date:
        whole = int(value)
        if 18_000_101 <= value <= 29_991_231 and value == whole:
            return self._text(str(whole))
        if MIN_SERIAL <= value <= MAX_SERIAL:
            return self.epoch + timedelta(days=whole)
        if 1900 <= value < 2100:
            raise _no_day()
        raise _no_date()

    def _text(self, text: str) -> date:
        text = WEEKDAY_TAIL.sub("", TIME_TAIL.sub("", text)).strip().removesuffix("。")
        if DASHED.fullmatch(text):
            text = "-".join(re.findall(r"\d+", text))
        for pattern in (YMD, COMPACT):
            if found := pattern.fullmatch(text):
                return _day(*found.groups())
        if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
            return self._number(float(text))
        if self.school_year and (found := MONTH_DAY.fullmatch(text)):
            return self._this_year(int(found[1]), found[2])
        if found := LAST_YEAR.fullmatch(text):
            return self._year_last(*(int(g) for g in found.groups()))
        return _in_words(text)

    def _this_year(self, month: int, day: str) -> date:
        start = self.school_year() if self.school_year else None
        if start is None:
            raise Refusal("year_unknown", "没有写年份", "回答上面的问题，或" + WRITE_SO)
        return _day(start + (month < SCHOOL_YEAR_STARTS_MONTH), month, day)

    def _year_last(self, first: int, second: int, year: int) -> date:
        """1/9/2012 is asked, unless one of the two cannot be a month or both are the same."""
        if first == second or second > 12:
            return _day(year, first, second)
        if first > 12 or self.order == "dmy":
            return _day(year, second, first)
        if self.order == "mdy":
            return _day(year, first, second)
        self.ask(
            Question(
                id=ORDER_QUESTION,
                text=f"{first}/{second}/{year} 这样的日期，前面是月还是日？",
                option=ORDER_QUESTION,
                choices=ORDERS,
            )
        )
        raise Refusal(
            "date_order_unknown", "看不出哪个是月、哪个是日", "回答上面的问题，或" + WRITE_SO
        )


def _day(year: str | int, month: str | int, day: str | int) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Refusal("date_does_not_exist", "没有这一天", "改成日历上有的日期") from error


def _in_words(text: str) -> date:
    if found := CHINESE_DATE.fullmatch(text):
        year = found[1].translate(CHINESE)
        return _day(year, chinese_number(found[2]), chinese_number(found[3]))
    low = text.lower()
    if found := ENGLISH_DMY.fullmatch(low):
        return _day(found[3], _month(found[2]), found[1])
    if found := ENGLISH_MDY.fullmatch(low):
        return _day(found[3], _month(found[1]), found[2])
    if NO_DAY.fullmatch(text):
        raise _no_day()
    if TWO_DIGIT.fullmatch(text):
        raise Refusal("date_two_digit_year", "年份只有两位，看不出是哪一年", WRITE_SO)
    raise _no_date()


def _month(name: str) -> int:
    try:
        return MONTH_NAMES.index(name[:3]) + 1
    except ValueError as error:
        raise _no_date() from error


def _no_day() -> Refusal:
    return Refusal("date_incomplete", "日期不全，要有年、月、日", WRITE_SO)


def _no_date() -> Refusal:
    return Refusal("date_unreadable", "看不出是哪一天", WRITE_SO)


def chinese_number(text: str) -> int:
    """一 to 九十九, also digits one by one (二三 = 23). Raises ValueError for anything else."""
    if text.isdecimal():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_digits(tens) if tens else 1) * 10 + (_digits(ones) if ones else 0)
    return _digits(text)


def _digits(text: str) -> int:
    plain = text.translate(CHINESE)
    if not plain.isdecimal() or not plain.isascii():
        raise ValueError(text)
    return int(plain)
