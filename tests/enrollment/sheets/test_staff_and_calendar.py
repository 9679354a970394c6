"""Staff lists and calendars."""

from datetime import date
from pathlib import Path

import pytest

from services.enrollment.sheets.calendar import DayRow, TermRow
from services.enrollment.sheets.parsed import ClassRef
from tests.enrollment.sheets.files import Rows, faults, id_number, read, text_file, xlsx

STAFF = ["姓名", "工号", "身份证件号", "手机", "学校", "职务", "任教班级", "班主任班级", "起始日期"]


def seven(*numbers: int) -> tuple[ClassRef, ...]:
    return tuple(ClassRef(grade=7, number=n) for n in numbers)


def test_staff_with_posts_classes_and_homeroom(tmp_path: Path) -> None:
    rows = [
        ["石桥镇初级中学教职工花名册"],
        STAFF,
        [
            "段晓芸",
            1001,
            id_number(1, "19800101", False),
            13800000001,
            "石桥中学",
            "学籍管理员",
            "",
            "",
            "",
        ],
        [
            "何立新",
            "1002",
            "",
            "138-0000-0002",
            "石桥中学",
            "教师",
            "七（1）、七（2）班",
            "七（1）班",
            "2026.9.1",
        ],
    ]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"教职工": rows}), "staff")
    assert faults(parsed) == []
    first, second = parsed.rows
    assert (first.roles, first.phone, first.staff_number) == (("registrar",), "13800000001", "1001")
    assert (second.teaches, second.homeroom) == (seven(1, 2), seven(1)[0])
    assert second.roles == ("subject_teacher", "homeroom_teacher")
    assert second.from_date == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("七（1）班、七（2）班", (1, 2)),
        ("七(1)(2)班", (1, 2)),
        ("七1、2班", (1, 2)),
        ("701,702", (1, 2)),
        ("七年级1-3班", (1, 2, 3)),
        ("七（1）班 七（3）班", (1, 3)),
        ("初一（2）班", (2,)),
    ],
)
def test_lists_of_classes(tmp_path: Path, text: str, numbers: tuple[int, ...]) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"教职工": [["姓名", "任教班级"], ["何立新", text]]})
    parsed = read(path, "staff")
    assert faults(parsed) == []
    assert parsed.rows[0].teaches == seven(*numbers)


def test_two_homeroom_teachers_of_a_class_are_refused(tmp_path: Path) -> None:
    rows = [["姓名", "工号", "班主任班级"], ["何立新", "1", "七（1）"], ["段晓芸", "2", "七1班"]]
    parsed = read(text_file(tmp_path / "教职工.csv", rows), "staff")
    assert faults(parsed) == [
        ("教职工", "C2", "homeroom_two_teachers"),
        ("教职工", "C3", "homeroom_two_teachers"),
    ]


def test_days_and_terms(tmp_path: Path) -> None:
    days = [
        ["日期", "层级", "学校", "是否上课", "原因"],
        ["2026年10月1日至7日", "县", "", "否", "国庆节"],
        [date(2026, 10, 10), "国家", "", "是", "调休"],
        ["2026-11-12", "学校", "石桥中学", "停课", "暴雪"],
    ]
    terms = [["学期", "开学日期", "结束日期"], ["2026-2027学年第一学期", "20260901", 46402]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"校历": days, "学期": terms}), "calendar", None)
    assert faults(parsed) == []
    found = [
        (r.first, r.last, r.layer, r.is_school_day) for r in parsed.rows if isinstance(r, DayRow)
    ]
    assert found == [
        (date(2026, 10, 1), date(2026, 10, 7), "county", False),
        (date(2026, 10, 10), date(2026, 10, 10), "national", True),
        (date(2026, 11, 12), date(2026, 11, 12), "school", False),
    ]
    (term,) = [r for r in parsed.rows if isinstance(r, TermRow)]
    assert (term.opens, term.closes) == (date(2026, 9, 1), date(2027, 1, 15))
    assert term.named
    assert (term.named.year, term.named.half) == (2026, 1)


@pytest.mark.parametrize(
    ("row", "cell", "code"),
    [
        (["2026-02-30", "县", "", "否", ""], "A2", "date_does_not_exist"),
        (["2026-10-01", "月球", "", "否", ""], "B2", "layer_unknown"),
        (["2026-10-01", "县", "", "也许", ""], "D2", "school_day_unreadable"),
        (["2026-10-01", "县", "", "", ""], "D2", "school_day_missing"),
        (["2026-10-01", "学校", "", "否", ""], "C2", "school_missing"),
        (["2026-10-01", "县", "2199000001", "否", ""], "B2、C2", "layer_contradicts"),
    ],
)
def test_what_is_wrong_in_a_calendar(tmp_path: Path, row: list[str], cell: str, code: str) -> None:
    rows = [["日期", "层级", "学校标识码", "是否上课", "原因"], row]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"校历": rows}), "calendar", None)
    assert [f[1:] for f in faults(parsed)] == [(cell, code)]


def test_a_school_s_calendar_without_a_word_of_whose_it_is_is_its_own(tmp_path: Path) -> None:
    rows = [["日期", "是否上课", "原因"], ["2026-12-04", "放假", "大雪"]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"校历": rows}), "calendar", "2199000001")
    assert [(row.layer, row.school_code) for row in parsed.rows] == [("school", "2199000001")]


@pytest.mark.parametrize("kind", ["roster", "staff", "calendar"])
def test_a_file_without_a_single_row_is_refused_and_says_so(tmp_path: Path, kind: str) -> None:
    heads = {
        "roster": ["姓名", "性别", "年级", "班级"],
        "staff": STAFF,
        "calendar": ["日期", "层级", "是否上课"],
    }
    for number, rows in enumerate(([], [heads[kind]])):
        parsed = read(xlsx(tmp_path / f"{number}.xlsx", {"Sheet1": rows}), kind)
        assert [fault.code for fault in parsed.faults] == ["no_rows"]
        assert "一行内容也没有" in parsed.faults[0].reason


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([["日期", "层级", "原因"], ["2026-12-04", "县", "大雪"]], "是否上课"),
        ([["日期", "层级", "是否上课"], ["", "县", "否"]], "日期"),
    ],
)
def test_a_column_that_a_calendar_lacks_is_named_in_words(
    tmp_path: Path, rows: Rows, column: str
) -> None:
    parsed = read(xlsx(tmp_path / "a.xlsx", {"校历": rows}), "calendar", None)
    assert [fault.column for fault in parsed.faults] == [column]


def test_a_layer_of_the_school_is_known_by_its_short_word(tmp_path: Path) -> None:
    rows = [["日期", "层级", "学校", "是否上课"], ["2026-12-04", "校", "石桥中学", "否"]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"校历": rows}), "calendar", None)
    assert [(row.layer, row.school_name) for row in parsed.rows] == [("school", "石桥中学")]
