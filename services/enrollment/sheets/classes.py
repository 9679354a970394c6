"""Grades and classes as schools write them: 七年级, 初一, 2024级, 八（3）班, 803, 八五班."""

import re
from dataclasses import dataclass

from services.enrollment.sheets.cells import clean, tight
from services.enrollment.sheets.dates import chinese_number
from services.enrollment.sheets.parsed import Refusal

MAX_CLASS_NUMBER = 60
NUMERALS = "一二三四五六七八九"
GRADE_SO = "写成“七年级”或“初一”"
CLASS_SO = "写成“八（3）班”或“3”"
TOO_HIGH = re.compile(r"高[一二三中]|十[一二]?年级|1[0-2]年级|大班|中班|小班|学前|幼儿")
NUM = r"([0-9]{1,2}|[一二三四五六七八九十]{1,3})"
GRADE = re.compile(
    rf"(?:(?:小学|初中|中学)?第?{NUM}年[级纪]|(?:初中?|中)([一二三四]|[1234](?![0-9]))(?:年级)?"
    rf"|(?:小学?|小)([一二三四五六]|[1-6](?![0-9]))(?:年级)?"
    rf"|(?:初中?|小学?)?((?:19|20)?[0-9]{{2}})级(?:初中|小学)?)"
)
NUMBER = re.compile(rf"[(\[【<]?第?{NUM}[)\]】>]?班?")
BRACKETED = re.compile(rf"([1-9]|[{NUMERALS}])年?级?[(\[【<.\-—·]{NUM}[)\]】>]?班?")
BRACKETED_NAMED = re.compile(rf"([1-9]|[{NUMERALS}])年?级?[(\[【]{NUM}[)\]】]\D{{1,6}}班")
YEAR_CLASS = re.compile(rf"([1-9]|[{NUMERALS}])年{NUM}班")
TWO_WORDS = re.compile(rf"([{NUMERALS}])([0-9]{{1,2}}|[{NUMERALS}十]{{1,3}})班?")
DIGITS = re.compile(r"0?([1-9])([0-9]{2})班?")
COHORT_DIGITS = re.compile(r"((?:20)?[0-9]{2})([0-9]{2})班?")
HALF = re.compile("[(]?[上下](学期|册|期)?[)]?")
IN_SHEET_NAME = re.compile(
    rf"{GRADE.pattern}(?:[(\[【]?{NUM}[)\]】]?班?)?|{BRACKETED.pattern}|{YEAR_CLASS.pattern}"
    rf"|(?<![0-9.])[1-9][0-9]{{2}}班?(?![0-9.年月])|[{NUMERALS}][0-9{NUMERALS}]{{1,2}}班"
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a text says of a class: any part may be missing. `cohort` is the year of entry."""

    grade: int | None = None
    number: int | None = None
    name: str = ""
    cohort: int | None = None


def read_grade(text: str) -> Place | None:
    """Grade or cohort of a grade cell; None for an empty one. Raises `Refusal`."""
    text = tight(text).replace("級", "级")
    if not text:
        return None
    _refuse_other_stages(text)
    if re.fullmatch(r"0?[1-9]|[一二三四五六七八九]", text):
        return Place(grade=chinese_number(text))
    found = GRADE.match(text)
    if found:
        return _with_rest(_grade_of(found), text[found.end() :])
    raise Refusal("grade_unreadable", "看不出是哪个年级", GRADE_SO)


def _refuse_other_stages(text: str) -> None:
    if TOO_HIGH.search(text):
        raise Refusal("grade_outside", "只收一年级到九年级", "高中和幼儿园的学生不要放在这份名册里")


def _grade_of(found: re.Match[str]) -> Place:
    plain, middle, primary, cohort = found.groups()
    if cohort:
        return Place(cohort=int(cohort) if len(cohort) == 4 else 2000 + int(cohort))
    if middle:
        grade = chinese_number(middle) + 6
    elif primary:
        grade = chinese_number(primary)
    else:
        grade = chinese_number(plain)
        grade += 6 if found[0].startswith(("初中", "中学")) and grade <= 3 else 0
    if not 1 <= grade <= 9:
        raise Refusal("grade_outside", "只收一年级到九年级", GRADE_SO)
    return Place(grade=grade)


def _with_rest(head: Place, rest: str) -> Place:
    if not rest or HALF.fullmatch(rest):
        return head
    number = NUMBER.fullmatch(rest)
    if number:
        return Place(head.grade, _class_number(number[1]), "", head.cohort)
    return Place(head.grade, None, rest, head.cohort)


def _class_number(text: str) -> int:
    number = chinese_number(text)
    if not 1 <= number <= MAX_CLASS_NUMBER:
        raise Refusal("class_unreadable", "看不出是几班", CLASS_SO)
    return number


def read_class(text: str, grade: int | None = None) -> Place | None:
    """What a class cell says; `grade` of the row settles 83 and 一二. None for an empty one."""
    text = tight(text).replace("級", "级")
    if not text:
        return None
    _refuse_other_stages(text)
    found = GRADE.match(text)
    if found and (found[0] != text or not text.isdecimal()):
        return _with_rest(_grade_of(found), text[found.end() :])
    return _short_form(text, grade) or _named(text)


def _short_form(text: str, grade: int | None) -> Place | None:
    for pattern in (BRACKETED, BRACKETED_NAMED, YEAR_CLASS):
        if found := pattern.fullmatch(text):
            return Place(chinese_number(found[1]), _class_number(found[2]))
    if found := DIGITS.fullmatch(text):
        return Place(int(found[1]), _class_number(found[2]))
    if found := COHORT_DIGITS.fullmatch(text):
        year = int(found[1])
        return Place(None, _class_number(found[2]), "", year if year > 99 else 2000 + year)
    if found := NUMBER.fullmatch(text):
        return _number_or_pair(found[1], text, grade)
    if found := TWO_WORDS.fullmatch(text):
        return Place(chinese_number(found[1]), _class_number(found[2]))
    return None


def _number_or_pair(digits: str, text: str, grade: int | None) -> Place:
    """八五 is grade 8, class 5; 十一 and 11 are class 11; 二十一 is class 21."""
    pair = TWO_WORDS.fullmatch(text)
    if pair and "十" not in pair[0] and (grade is None or chinese_number(pair[1]) == grade):
        return Place(chinese_number(pair[1]), _class_number(pair[2]))
    return Place(None, _class_number(digits))


def _named(text: str) -> Place:
    """A class with a name of its own, such as 向日葵班 or 实验1班."""
    digits = re.search(r"[0-9]", text)
    if (
        (digits and not re.fullmatch(r"[\u4e00-\u9fff]{2,}[(]?[0-9]{1,2}[)]?班", text))
        or len(text) > 20
        or not re.search(r"[^\W\d_]", text)
    ):
        raise Refusal("class_unreadable", "看不出是几班", CLASS_SO)
    return Place(name=text)


def read_sheet_name(text: str) -> Place | None:
    """What a sheet's name says of its class; None where it says nothing (Sheet1, 名册)."""
    text = tight(clean(text)).replace("級", "级")
    found = IN_SHEET_NAME.search(text)
    try:
        if found:
            return read_class(found[0])
        whole = _short_form(text, None)
    except (Refusal, ValueError):
        return None
    return whole if whole and (text.endswith("班") or TWO_WORDS.fullmatch(text)) else None


def grade_of_cohort(cohort: int, year: int, middle: bool) -> int:
    """The grade of those who entered in `cohort`, in the school year beginning in `year`."""
    return year - cohort + (7 if middle else 1)
