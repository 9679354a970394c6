"""How values are written on a page: dates, times, ids, masks, late entries, numbers."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from shared.web.words import Language

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
DAYS_ZH = "一二三四五六日"
DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ID_GROUPS = re.compile(r"^(\S{6})(\S{8})(\S{3,4})$")
PHONE_DIGITS = 11


def local(moment: datetime) -> datetime:
    """The business time (Asia/Shanghai) of an aware moment; a naive one is business time."""
    return moment.astimezone(BUSINESS_ZONE) if moment.tzinfo else moment


def day_of(value: date) -> date:
    return local(value).date() if isinstance(value, datetime) else value


def sentence_date(value: date, today: date | None = None, lang: Language = "zh") -> str:
    """11月18日 in sentences; with the year when it is not today's."""
    day = day_of(value)
    foreign = today is not None and day.year != today.year
    if lang == "en":
        return f"{day.day} {MONTHS_EN[day.month - 1]}" + (f" {day.year}" if foreign else "")
    return (f"{day.year}年" if foreign else "") + f"{day.month}月{day.day}日"


def table_date(value: date, today: date | None = None) -> str:
    """11-18 in tables; 2025-11-18 when the year is not today's."""
    day = day_of(value)
    return f"{day:%Y-%m-%d}" if today is not None and day.year != today.year else f"{day:%m-%d}"


def full_date(value: date) -> str:
    return f"{day_of(value):%Y-%m-%d}"


def clock_time(moment: datetime) -> str:
    """08:41"""
    return f"{local(moment):%H:%M}"


def table_moment(moment: datetime, today: date | None = None) -> str:
    """11-18 08:41 in tables."""
    return f"{table_date(moment, today)} {clock_time(moment)}"


def sentence_moment(moment: datetime, today: date | None = None, lang: Language = "zh") -> str:
    """11月8日 18:00 in sentences."""
    return f"{sentence_date(moment, today, lang)} {clock_time(moment)}"


def weekday(value: date, lang: Language = "zh", *, short: bool = False) -> str:
    """星期三, or 周三 where there is little room."""
    index = day_of(value).weekday()
    return DAYS_EN[index] if lang == "en" else ("周" if short else "星期") + DAYS_ZH[index]


def grouped_id(number: str) -> str:
    """An identity number as 6 8 4; others stay as they are. Copied without blanks by script."""
    found = ID_GROUPS.match(number)
    return " ".join(found.groups()) if found else number


def grouped_phone(number: str) -> str:
    """138 0000 6027 for a mobile number."""
    plain = number.isdigit() and len(number) == PHONE_DIGITS
    return f"{number[:3]} {number[3:7]} {number[7:]}" if plain else number


def masked(value: str) -> str:
    """138 **** 6027, 990101 **** **** ****, 吉克**: what stands where a value is not opened."""
    if value.isdigit() and len(value) == PHONE_DIGITS:
        return f"{value[:3]} **** {value[7:]}"
    if ID_GROUPS.match(value):
        return f"{value[:6]} **** **** ****"
    return value[: (len(value) + 1) // 2] + "*" * (len(value) // 2)


def lateness(happened: datetime, recorded: datetime, lang: Language = "zh") -> str:
    """How much later something was recorded than it happened: 5天02时, or 3时05分 within a day."""
    late = max(recorded - happened, timedelta())
    hours, minutes = late.seconds // 3600, late.seconds % 3600 // 60
    if late.days:
        return f"{late.days}d {hours:02}h" if lang == "en" else f"{late.days}天{hours:02}时"
    return f"{hours}h {minutes:02}m" if lang == "en" else f"{hours}时{minutes:02}分"


def breakable(name: str) -> Markup:
    """A long name may break after its middle dot, and nowhere else."""
    return Markup("·<wbr>").join(name.split("·"))


def thousands(number: int) -> str:
    """1,186"""
    return f"{number:,}"


def per_thousand(number: float | None) -> str:
    """One decimal; a dash where there is no denominator."""
    return "—" if number is None else f"{number:.1f}"


def input_date(value: date | None) -> str:
    return "" if value is None else full_date(value)
