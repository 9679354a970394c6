"""Rosters as schools and counties really write them."""

from datetime import date
from pathlib import Path

import pytest

from services.enrollment.sheets.parsed import ClassRef
from tests.enrollment.sheets.files import Rows, faults, id_number, read, text_file, xlsx

HEAD = ["姓名", "性别", "出生日期", "身份证件号", "年级", "班级"]
LI = ["李小草", "女", "2013-02-15", id_number(1, male=False), "七年级", "1"]
ZHOU = ["周木呷", "男", "2013-02-15", id_number(2), "七年级", "（2）班"]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_text_is_read_in_every_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    parsed = read(text_file(tmp_path / "名册.csv", [HEAD, LI, ZHOU], encoding, separator))
    assert faults(parsed) == []
    assert [(r.name, r.class_, r.birth_date) for r in parsed.rows] == [
        ("李小草", ClassRef(grade=7, number=1), date(2013, 2, 15)),
        ("周木呷", ClassRef(grade=7, number=2), date(2013, 2, 15)),
    ]


@pytest.mark.parametrize("above", range(9))
def test_the_heading_is_found_in_the_first_ten_rows(tmp_path: Path, above: int) -> None:
    titles: Rows = [["学生名册"], *[[f"说明第{i}条"] for i in range(above)]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"名册": [*titles, HEAD, LI]}))
    assert [r.name for r in parsed.rows] == ["李小草"]
    assert parsed.sheets[0].heading_row == above + 2


@pytest.mark.parametrize(
    ("changed", "cell", "code"),
    [
        ({3: 5.30699201302150e17}, "D2", "number_lost_digits"),
        ({3: "5.30699E+17"}, "D2", "number_lost_digits"),
        ({3: id_number(1, male=False)[:17]}, "D2", "id_length"),
        ({3: id_number(2)[:17] + "A"}, "D2", "id_characters"),
        ({2: "2013-02-30"}, "C2", "date_does_not_exist"),
        ({2: "13-2-15"}, "C2", "date_two_digit_year"),
        ({2: "2013.2"}, "C2", "date_incomplete"),
        ({2: "2013-02-16"}, "C2、D2", "birth_date_contradicts_id"),
        ({1: "男"}, "B2、D2", "sex_contradicts_id"),
        ({0: ""}, "A2", "name_missing"),
        ({4: ""}, "E2", "grade_missing"),
        ({4: "高一"}, "E2", "grade_outside"),
        ({5: "甲1乙2"}, "F2", "class_unreadable"),
        ({5: "八（1）班"}, "E2", "grade_contradicts"),
        ({1: "甲"}, "B2", "sex_unreadable"),
    ],
)
def test_what_is_wrong_is_named_by_its_cell(
    tmp_path: Path, changed: dict[int, object], cell: str, code: str
) -> None:
    row = [changed.get(i, v) for i, v in enumerate(LI)]
    parsed = read(
        xlsx(
            tmp_path / "a.xlsx",
            {"七年级": [HEAD, row, ZHOU]} if 4 not in changed else {"名册": [HEAD, row, ZHOU]},
        )
    )
    assert faults(parsed)[0][1:] == (cell, code)
    assert [r.name for r in parsed.rows] == ["周木呷"]


def test_one_number_with_two_names_refuses_both_rows(tmp_path: Path) -> None:
    other = ["王二", *LI[1:]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"一": [HEAD, LI, ZHOU], "二": [HEAD, other]}))
    assert faults(parsed) == [
        ("一", "D2", "id_number_two_names"),
        ("二", "D2", "id_number_two_names"),
    ]
    assert [r.name for r in parsed.rows] == ["周木呷"]


def test_one_child_in_two_classes_refuses_both_rows(tmp_path: Path) -> None:
    parsed = read(xlsx(tmp_path / "a.xlsx", {"一": [HEAD, LI, [*LI[:5], "2"]]}))
    assert {c for _, _, c in faults(parsed)} == {"child_in_two_classes"}
    assert parsed.rows == ()


@pytest.mark.parametrize("name", ["李小草(休学)", "李小草2"])
def test_a_name_with_a_note_in_it_is_taken_and_doubted(tmp_path: Path, name: str) -> None:
    rows = [["姓名", "年级", "班级"], [name, "七年级", "1班"]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"学生": rows}))
    assert [row.name for row in parsed.rows] == [name]
    assert [(one.cell, one.code) for one in parsed.warnings] == [("A2", "name_with_note")]


def test_of_a_document_that_is_unknown_the_number_is_not_judged(tmp_path: Path) -> None:
    head = ["姓名", "身份证件类型", "身份证件号", "年级", "班级"]
    row = ["李小草", "某某证", "H12345678", "七年级", "1班"]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"名册": [head, row]}))
    assert faults(parsed) == [("名册", "B2", "document_unknown")]


def test_a_subtotal_in_the_middle_is_no_child(tmp_path: Path) -> None:
    rows: Rows = [HEAD, LI, ["七年级小计", "1人"], ZHOU, ["合计", "2人"]]
    parsed = read(xlsx(tmp_path / "a.xlsx", {"七年级": rows}))
    assert faults(parsed) == []
    assert [r.name for r in parsed.rows] == ["李小草", "周木呷"]
