"""Rolls in their three layouts, and what is asked or refused instead of guessed."""

from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from services.enrollment.sheets.marks import Mark, read_legend
from services.enrollment.sheets.parsed import ClassRef
from services.enrollment.sheets.roll_rows import ChildDay, ClassDay
from tests.enrollment.sheets.files import Rows, faults, read, xlsx

NAMES = ["李小草", "周木呷", "阿依·古丽"]
TITLE = ["石桥镇初级中学七（1）班2026年9月考勤表"]


def grid(*marks: list[str], legend: str = "", title: list[str] = TITLE) -> Rows:
    head = ["序号", "姓名", *[str(d) for d in range(1, 31)]]
    rows = [[i + 1, n, *m] for i, (n, m) in enumerate(zip(NAMES, marks, strict=True))]
    return [title, head, *rows, [], [legend]]


def test_a_row_for_each_child_and_day(tmp_path: Path) -> None:
    rows = [
        ["日期", "年级", "班级", "姓名", "考勤", "原因"],
        ["2026-09-01", "七年级", "1", "李小草", "√", ""],
        ["2026-09-01", "七年级", "1", "周木呷", "缺勤", "病假"],
        ["2026-09-01", "七年级", "1", "阿依•古丽", "旷课", ""],
    ]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"考勤": rows}), "roll")
    assert faults(parsed) == []
    assert [(r.name_key, r.mark, r.cell) for r in parsed.rows if isinstance(r, ChildDay)] == [
        ("李小草", Mark.PRESENT, "E2"),
        ("周木呷", Mark.SICK, "E3"),
        ("阿依·古丽", Mark.UNEXCUSED, "E4"),
    ]


@pytest.mark.parametrize(
    ("names", "expected", "present", "marks"),
    [
        ("李小草（病假）、周木呷", 45, 43, [Mark.SICK, Mark.UNEXCUSED]),
        ("病假：李小草、周木呷；事假：阿依·古丽", 45, 42, [Mark.SICK, Mark.SICK, Mark.PERSONAL]),
        ("李小草 周木呷", 45, 43, [Mark.UNEXCUSED] * 2),
        ("无", 45, 45, []),
        ("", 45, 45, []),
    ],
)
def test_a_row_for_each_class_and_day(
    tmp_path: Path, names: str, expected: int, present: int, marks: list[Mark]
) -> None:
    rows = [
        ["日期", "班级", "应到", "实到", "缺勤学生"],
        [date(2026, 9, 1), "七（1）班", expected, present, names],
    ]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"考勤": rows}), "roll")
    assert faults(parsed) == []
    (row,) = parsed.rows
    assert isinstance(row, ClassDay)
    assert row.class_ == ClassRef(grade=7, number=1)
    assert [a.mark for a in row.absentees] == marks


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ([45, 42, "李小草"], "counts_disagree"),
        ([45, "", "李小草"], "counts_missing"),
        ([45, 43, "李小草等2人"], "absentees_unclear"),
        ([45, 42, "李 小草 周"], "absentees_unclear"),
    ],
)
def test_absentees_that_do_not_agree_are_refused(
    tmp_path: Path, cells: list[object], code: str
) -> None:
    rows = [["日期", "班级", "应到", "实到", "缺勤学生"], ["2026-09-01", "七（1）班", *cells]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"考勤": rows}), "roll")
    assert [c for _, _, c in faults(parsed)] == [code]
    assert parsed.rows == ()


def test_an_empty_column_of_a_grid_is_no_roll(tmp_path: Path) -> None:
    marks = grid(["√", "", "病"], ["×", "", "√"], ["事", "", "旷"])
    parsed = read(xlsx(tmp_path / "a.xlsx", {"9月": marks}), "roll")
    assert faults(parsed) == []
    rows = [r for r in parsed.rows if isinstance(r, ChildDay)]
    assert {r.day for r in rows} == {date(2026, 9, 1), date(2026, 9, 3)}
    assert Counter(r.mark for r in rows) == {
        Mark.PRESENT: 2, Mark.UNEXCUSED: 2, Mark.PERSONAL: 1, Mark.SICK: 1,
    }  # fmt: skip
    assert rows[0].class_ == ClassRef(grade=7, number=1)


def test_where_only_the_absent_are_marked_the_others_were_there(tmp_path: Path) -> None:
    marks = grid(["", "", "病"], ["×", "", ""], ["", "", ""])
    parsed = read(xlsx(tmp_path / "a.xlsx", {"9月": marks}), "roll")
    assert Counter(r.mark for r in parsed.rows) == {
        Mark.PRESENT: 4, Mark.UNEXCUSED: 1, Mark.SICK: 1,
    }  # fmt: skip


def test_a_blank_beside_ticks_is_asked(tmp_path: Path) -> None:
    marks = grid(["√"], ["√"], [""])
    path = xlsx(tmp_path / "a.xlsx", {"9月": marks})
    parsed = read(path, "roll")
    assert [q.id for q in parsed.questions] == ["legend:空白"]
    assert [c for _, c, _ in faults(parsed)] == ["C5"]
    assert len(read(path, "roll", **{"legend:空白": "unmarked"}).rows) == 2


def test_an_unknown_mark_is_asked_and_the_answer_settles_it(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"9月": grid(["○", "√"], ["√", "√"], ["√", "△"])})
    parsed = read(path, "roll")
    assert [q.id for q in parsed.questions] == ["legend:○", "legend:△"]
    assert [(c, k) for _, c, k in faults(parsed)] == [
        ("C3", "mark_unknown"),
        ("D5", "mark_unknown"),
    ]
    answered = read(path, "roll", legend="○=病假,△=personal")
    assert Counter(r.mark for r in answered.rows) == {
        Mark.PRESENT: 4, Mark.SICK: 1, Mark.PERSONAL: 1,
    }  # fmt: skip


def test_each_question_is_settled_by_the_option_that_it_names(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"9月": grid(["○", "√"], ["√", ""], ["√", "△"])})
    given = {q.option: q.choices[0][0] for q in read(path, "roll").questions}
    assert set(given) == {"legend:○", "legend:△", "legend:空白"}
    answered = read(path, "roll", **given)
    assert (answered.questions, faults(answered)) == ((), [])


@pytest.mark.parametrize(
    "legend",
    [
        "图例：○出勤 ×病假 △旷课",
        "注：○ 表示出勤，× 表示病假，△ 表示旷课",
        "出勤○ 病假× 旷课△",
        "说明：出勤=○；病假=×；旷课=△",
        "符号：○=出勤;×=病假;△=旷课",
        "图例： ○ 出勤 × 病假 △ 旷课",
        "图例：出勤“○”、病假“×”、旷课“△”",
        "班级：七（1）班 2026年9月 图例：○出勤 ×病假 △旷课",
        "班主任：何立新 ○出勤 ×病假 △旷课",
    ],
)
def test_the_legend_of_the_file_rules(tmp_path: Path, legend: str) -> None:
    assert read_legend([legend]).stated == {
        "○": Mark.PRESENT, "×": Mark.SICK, "△": Mark.UNEXCUSED,
    }  # fmt: skip
    marks = grid(["○", "○"], ["○", "×"], ["○", "△"], legend=legend)
    parsed = read(xlsx(tmp_path / "a.xlsx", {"9月": marks}), "roll")
    assert (parsed.questions, faults(parsed)) == ((), [])
    assert Counter(r.mark for r in parsed.rows) == {
        Mark.PRESENT: 4, Mark.SICK: 1, Mark.UNEXCUSED: 1,
    }  # fmt: skip


def test_the_month_is_asked_where_nothing_names_it(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"考勤": grid(["√"], ["√"], ["√"], title=["七（1）班"])})
    assert [q.id for q in read(path, "roll").questions] == ["month"]
    assert {r.day for r in read(path, "roll", month="2026-10").rows} == {date(2026, 10, 1)}


@pytest.mark.parametrize(
    "rows",
    [
        [["姓名", "星期一", "星期二"], ["李小草", "√", "√"]],
        [["班级", "出勤率"], ["七（1）班", "98%"]],
    ],
)
def test_a_fourth_layout_is_refused(tmp_path: Path, rows: Rows) -> None:
    parsed = read(xlsx(tmp_path / "a.xlsx", {"考勤": rows}), "roll")
    assert [c for _, _, c in faults(parsed)] == ["layout_unknown"]


def test_half_days_are_refused(tmp_path: Path) -> None:
    rows = [
        TITLE,
        ["姓名", *[d for day in range(1, 9) for d in (day, "")]],
        ["", *["上午", "下午"] * 8],
        ["李小草", *["√"] * 16],
    ]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"9月": rows}), "roll")
    assert [c for _, _, c in faults(parsed)] == ["layout_half_days"]


def test_a_grid_under_a_merged_heading_with_weekdays_and_totals(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.title = "考勤"
    for row in (
        ["石桥镇初级中学学生考勤表"],
        ["班级：七（1）班", "", "", "2026年9月", "", "图例：√到校 ○病假 ●事假 △旷课"],
        ["序号", "姓名", "日期", "", "", "", "合计"],
        ["", "", 1, 2, 3, 4, ""],
        ["", "", "二", "三", "四", "五", "出勤"],
        [1, "李小草", "√", "○", "", "√", 2],
        [2, "周木呷", "√", "●", "", "△", 1],
        ["班主任签字：何立新"],
    ):
        sheet.append([cell if cell != "" else None for cell in row])
    for merged in ("A1:G1", "A3:A5", "B3:B5", "C3:F3", "G3:G4"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "a.xlsx")
    parsed = read(tmp_path / "a.xlsx", "roll")
    assert (faults(parsed), parsed.questions) == ([], ())
    marks = [(r.cell, r.mark, r.day.day) for r in parsed.rows if isinstance(r, ChildDay)]
    assert marks == [
        ("C6", Mark.PRESENT, 1),
        ("C7", Mark.PRESENT, 1),
        ("D6", Mark.SICK, 2),
        ("D7", Mark.PERSONAL, 2),
        ("F6", Mark.PRESENT, 4),
        ("F7", Mark.UNEXCUSED, 4),
    ]


@pytest.mark.parametrize(("word", "mark"), [("到", Mark.PRESENT), ("假", Mark.LEAVE)])
def test_a_short_word_is_known_in_a_list_and_asked_about_in_a_grid(
    tmp_path: Path, word: str, mark: Mark
) -> None:
    rows = [["日期", "班级", "姓名", "考勤"], ["2026-09-01", "七（1）班", "李小草", word]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"考勤": rows}), "roll")
    assert [r.mark for r in parsed.rows] == [mark]
    across = read(xlsx(tmp_path / "b.xlsx", {"9月": grid([word], ["√"], ["√"])}), "roll")
    assert [q.id for q in across.questions] == [f"legend:{word}"]


def test_a_day_said_twice_names_the_column_of_the_mark(tmp_path: Path) -> None:
    rows = [
        ["日期", "班级", "姓名", "考勤"],
        ["2026-09-01", "七（1）班", "李小草", "√"],
        ["2026-09-01", "七（1）班", "李小草", "旷课"],
    ]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"考勤": rows}), "roll")
    assert [(f.cell, f.column) for f in parsed.faults] == [("D2", "考勤"), ("D3", "考勤")]
