"""Layouts that schools send: titles, two storeys, merged cells, footers, sheets named by class."""

from datetime import date
from pathlib import Path

import openpyxl
import xlsxwriter
import xlwt

from services.enrollment.sheets.parsed import ClassRef, TermNamed
from tests.enrollment.sheets.files import faults, id_number, read, text_file, xlsx

FORM_TEXT = """
姓名 性别 出生日期 身份证件类型 身份证件号 全国学籍号 民族 年级 班级 学校标识码
学校名称 户口所在地 现住址 监护人 联系电话 是否留守儿童 是否随迁子女 残疾类型 籍贯
"""
FORM = FORM_TEXT.split()


def two_storeys(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for n in (1, 2):
        sheet = book.add_worksheet(f"七（{n}）")
        sheet.merge_range(0, 0, 0, 7, "2026—2027学年度第一学期学生花名册")
        sheet.write_row(1, 0, ["学校：石桥镇初级中学", "", "", "", "班主任：何立新"])
        sheet.merge_range(2, 0, 3, 0, "序号")
        sheet.merge_range(2, 1, 2, 3, "学生")
        sheet.write_row(3, 1, ["姓名", "性别", "身份证号"])
        sheet.merge_range(2, 4, 2, 6, "家长（监护人）")
        sheet.write_row(3, 4, ["姓名", "身份证号", "电话"])
        sheet.merge_range(2, 7, 3, 7, "备注")
        for i, name in enumerate(("李小草", "周木呷")):
            number, parent = id_number(n * 10 + i), id_number(n * 10 + i, "19800101")
            row = [i + 1, f"{name}{'甲乙'[n - 1]}", "男", number, "王五", parent, "13800000001"]
            sheet.write_row(4 + i, 0, row)
        sheet.write_row(8, 0, ["合计", "", "2人"])
        sheet.write(9, 0, "制表人：段晓芸        审核人：校长")
        sheet.write(10, 1, "填表日期：2026年9月1日")
    book.close()
    return path


def test_two_storeys_titles_footers_and_sheets_named_by_class(tmp_path: Path) -> None:
    parsed = read(two_storeys(tmp_path / "a.xlsx"), school=None)
    assert faults(parsed) == []
    assert [(r.name, r.class_.label, r.guardian, r.phone) for r in parsed.rows] == [
        ("李小草甲", "七（1）班", "王五", "13800000001"),
        ("周木呷甲", "七（1）班", "王五", "13800000001"),
        ("李小草乙", "七（2）班", "王五", "13800000001"),
        ("周木呷乙", "七（2）班", "王五", "13800000001"),
    ]
    assert {r.school_name for r in parsed.rows} == {"石桥镇初级中学"}
    assert parsed.term
    assert (parsed.term.year, parsed.term.half) == (2026, 1)
    assert isinstance(parsed.term, TermNamed)


def test_the_national_form_with_codes_and_full_width(tmp_path: Path) -> None:
    girl, boy = id_number(1, male=False), id_number(2)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in boy)
    rows = [
        FORM,
        ["李小草", "女", "20130215", "1-居民身份证", girl.lower(), "G" + girl, "01", "2024级",
         "3班", "3199000001", "石桥镇初级中学", "", "", "李大", 13800000001, "1", "0", "", "某省"],
        ["周 木\u200b呷", "1", 41320, "户口簿", wide, "", "彝族", "初二", "三班",
         3199000001, "石桥镇初级中学", "", "", "", "", "双亲留守", "否", "听力残疾", ""],
    ]  # fmt: skip
    first, second = read(xlsx(tmp_path / "a.xlsx", {"学生": rows}), school=None).rows
    assert first.class_ == ClassRef(grade=9, number=3)
    assert (first.id_number, first.student_number) == (girl, "G" + girl)
    assert (first.ethnic, first.left_behind, first.migrant) == ("01", "1", False)
    assert (second.name, second.id_number, second.birth_date) == ("周木呷", boy, date(2013, 2, 15))
    assert second.class_ == ClassRef(grade=8, number=3)
    assert (second.ethnic, second.left_behind, second.disability) == ("07", "2", "62")
    assert second.school_code == "3199000001"


def test_a_wrong_student_number_is_a_warning(tmp_path: Path) -> None:
    rows = [["姓名", "学籍号", "班级"], ["李小草", "G990101201302150023", "701"]]
    wrong = [rows[0], ["李小草", "G" + id_number(1)[:17] + "?", "701"]]
    assert read(text_file(tmp_path / "a.csv", rows)).warnings == ()
    parsed = read(text_file(tmp_path / "b.csv", wrong))
    assert [w.code for w in parsed.warnings] == ["student_number_shape"]
    assert len(parsed.rows) == 1


def test_cells_merged_downwards_count_for_each_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    for row in (
        ["学校", "年级", "班级", "姓名"],
        ["石桥小学", "三年级", "1班", "李小草"],
        [None, None, None, "周木呷"],
        [None, None, "2班", "吴小妹"],
    ):
        sheet.append(row)
    for merged in ("A2:A4", "B2:B4", "C2:C3", "A5:A9"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "a.xlsx")
    parsed = read(tmp_path / "a.xlsx", school=None)
    assert faults(parsed) == []
    assert [(r.name, r.class_.number, r.school_name) for r in parsed.rows] == [
        ("李小草", 1, "石桥小学"),
        ("周木呷", 1, "石桥小学"),
        ("吴小妹", 2, "石桥小学"),
    ]


def test_hidden_sheets_are_skipped_and_said(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    book.add_worksheet("七（1）").write_column(0, 0, ["姓名", "李小草"])
    hidden = book.add_worksheet("作废")
    hidden.write_column(0, 0, ["姓名", "周木呷"])
    hidden.hide()
    book.add_worksheet("填写说明").write_column(0, 0, ["说明", "姓名照户口簿填写"])
    book.close()
    parsed = read(tmp_path / "a.xlsx")
    assert [r.name for r in parsed.rows] == ["李小草"]
    assert [(s.name, s.read, s.note) for s in parsed.sheets] == [
        ("七（1）", True, ""),
        ("作废", False, "是隐藏表，没有读"),
        ("填写说明", False, "是说明，没有读"),
    ]


def test_an_entry_year_without_stage_is_asked(tmp_path: Path) -> None:
    rows = [["姓名", "班级", "学校"], ["李小草", "2024级3班", "石桥学校"]]
    path = text_file(tmp_path / "a.csv", rows)
    parsed = read(path, school=None)
    assert [(q.id, [k for k, _ in q.choices]) for q in parsed.questions] == [
        ("cohort:2024", ["3", "9"])
    ]
    (row,) = read(path, school=None, **{"cohort:2024": "9"}).rows
    assert row.class_ == ClassRef(grade=9, number=3)


def test_an_american_or_european_date_is_asked(tmp_path: Path) -> None:
    path = text_file(
        tmp_path / "a.csv", [["姓名", "班级", "出生日期"], ["李小草", "701", "3/4/2013"]]
    )
    assert [q.id for q in read(path).questions] == ["date_order"]
    assert read(path, date_order="dmy").rows[0].birth_date == date(2013, 4, 3)
    assert read(path, date_order="mdy").rows[0].birth_date == date(2013, 3, 4)


def test_a_school_takes_only_its_own(tmp_path: Path) -> None:
    rows = [
        ["姓名", "班级", "学校标识码"],
        ["李小草", "701", "2199000001"],
        ["周木呷", "701", "2199000002"],
    ]
    parsed = read(text_file(tmp_path / "名册.csv", rows))
    assert faults(parsed) == [("名册", "C3", "school_not_yours")]
    assert [r.name for r in parsed.rows] == ["李小草"]


def test_a_workbook_under_a_wrong_name_is_read_by_its_bytes(tmp_path: Path) -> None:
    for name in ("a.xls", "a.csv", "a.txt", "a"):
        rows = read(xlsx(tmp_path / name, {"七（1）": [["姓名"], ["李小草"]]})).rows
        assert [r.name for r in rows] == ["李小草"]
    book = xlwt.Workbook()
    page = book.add_sheet("七（1）")
    page.write(0, 0, "姓名")
    page.write(1, 0, "李小草")
    book.save(str(tmp_path / "b.xlsx"))
    assert faults(read(tmp_path / "b.xlsx")) == []


def test_a_month_of_birth_is_held_against_the_number(tmp_path: Path) -> None:
    head = ["姓名", "班级", "出生年月", "身份证号（家长）", "身份证号"]
    parent = id_number(3, "19800101")
    rows = [
        head,
        ["李小草", "701", "2013.02", parent, id_number(1)],
        ["周木呷", "701", "201303", parent, id_number(2)],
        ["吴小妹", "701", "2013年3月", parent, ""],
        ["郑飞", "701", "2013-03-05", parent, ""],
    ]
    parsed = read(text_file(tmp_path / "名册.csv", rows))
    assert faults(parsed) == [("名册", "C3、E3", "birth_date_contradicts_id")]
    assert [(r.name, r.birth_date) for r in parsed.rows] == [
        ("李小草", date(2013, 2, 15)),
        ("吴小妹", None),
        ("郑飞", date(2013, 3, 5)),
    ]


def test_groups_without_merged_cells_count_for_the_blanks_right_of_them(tmp_path: Path) -> None:
    rows = [
        ["学生", "", "监护人", ""],
        ["姓名", "班级", "姓名", "电话"],
        ["李小草", "701", "李大", "13800000001"],
    ]
    (row,) = read(text_file(tmp_path / "a.csv", rows)).rows
    assert (row.name, row.guardian, row.phone) == ("李小草", "李大", "13800000001")
