"""Single values: numbers of people, dates, classes, names, phones."""

from collections.abc import Callable
from datetime import date

import pytest

from services.enrollment.domain.identity import (
    Sex,
    StudentNumberKind,
    check_character,
    citizen_number,
    student_number,
)
from services.enrollment.sheets import codes
from services.enrollment.sheets.cells import clean
from services.enrollment.sheets.classes import Place, read_class, read_grade, read_sheet_name
from services.enrollment.sheets.dates import DateReader
from services.enrollment.sheets.parsed import Options, Question, Refusal
from services.enrollment.sheets.values import mask, name_key, read_name, read_phone


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_examples_hold(number: str) -> None:
    said = citizen_number(number)
    assert said
    assert said.ok
    assert check_character(number[:17]) == number[17]
    assert said.sex is (Sex.FEMALE if number.endswith("2X") else Sex.MALE)


def test_what_a_number_says_is_said_apart() -> None:
    no_day = citizen_number("99010120130230001" + check_character("99010120130230001"))
    assert no_day
    assert (no_day.checksum_ok, no_day.birth_date, no_day.ok) == (True, None, False)
    wrong = citizen_number("110105194912310021")
    assert wrong
    assert (wrong.checksum_ok, wrong.birth_date) == (False, date(1949, 12, 31))
    assert citizen_number("11010519491231002x") is None


def test_student_numbers_by_letter() -> None:
    formal = student_number("G11010519491231002X")
    assert formal
    assert (formal.kind, formal.checksum_ok) == (StudentNumberKind.FORMAL, True)
    temporary = student_number("L110105201302150001")
    assert temporary
    assert temporary.checksum_ok is None
    assert student_number("A110105201302150001") is None


SAME_DAY = """
2012-09-01|2012/9/1|2012.9.1|2012年9月1日|20120901|2012 9 1|二〇一二年九月一日|2012-09-01 00:00:00
|2012\\9\\1|２０１２年９月１日|2012/09/01（周六）|41153|Sep 1, 2012|1-Sep-2012|2012·9·1
|2012–09–01|2012.9.1。
"""


@pytest.mark.parametrize("text", SAME_DAY.replace("\n", "").split("|"))
def test_dates_in_every_usual_form(text: str) -> None:
    asked: list[Question] = []
    assert DateReader(Options(), False, asked.append)(text) == date(2012, 9, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12-9-1", "date_two_digit_year"),
        ("120901", "date_two_digit_year"),
        ("2012-09", "date_incomplete"),
        ("201209", "date_incomplete"),
        ("2012", "date_incomplete"),
        ("2012-02-30", "date_does_not_exist"),
        ("9月1日", "date_unreadable"),
        ("去年", "date_unreadable"),
    ],
)
def test_uncertain_dates_are_refused(text: str, code: str) -> None:
    asked: list[Question] = []
    with pytest.raises(Refusal) as refused:
        DateReader(Options(), False, asked.append)(text)
    assert refused.value.code == code


EIGHT_THREE = (
    "八（3）班|八3班|803|八年级3班|八年级（3）班|初二(3)班|8.3|8年3班|八年三班|八三班|0803|八③班"
    "|初二3班|初二（3）班"
)


@pytest.mark.parametrize("text", EIGHT_THREE.split("|"))
def test_classes_in_every_usual_form(text: str) -> None:
    assert read_class(clean(text)) == Place(grade=8, number=3)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("3班", Place(number=3)),
        ("三班", Place(number=3)),
        ("十一班", Place(number=11)),
        ("2024级3班", Place(number=3, cohort=2024)),
        ("2403", Place(number=3, cohort=2024)),
        ("小三2班", Place(grade=3, number=2)),
        ("向日葵班", Place(name="向日葵班")),
        ("实验1班", Place(name="实验1班")),
    ],
)
def test_classes_that_say_less(text: str, place: Place) -> None:
    assert read_class(text) == place


@pytest.mark.parametrize(
    "text", ["七年级", "初一", "7", "七", "初中一年级", "07", "７年级", "七年級"]
)
def test_grades(text: str) -> None:
    assert read_grade(clean(text)) == Place(grade=7)


@pytest.mark.parametrize("text", ["2027届", "高一", "大班", "十年级", "很高"])
def test_grades_that_are_none(text: str) -> None:
    with pytest.raises(Refusal):
        read_grade(text)


@pytest.mark.parametrize("text", ["Sheet1", "2026秋", "名册2026", "9月", "202609"])
def test_sheet_names_that_say_nothing(text: str) -> None:
    assert read_sheet_name(text) is None


@pytest.mark.parametrize(
    "text", ["阿依·古丽", "阿依•古丽", "阿依．古丽", "阿 依・古丽", "阿依\u200b‧古丽"]
)
def test_names_are_equal_without_blanks_and_with_one_dot(text: str) -> None:
    assert name_key(text) == name_key("阿依·古丽")
    assert read_name(text) == "阿依·古丽"


@pytest.mark.parametrize("text", ["李小草、周木呷", "李小草/周木呷", "李小草，周木呷"])
def test_a_cell_with_two_names_is_nobodys_name(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_name(text)
    assert refused.value.code == "name_of_several"


@pytest.mark.parametrize(
    "text", ["138 0000 0001", "138-0000-0001", "+8613800000001", "13800000001/2"]
)
def test_phones(text: str) -> None:
    assert read_phone(text) == "13800000001"


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (codes.read_ethnic, "彝族", "07"),
        (codes.read_ethnic, "7", "07"),
        (codes.read_ethnic, "07-彝族", "07"),
        (codes.read_ethnic, "汉", "01"),
        (codes.read_document, "居民身份证", "1"),
        (codes.read_document, "A-护照", "A"),
        (codes.read_document, "01", "1"),
        (codes.read_document, "港澳居民来往内地通行证", "Z"),
        (codes.read_document, "出生医学证明", "Z"),
        (codes.read_left_behind, "非留守", "0"),
        (codes.read_left_behind, "双亲留守", "2"),
        (codes.read_left_behind, "是", "9"),
        (codes.read_flag, "否", False),
        (codes.read_disability, "听力残疾", "62"),
        (codes.read_disability, "无", ""),
        (codes.read_sex, "女生", Sex.FEMALE),
    ],
)
def test_codes(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


def test_masks_name_nobody() -> None:
    assert mask("53069920130215003X") == "530699 **** 3X"
    assert mask("13800000001") == "138 **** 01"
    assert mask("李小草") == "李**"
