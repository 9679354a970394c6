"""The three-layer calendar: published facts, fallback, overrides, terms and versions."""

import json
from datetime import date, timedelta
from hashlib import sha256

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.calendar import DayKind, Publication, SchoolCalendar, UnitTerm
from shared.policy.layer import (
    Layer,
    LayerInvalid,
    encode_layer,
    layer_sha256,
    load_layer,
    shipped_layer_bytes,
    shipped_national_layers,
)
from shared.policy.published import FIRST_YEAR, FOLDER, last_published_year, national_layer

COUNTY = "990101"
SCHOOL = "2199010001"
OTHER_SCHOOL = "2199010002"
CLASS = f"990000/990100/{COUNTY}/990101001/{SCHOOL}/0190a3d2-0000-7000-8000-000000000001"
NEIGHBOUR = f"990000/990100/{COUNTY}/990101001/{OTHER_SCHOOL}"
SPRING = UnitTerm(COUNTY, "2026春", date(2026, 3, 2), date(2026, 7, 3))
AUTUMN = UnitTerm(COUNTY, "2026秋", date(2026, 9, 1), date(2027, 1, 15))


def layer(kind: str, closed: dict[date, str], opened: dict[date, str], year: int = 2026) -> Layer:
    content = {
        "layer": kind,
        "name": "测试校历",
        "first": f"{year}-01-01",
        "last": f"{year}-12-31",
        "closed": {day.isoformat(): why for day, why in closed.items()},
        "open": {day.isoformat(): why for day, why in opened.items()},
    }
    return load_layer(json.dumps(content).encode())


def published(unit: str, content: Layer, valid_from: date = date(2026, 1, 1)) -> Publication:
    return Publication(unit, layer_sha256(encode_layer(content)), content, valid_from)


def test_shipped_layers_are_what_chinesecalendar_publishes() -> None:
    years = range(FIRST_YEAR, last_published_year() + 1)
    assert [entry.first.year for _, entry in shipped_national_layers()] == list(years)
    for year in years:
        stored = (FOLDER / f"national-{year}.json").read_bytes()
        assert stored == encode_layer(national_layer(year))
        assert shipped_layer_bytes(sha256(stored).hexdigest()) == stored


def test_every_shipped_day_is_the_working_day_that_chinesecalendar_says() -> None:
    calendar = SchoolCalendar()
    day = date(FIRST_YEAR, 1, 1)
    while day.year <= last_published_year():
        kind = calendar.is_school_day(day, CLASS)
        assert (kind.school, kind.provisional) == (chinese_calendar.is_workday(day), False), day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", range(2010, 2027))
def test_holidays_of_a_second_source_agree(year: int) -> None:
    calendar, china = SchoolCalendar(), holidays.country_holidays("CN", years=year)
    differing = [
        day
        for day in (date(year, 1, 1) + timedelta(days=n) for n in range(365))
        if calendar.is_school_day(day, CLASS).school != china.is_working_day(day)
    ]
    assert differing == []


def test_four_working_days_from_29_april_2026_end_on_7_may() -> None:
    days = SchoolCalendar().school_days(date(2026, 4, 29), date(2026, 5, 7), CLASS)
    assert days == (date(2026, 4, 29), date(2026, 4, 30), date(2026, 5, 6), date(2026, 5, 7))


@pytest.mark.parametrize("day", [date(2026, 2, 28), date(2026, 10, 10)])
def test_make_up_saturdays_are_working_days(day: date) -> None:
    assert day.strftime("%A") == "Saturday"
    assert SchoolCalendar().is_school_day(day, CLASS).school


def test_the_extended_holiday_of_2020_is_known() -> None:
    kind = SchoolCalendar().is_school_day(date(2020, 1, 31), CLASS)
    assert kind == DayKind(False, False, "春节")


def test_beyond_the_published_years_monday_to_friday_is_provisional() -> None:
    calendar = SchoolCalendar()
    monday, saturday = date(2027, 3, 15), date(2027, 3, 20)
    assert calendar.is_school_day(monday, CLASS) == DayKind(True, True, "国家放假安排未公布")
    assert calendar.is_school_day(saturday, CLASS) == DayKind(False, True, "周末")


def test_publishing_the_next_year_makes_it_certain_from_the_day_it_is_in_force() -> None:
    new_year = date(2027, 1, 1)
    content = layer("national", {new_year: "元旦"}, {}, 2027)
    before = SchoolCalendar()
    after = SchoolCalendar([published(COUNTY, content, date(2026, 11, 20))])
    assert before.is_school_day(new_year, CLASS).school
    assert after.is_school_day(new_year, CLASS) == DayKind(False, False, "元旦")
    assert before.version_for(CLASS, new_year) != after.version_for(CLASS, new_year)
    assert before.version_for(CLASS, date(2026, 5, 7)) == after.version_for(CLASS, date(2026, 5, 7))


def test_a_change_during_a_year_leaves_earlier_days_as_they_were() -> None:
    first = layer("county", {date(2026, 5, 8): "运动会"}, {})
    second = layer("county", {date(2026, 6, 1): "儿童节"}, {})
    calendar = SchoolCalendar(
        [published(COUNTY, first), published(COUNTY, second, date(2026, 5, 20))]
    )
    assert not calendar.is_school_day(date(2026, 5, 8), CLASS).school
    assert not calendar.is_school_day(date(2026, 6, 1), CLASS).school


def test_a_national_layer_replaces_the_shipped_one_wholly() -> None:
    content = layer("national", {}, {})
    calendar = SchoolCalendar([published(COUNTY, content)])
    assert calendar.is_school_day(date(2026, 5, 1), CLASS).school


def test_the_county_overrides_the_nation_and_the_school_overrides_the_county() -> None:
    make_up, fair, closed = date(2026, 5, 9), date(2026, 5, 13), date(2026, 5, 14)
    county = layer("county", {make_up: "不补课", closed: "防汛"}, {})
    school = layer("school", {fair: "赶集"}, {closed: "照常上课"})
    calendar = SchoolCalendar([published(COUNTY, county), published(SCHOOL, school)])
    assert calendar.is_school_day(make_up, CLASS) == DayKind(False, False, "不补课")
    assert calendar.is_school_day(fair, CLASS) == DayKind(False, False, "赶集")
    assert calendar.is_school_day(closed, CLASS) == DayKind(True, False, "照常上课")
    assert calendar.is_school_day(fair, NEIGHBOUR).school
    assert not calendar.is_school_day(closed, NEIGHBOUR).school


def test_no_school_outside_a_term_and_only_the_unknown_side_is_provisional() -> None:
    calendar = SchoolCalendar(terms=[SPRING, AUTUMN])
    assert calendar.is_school_day(date(2026, 7, 3), CLASS).school
    assert calendar.is_school_day(date(2026, 7, 6), CLASS) == DayKind(False, False, "假期")
    assert calendar.is_school_day(date(2027, 3, 1), CLASS) == DayKind(False, True, "学期未公布")
    assert calendar.next_school_day(date(2026, 7, 3), CLASS) == date(2026, 9, 1)
    assert calendar.next_school_day(date(2027, 1, 15), CLASS) is None


def test_a_schools_own_term_replaces_the_countys_of_the_same_code_only() -> None:
    later = UnitTerm(SCHOOL, "2026春", date(2026, 3, 9), date(2026, 7, 3))
    calendar = SchoolCalendar(terms=[later, SPRING, AUTUMN])
    assert not calendar.is_school_day(date(2026, 3, 2), CLASS).school
    assert calendar.is_school_day(date(2026, 3, 2), NEIGHBOUR).school
    assert calendar.is_school_day(date(2026, 9, 1), CLASS).school


def test_the_later_of_two_openings_of_a_term_holds() -> None:
    moved = UnitTerm(COUNTY, "2026春", date(2026, 3, 4), date(2026, 7, 3))
    calendar = SchoolCalendar(terms=[SPRING, moved])
    assert calendar.next_school_day(date(2026, 2, 1), CLASS) == date(2026, 3, 4)
    assert calendar.version_for(CLASS, date(2026, 3, 4)) != SchoolCalendar(
        terms=[SPRING]
    ).version_for(CLASS, date(2026, 3, 4))


@given(st.dates(date(2025, 12, 1), date(2027, 2, 1)), st.integers(0, 40))
def test_the_days_of_a_span_are_those_that_are_school_days_one_by_one(day: date, n: int) -> None:
    calendar, last = SchoolCalendar(terms=[SPRING, AUTUMN]), day + timedelta(days=n)
    singly = [
        d
        for d in (day + timedelta(days=k) for k in range(n + 1))
        if calendar.is_school_day(d, CLASS).school
    ]
    assert list(calendar.school_days(day, last, CLASS)) == singly
    following = calendar.next_school_day(day, CLASS)
    assert following is None or following > day


def test_equal_layers_are_written_equally_and_read_back() -> None:
    days = {date(2026, 6, 1): "儿童节", date(2026, 5, 8): "运动会"}
    one = encode_layer(layer("county", days, {}))
    other = encode_layer(layer("county", dict(reversed(days.items())), {}))
    assert one == other
    assert encode_layer(load_layer(one)) == one


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"first": "2027-01-01"}, "起止日期"),
        ({"open": {"2026-05-08": "上课"}}, "请留一个"),
        ({"open": {"2025-05-08": "上课"}}, "之内"),
        ({"days": []}, "读不懂"),
    ],
)
def test_a_faulty_layer_is_refused(change: dict[str, object], says: str) -> None:
    content: dict[str, object] = {
        "layer": "county",
        "name": "校历",
        "first": "2026-01-01",
        "last": "2026-12-31",
        "closed": {"2026-05-08": "运动会"},
        "open": {},
    }
    with pytest.raises(LayerInvalid, match=says):
        load_layer(json.dumps(content | change).encode())
