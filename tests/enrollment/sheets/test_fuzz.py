"""Any bytes and any cells give a result: rows, or faults with a code and a reason."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.enrollment.sheets.cells import Cell, clean
from services.enrollment.sheets.classes import read_class, read_grade, read_sheet_name
from services.enrollment.sheets.dates import DateReader
from services.enrollment.sheets.kinds import KINDS, read_file
from services.enrollment.sheets.marks import read_legend
from services.enrollment.sheets.parsed import Options, Parsed, Question, Refusal
from services.enrollment.sheets.values import name_key, read_name
from tests.enrollment.sheets.files import SCHOOL, TODAY

EXAMPLES = 150
SAMPLES = """
姓名 性别 出生日期 身份证件号 年级 班级 学校 学期 开学日期 结束日期
日期 是否上课 应到 实到 缺勤学生 考勤 1 2 3 4 5 √ × 病 ○ 七年级 七（1）班 2024级 803
男 女 否 是 2026-09-01 9月 图例：√出勤 合计 工号 任教班级 七1-3班 无
"""
WORDS = st.sampled_from(SAMPLES.split())
CELLS = st.one_of(
    WORDS,
    WORDS,
    st.text(max_size=12),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1900, 3, 1), date(2100, 1, 1)),
    st.booleans(),
    st.none(),
)
TABLES = st.lists(st.lists(CELLS, max_size=8), min_size=1, max_size=14)
HEADS = (
    b"",
    b"PK\3\4",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "姓名,年级,班级\n".encode(),
)
KIND = st.sampled_from(sorted(KINDS))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def sound(parsed: Parsed[Any]) -> None:
    """Every refusal has a code and a reason, every row belongs to no fault."""
    assert parsed.rows or parsed.faults or parsed.sheets or parsed.questions
    for fault in parsed.faults:
        assert fault.code
        assert fault.reason
        assert not fault.row or fault.cell
    assert not parsed.bad_rows & {(r.sheet, r.row) for r in parsed.rows}


def taken(path: Path, kind: str) -> Parsed[Any]:
    parsed = read_file(path, kind, Options({}, TODAY), SCHOOL)
    sound(parsed)
    return parsed


@fuzz
@given(head=st.sampled_from(HEADS), body=st.binary(max_size=400), kind=KIND)
def test_any_bytes(tmp_path: Path, head: bytes, body: bytes, kind: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(head + body)
    taken(path, kind)


@fuzz
@given(text=st.text(max_size=300), head=st.booleans(), kind=KIND)
def test_any_text(tmp_path: Path, text: str, head: bool, kind: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(("姓名,年级,班级,日期\n" if head else "") + text, "utf-8", errors="ignore")
    taken(path, kind)


@fuzz
@given(rows=TABLES, merged=st.tuples(*[st.integers(0, 5)] * 4), kind=KIND)
def test_any_table(
    tmp_path: Path, rows: list[list[Cell]], merged: tuple[int, int, int, int], kind: str
) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("七（1）")
    top, left, height, width = merged
    if height + width:
        sheet.merge_range(top, left, top + height, left + width, "学生")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            sheet.write(r, c, cell)
    book.close()
    taken(tmp_path / "a.xlsx", kind)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sound workbooks, named 0, 1 and 2."""
    rows = [["姓名", "年级", "班级", "出生日期"], ["李小草", "七年级", "1", "2013-02-15"]]
    new, old = io.BytesIO(), io.BytesIO()
    book = xlsxwriter.Workbook(new)
    sheet = book.add_worksheet("名册")
    books = xlwt.Workbook()
    sheets = books.add_sheet("名册")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            sheet.write(r, c, cell)
            sheets.write(r, c, cell)
    book.close()
    books.save(old)
    folder = tmp_path_factory.mktemp("sound")
    for name, data in enumerate([new.getvalue(), old.getvalue(), _stored(new.getvalue())]):
        (folder / str(name)).write_bytes(data)
    return folder


def _stored(data: bytes) -> bytes:
    """The same workbook without compression, so that damage reaches the XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
    return out.getvalue()


@fuzz
@given(
    which=st.integers(0, 2), at=st.floats(0, 1), damage=st.binary(max_size=30), cut=st.booleans()
)
def test_any_damage(
    tmp_path: Path, originals: Path, which: int, at: float, damage: bytes, cut: bool
) -> None:
    data = (originals / str(which)).read_bytes()
    place = int(at * len(data))
    rest = b"" if cut else data[place + len(damage) :]
    path = tmp_path / "a.xlsx"
    path.write_bytes(data[:place] + damage + rest)
    taken(path, "roster")


@fuzz
@given(st.text(max_size=20))
def test_any_text_of_a_cell(text: str) -> None:
    asked: list[Question] = []
    read_date = DateReader(Options(), False, asked.append)
    for read in (read_date, read_grade, read_class, read_name):
        with suppress(Refusal):
            read(clean(text))
    read_sheet_name(text)
    read_legend([text])
    assert name_key(name_key(text)) == name_key(text)
