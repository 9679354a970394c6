"""The reading process: limits, hostile files, and bad rows written back."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from services.enrollment.sheets.parsed import Parsed
from services.enrollment.sheets.reader import Limits, Wish, parse, write_errors
from tests.enrollment.sheets.files import (
    SCHOOL,
    TODAY,
    Rows,
    faults,
    id_number,
    read,
    text_file,
    xlsx,
)

WISH = Wish("roster", SCHOOL, today=TODAY)
HEAD = ["姓名", "身份证件号", "年级", "班级"]
LI = ["李小草", id_number(1), "七年级", "1"]


def codes(parsed: Parsed[Any]) -> list[str]:
    return [f.code for f in parsed.faults]


def test_rows_cross_the_process_with_their_types(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"名册": [["学生名册"], HEAD, LI, ["", *LI[1:]]]})
    assert parse(path, WISH) == read(path)


def test_progress_is_told(tmp_path: Path) -> None:
    rows = [[f"李{chr(0x4E00 + i)}", "", "七年级", "1"] for i in range(4100)]
    seen: list[int] = []
    parsed = parse(text_file(tmp_path / "a.csv", [HEAD, *rows]), WISH, progress=seen.append)
    assert (seen, len(parsed.rows)) == ([2000, 4000], 4100)


def bomb(path: Path) -> Path:
    """A directory that promises more than any roster holds."""
    data = bytearray(xlsx(path, {"名册": [HEAD, LI]}).read_bytes())
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 3 * 2**30)
    path.write_bytes(data)
    return path


def swollen(path: Path) -> Path:
    """A shared string table that swells within the limits of the directory check."""
    good = xlsx(path.with_name("good.xlsx"), {"名册": [HEAD, LI]})
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == "xl/sharedStrings.xml":
                data = data.replace(b"</sst>", b"<si><t>" + b"a" * 2**25 + b"</t></si></sst>")
            new.writestr(entry, data)
    return path


def encrypted(path: Path) -> Path:
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    )
    return path


def locked_xls(path: Path) -> Path:
    """An .xls whose stream asks for a password right after its beginning."""
    book = xlwt.Workbook()
    book.add_sheet("名册").write(0, 0, "姓名")
    out = io.BytesIO()
    book.save(out)
    data = bytearray(out.getvalue())
    at = data.find(struct.pack("<HH", 0x0809, 16)) + 20
    length = struct.unpack_from("<H", data, at + 2)[0]
    data[at : at + 2] = struct.pack("<H", 0x2F)
    data[at + 4 : at + 4 + length] = b"\1" * length
    path.write_bytes(data)
    return path


def cut(path: Path) -> Path:
    whole = xlsx(path, {"名册": [HEAD, *[LI] * 200]}).read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    return path


def cut_in_a_character(path: Path) -> Path:
    path.write_bytes("姓名,年级,班级\n李小草,七年级".encode()[:-1])
    return path


def cut_in_a_quote(path: Path) -> Path:
    path.write_bytes('姓名,年级,班级\n李小草,七年级,"1'.encode())
    return path


def cut_in_a_row(path: Path) -> Path:
    path.write_bytes("姓名,年级,班级\n李小草,七年级,1\n周木呷,七年级,1\n吴小".encode())
    return path


def merged_everywhere(path: Path) -> Path:
    ranges = "".join(f'<mergeCell ref="A{i + 2}:B1048576"/>' for i in range(500))
    return changed(path, b"</sheetData>", f"</sheetData><mergeCells>{ranges}</mergeCells>".encode())


def changed(path: Path, old: bytes, new: bytes) -> Path:
    """A sound workbook with something else in its sheet's XML."""
    good = xlsx(path.with_name("good.xlsx"), {"名册": [HEAD, LI]})
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in source.namelist():
            data = source.read(entry)
            out.writestr(entry, data.replace(old, new, 1) if "sheet1" in entry else data)
    return path


def html(path: Path) -> Path:
    path.write_text("<html><table><tr><td>姓名</td></tr></table></html>", "utf-8")
    return path


def wide(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write(0, 0, "姓名")
    sheet.write(0, 16_383, "x")
    book.close()
    return path


def tall(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    sheet.write(1_048_575, 30, "x")
    book.close()
    return path


def entities(path: Path) -> Path:
    return changed(path, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')


def word(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<x/>")
    return path


HOSTILE = [
    (bomb, "file_swells"),
    (swollen, "file_swells"),
    (encrypted, "file_encrypted"),
    (locked_xls, "file_encrypted"),
    (cut, "file_cut_off"),
    (cut_in_a_character, "file_cut_off"),
    (cut_in_a_quote, "file_cut_off"),
    (cut_in_a_row, "file_cut_off"),
    (merged_everywhere, "merged_too_much"),
    (html, "file_not_a_table"),
    (word, "file_not_a_table"),
    (wide, "sheet_too_wide"),
    (tall, "sheet_too_long"),
    (entities, "file_malformed"),
]


@pytest.mark.parametrize(("make", "code"), HOSTILE, ids=[m.__name__ for m, _ in HOSTILE])
def test_a_hostile_file_is_refused_by_its_bytes(
    tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    parsed = parse(make(tmp_path / "名册.xls"), WISH, Limits(wall_seconds=20))
    assert (codes(parsed), parsed.rows) == ([code], ())
    assert parsed.faults[0].reason


def test_formatted_empty_rows_are_no_rows(tmp_path: Path) -> None:
    cells = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (i, i) for i in range(3, 200_000))
    rows = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % i for i in range(200_000, 900_000))
    path = changed(tmp_path / "a.xlsx", b"</sheetData>", cells + rows + b"</sheetData>")
    parsed = parse(path, WISH, Limits(memory_bytes=200 * 2**20, wall_seconds=20))
    assert (codes(parsed), [r.name for r in parsed.rows]) == ([], ["李小草"])


def test_a_file_that_costs_too_much_is_given_up(tmp_path: Path) -> None:
    rows = [[f"李{chr(0x4E00 + i)}", "", "七年级", str(i)] for i in range(5_000)]
    path = text_file(tmp_path / "a.csv", [HEAD, *rows])
    assert codes(parse(path, WISH, Limits(wall_seconds=0.01))) == ["file_too_costly"]
    assert codes(parse(path, WISH, Limits(memory_bytes=30 * 2**20))) == ["file_too_costly"]


def test_an_xls_is_read_with_its_dates_errors_and_hidden_rows(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("七（1）")
    for column, text in enumerate(["姓名", "出生日期", "性别", "联系电话"]):
        sheet.write(0, column, text)
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for row, name in enumerate(["李小草", "周木呷"], 1):
        sheet.write(row, 0, name)
        sheet.write(row, 1, 41320, day)
    sheet.write(2, 2, xlwt.Formula('"男"'))
    sheet.row(1).hidden = True
    book.add_sheet("作废").visibility = 1
    book.save(str(tmp_path / "a.xls"))
    parsed = read(tmp_path / "a.xls")
    assert faults(parsed) == [("七（1）", "C3", "formula_without_value")]
    assert [str(r.birth_date) for r in parsed.rows] == ["2013-02-15"]
    assert [(s.name, s.read, s.hidden_rows) for s in parsed.sheets] == [
        ("七（1）", True, 1),
        ("作废", False, 0),
    ]


def test_formulas_errors_hidden_rows_and_1904(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet
    sheet.title = "七（1）"
    sheet.append(["姓名", "出生日期", "性别"])
    sheet.append(["李小草", 39858, "女"])
    sheet.append(["周木呷", "=B2+1", "男"])
    sheet.append(["吴小妹", None, "#N/A"])
    sheet["C4"].data_type = "e"
    sheet.row_dimensions[2].hidden = True
    book.save(tmp_path / "a.xlsx")
    parsed = read(tmp_path / "a.xlsx")
    assert faults(parsed) == [
        ("七（1）", "B3", "formula_without_value"),
        ("七（1）", "C4", "cell_error"),
    ]
    assert [str(r.birth_date) for r in parsed.rows] == ["2013-02-15"]
    assert parsed.sheets[0].hidden_rows == 1


def test_bad_rows_go_to_a_sheet_of_the_same_shape(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet("七（1）")
    sheet.merge_range(0, 0, 0, 3, "学生名册")
    sheet.merge_range(1, 0, 2, 0, "姓名")
    sheet.merge_range(1, 1, 1, 2, "监护人")
    sheet.write_row(2, 1, ["姓名", "电话"])
    sheet.merge_range(1, 3, 2, 3, "性别")
    sheet.write_row(3, 0, ["李小草", "=1+1"], None)
    sheet.write_row(3, 0, ["李小草", "王五", "13800000001", "女"])
    sheet.write_row(4, 0, ["周木呷", "@SUM(A1)", "12", "男"])
    book.close()
    parsed = parse(tmp_path / "a.xlsx", WISH)
    assert faults(parsed) == [("七（1）", "C5", "phone_unreadable")]
    out = tmp_path / "错误.xlsx"
    assert write_errors(tmp_path / "a.xlsx", out, parsed.faults, parsed.sheets) == 1
    rows = list(openpyxl.load_workbook(out)["七（1）"].iter_rows(values_only=True))
    assert rows[1][4] == "原因"
    assert rows[3][:4] == ("周木呷", "'@SUM(A1)", "12", "男")
    assert str(rows[3][4]).startswith("联系电话：不是手机号")
    again = read(out)
    assert faults(again) == [("七（1）", "C4", "phone_unreadable")]
    assert ("E", "原因") in again.sheets[0].ignored


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (
            "staff",
            [
                ["姓名", "学校", "任教班级", "班主任班级"],
                ["何立新", "石桥中学", "七1、2班", "七1班"],
            ],
        ),
        ("calendar", [["日期", "是否上课"], ["2026-10-01至10-07", "否"]]),
        (
            "calendar",
            [["学期", "开学日期", "结束日期"], ["2026年秋季学期", "2026-9-1", "2027-1-15"]],
        ),
        ("roll", [["日期", "班级", "姓名", "考勤"], ["2026-9-1", "七1班", "李小草", "病"]]),
        (
            "roll",
            [["日期", "班级", "应到", "实到", "缺勤学生"], ["2026-9-1", "七1", 9, 8, "李小草"]],
        ),
    ],
)
def test_every_kind_crosses_the_process(tmp_path: Path, kind: str, rows: Rows) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"表": rows})
    parsed = parse(path, Wish(kind, SCHOOL, today=TODAY))
    assert (len(parsed.rows), parsed.faults) == (1, ())
    assert parsed == read(path, kind)


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("calendar", [["日期", "是否上课"], ["2026-12-04", "也许"]]),
        ("roll", [["日期", "班级", "姓名", "考勤"], ["2026-9-1", "七1班", "李小草", ""]]),
    ],
)
def test_what_was_wrong_is_not_read_as_the_reason_of_a_day(
    tmp_path: Path, kind: str, rows: Rows
) -> None:
    path, out = xlsx(tmp_path / "a.xlsx", {"表": rows}), tmp_path / "错误.xlsx"
    parsed = parse(path, Wish(kind, SCHOOL, today=TODAY))
    assert write_errors(path, out, parsed.faults, parsed.sheets) == 1
    again = read(out, kind)
    assert [text for _, text in again.sheets[0].ignored] == ["错误原因"]
