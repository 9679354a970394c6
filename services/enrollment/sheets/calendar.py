"""A calendar: days that are or are not school days, for whom and why, and terms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from services.enrollment.sheets.calendar_columns import (
    DAYS,
    NO_SCHOOL,
    SCHOOL_DAY,
    TERMS,
    read_school_day,
)
from services.enrollment.sheets.cells import Cell, tight
from services.enrollment.sheets.dates import DateReader
from services.enrollment.sheets.heading import LOOK_AT_ROWS, facts_above, find_heading
from services.enrollment.sheets.parsed import Parsed, Refusal, TermNamed
from services.enrollment.sheets.placing import School, read_term, school_named, school_year
from services.enrollment.sheets.reading import Reading
from services.enrollment.sheets.roster import refuse_headless, visible
from services.enrollment.sheets.table import RawRow, Table
from services.enrollment.sheets.workbook import Sheet

MAX_RANGE_DAYS = 200


MAX_TERM_DAYS = 250


MIN_TERM_DAYS = 30
FIRST_HALF_OPENS_FROM = 7


SPAN = re.compile(r"(.+?)\s*(?:至|到|—|–|~|～|--+|(?<=日)-|\s-\s)\s*(.+)")


SHORT_END = re.compile(r"(?:(\d{1,2})[月/.-])?(\d{1,2})日?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One or more days, both ends counted. `layer` is national, county or school."""

    sheet: str
    row: int
    first: date
    last: date
    layer: str
    school_code: str
    school_name: str
    is_school_day: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRow:
    """A term with its first and last day; `named` is its school year and half."""

    sheet: str
    row: int
    text: str
    named: TermNamed
    opens: date
    closes: date
    layer: str
    school_code: str
    school_name: str


def read_calendar(sheets: Sequence[Sheet], reading: Reading) -> Parsed[Any]:
    """Rows are `DayRow` and `TermRow`; each sheet holds one of the two."""
    rows: list[DayRow | TermRow] = []
    for sheet in visible(sheets, reading):
        head = sheet.head(LOOK_AT_ROWS)
        terms = find_heading(head, sheet.merged(), TERMS)
        days = find_heading(head, sheet.merged(), DAYS)
        if terms and terms.has("opens") and terms.has("closes"):
            facts = facts_above(head, terms.row)
            table = Table(reading, sheet, terms)
            rows.extend(_terms(table, facts))
        elif days and (days.has("date") or days.has("from")):
            facts = facts_above(head, days.row)
            reading.dates.school_year = partial(school_year, reading, facts)
            table = Table(reading, sheet, days)
            rows.extend(_days(table))
        else:
            refuse_headless(sheet, reading, "日期、是否上课，或学期、开学日期、结束日期")
            continue
        reading.reports.append(table.report("calendar"))
    _check_days(rows, reading)
    return reading.parsed(cast(list[object], rows))


def _school(table: Table, raw: RawRow) -> tuple[School, str]:
    """The school concerned, and the layer: a row that names a school is its own exception."""
    stated = school_named(raw.text("school_code"), raw.text("school_name"))
    code, name = stated.code, stated.name
    own = table.reading.account_school or ""
    layer = raw.text("layer")
    if name in ("全县", "全区", "全市", "所有学校", "全部", "各校", "各学校"):
        name = ""
    if own and code and code != own:
        table.fault(
            raw, Refusal("school_not_yours", "这是别的学校", "只传本校的校历"), "school_code"
        )
    if layer != "school" and not code and not name:
        return School("" if layer else own, ""), layer or ("school" if own else "county")
    if layer == "school" and not (code or name or own):
        problem = Refusal(
            "school_missing", "没有写哪个学校", "补上学校，或把层级改为“县”", "（空）"
        )
        table.fault(raw, problem, "school_code")
    if layer not in ("", "school"):
        mend = "只管这一所就把层级写成“学校”，全县都这样就把学校空着"
        problem = Refusal("layer_contradicts", "层级不是学校，却写了一所学校", mend)
        table.fault(raw, problem, "layer", "school_code", "school_name", value=name or code)
    return School(code or ("" if name else own), name), layer if layer != "" else "school"


def _days(table: Table) -> Iterator[DayRow]:
    for raw in table.rows():
        span = _span(table, raw)
        school, layer = _school(table, raw)
        is_open = _is_open(table, raw)
        if raw.bad or span is None or is_open is None:
            continue
        yield DayRow(
            sheet=raw.sheet,
            row=raw.row,
            first=span[0],
            last=span[1],
            layer=layer,
            school_code=school.code,
            school_name=school.name,
            is_school_day=is_open,
            reason=raw.text("reason") or None,
        )


def _is_open(table: Table, raw: RawRow) -> bool | None:
    """Whether there is school; a column named 是否放假 says the opposite."""
    text = raw.text("open")
    place = table.place.get("open")
    said = text or (raw.text("reason") if place is None else "")
    try:
        answer = read_school_day(said)
    except Refusal:
        problem = Refusal("school_day_unreadable", "看不出上不上课", "写“是”或“否”")
        table.fault(raw, problem, "open", value=said)
        return None
    if answer is None:
        problem = Refusal("school_day_missing", "没有写上不上课", "写“是”或“否”", "（空）")
        table.fault(raw, problem, "open")
        return None
    heading = table.heading.texts.get(place, "") if place is not None else ""
    negative = re.search("放假|休息|停课", heading) is not None
    plain = not NO_SCHOOL.search(said) and not SCHOOL_DAY.match(tight(said))
    return not answer if negative and plain else answer


def _span(table: Table, raw: RawRow) -> tuple[date, date] | None:
    first, last = raw.get("from"), raw.get("to")
    field = "from"
    try:
        if raw.get("date") is not None:
            field = "date"
            first, last = _dates(table.reading.dates, cast(Cell, raw.get("date")))
    except Refusal as refusal:
        table.fault(raw, refusal, "date", value=str(raw.get("date")))
        return None
    if not isinstance(first, date):
        if not raw.bad:
            table.fault(raw, Refusal("date_missing", "没有写哪一天", "补上日期", "（空）"), field)
        return None
    end = last if isinstance(last, date) else first
    if not 0 <= (end - first).days <= MAX_RANGE_DAYS:
        problem = Refusal("date_range_wrong", "结束日期在开始日期以前，或相隔太久", "核对两个日期")
        table.fault(raw, problem, "to" if "to" in table.place else field, value=end.isoformat())
        return None
    return first, end


def _dates(read: DateReader, cell: Cell) -> tuple[date | None, date | None]:
    """One day, or 2026年10月1日至7日: the end may leave out what it shares with the beginning."""
    try:
        day = read(cell)
        return day, day
    except Refusal:
        found = SPAN.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if not found:
            raise
        first = read(found[1])
        short = SHORT_END.fullmatch(tight(found[2]))
        if first is None or not short:
            return first, read(found[2])
        month = int(short[1] or first.month)
        year = first.year + (month < first.month)
        return first, read(f"{year}-{month}-{short[2]}")


def _terms(table: Table, facts: dict[str, str]) -> Iterator[TermRow]:
    for raw in table.rows():
        school, layer = _school(table, raw)
        opens, closes = raw.get("opens"), raw.get("closes")
        for field, value in (("opens", opens), ("closes", closes)):
            if value is None and not raw.bad:
                problem = Refusal("date_missing", "没有写哪一天", "补上日期", "（空）")
                table.fault(raw, problem, field)
        if raw.bad or not isinstance(opens, date) or not isinstance(closes, date):
            continue
        if not timedelta(MIN_TERM_DAYS) <= closes - opens <= timedelta(MAX_TERM_DAYS):
            problem = Refusal("term_length", "开学和结束相隔不像一个学期", "核对两个日期")
            table.fault(raw, problem, "opens", "closes", value=f"{opens}—{closes}")
            continue
        text = raw.text("term") or facts.get("term", "")
        yield TermRow(
            sheet=raw.sheet,
            row=raw.row,
            text=text,
            named=read_term(text) or _term_of(opens, text),
            opens=opens,
            closes=closes,
            layer=layer,
            school_code=school.code,
            school_name=school.name,
        )


def _term_of(opens: date, text: str) -> TermNamed:
    """The term that begins then: from July on it is the first of a school year."""
    first = opens.month >= FIRST_HALF_OPENS_FROM
    return TermNamed(year=opens.year - (not first), half=1 if first else 2, text=text)


def _check_days(rows: list[DayRow | TermRow], reading: Reading) -> None:
    """The same day of the same layer, once with school and once without, refuses both rows."""
    seen: dict[tuple[object, ...], DayRow] = {}
    told: set[tuple[str, int]] = set()
    for row in rows:
        if not isinstance(row, DayRow):
            continue
        for offset in range((row.last - row.first).days + 1):
            day = row.first + timedelta(offset)
            key = (day, row.layer, row.school_code, row.school_name)
            first = seen.setdefault(key, row)
            if first.is_school_day != row.is_school_day:
                _refuse_pair(first, row, reading, told)


def _refuse_pair(
    first: DayRow, second: DayRow, reading: Reading, told: set[tuple[str, int]]
) -> None:
    for one, other in ((first, second), (second, first)):
        if (one.sheet, one.row) not in told:
            told.add((one.sheet, one.row))
            reason = f"与“{other.sheet}”第 {other.row} 行是同一天，一个上课一个不上（都不收）"
            problem = Refusal("day_contradicts", reason, "只留对的一行", one.first.isoformat())
            reading.fault_in(one.sheet, one.row, "date", "日期", problem)
