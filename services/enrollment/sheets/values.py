"""One cell to one clean value: names, numbers of documents, phones, codes of schools."""

import re
import unicodedata

from services.enrollment.domain.identity import citizen_number, student_number
from services.enrollment.sheets.cells import (
    EXACT_FROM,
    Cell,
    Special,
    clean,
    is_nothing,
    short,
    text_of,
    tight,
)
from services.enrollment.sheets.parsed import Refusal

MAX_NAME_CHARACTERS = 60
MAX_TEXT_CHARACTERS = 500
DOTS = re.compile(r"[·•・･‧∙⋅●᛫⸱˙．᠂ꞏ]|(?<=[\u3400-\u9fff])\.(?=[\u3400-\u9fff])")
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
SEVERAL = re.compile(r"[、，,;；/／|]")
NOTED = re.compile(r"[0-9(（\[【]")
SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}", re.I)
DOCUMENT = re.compile(r"[0-9A-Z()/-]{4,24}")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
LANDLINE = re.compile(r"(?:0[0-9]{2,3}-?)?[1-9][0-9]{6,7}(?:[-转][0-9]{1,6})?")
SCHOOL_CODE = re.compile(r"[0-9A-Z]{10}")
STAFF_NUMBER = re.compile(r"[0-9A-Z_-]{1,30}")


def plain(cell: Cell) -> str:
    """Clean text, empty where the cell says that there is nothing. Raises for errors."""
    if isinstance(cell, Special):
        raise refusal_of(cell)
    text = text_of(cell)
    return "" if is_nothing(text) else text


def refusal_of(special: Special) -> Refusal:
    """What is wrong with a cell that shows an error or never computed its formula."""
    if special is Special.ERROR:
        return Refusal(
            "cell_error", "公式算错了，格里是错误值", "改好公式，或直接填上内容", "#错误"
        )
    return Refusal(
        "formula_without_value",
        "公式没有算出结果",
        "用 Excel 或 WPS 打开再保存一次，或把公式换成内容",
        "=…",
    )


def read_text(cell: Cell) -> str | None:
    text = plain(cell)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise Refusal("text_too_long", f"超过 {MAX_TEXT_CHARACTERS} 个字", "写短一些")
    return text or None


def name_key(text: str) -> str:
    """What makes two names equal: NFKC, no blanks, every middle dot the same."""
    bare = DOTS.sub("·", tight(clean(text))).casefold()
    return bare if bare.isascii() else tight(unicodedata.normalize("NFKC", bare))


def read_name(cell: Cell) -> str | None:
    """A person's name in one spelling; blanks inside stay only between foreign words."""
    if not isinstance(cell, str | Special):
        raise Refusal("name_not_text", "姓名是一个数或日期", "改成姓名")
    text = plain(cell)
    if not text:
        return None
    if SEVERAL.search(text):
        raise Refusal("name_of_several", "一格里像有几个人的姓名", "一行只写一个人")
    text = DOTS.sub("·", text)
    if HAN.search(text):
        text = tight(text)
    if len(text) > MAX_NAME_CHARACTERS:
        raise Refusal("name_too_long", f"姓名超过 {MAX_NAME_CHARACTERS} 个字", "只写姓名")
    if not any(unicodedata.category(c)[0] in "LC" for c in text) or text.isdecimal():
        raise Refusal("name_unreadable", "不像姓名", "改成姓名")
    return text


def name_doubt(name: str) -> tuple[str, str] | None:
    """Code and reason where a name holds what is rather a note beside it: a number, brackets."""
    return ("name_with_note", "姓名里有数字或括号") if NOTED.search(name) else None


def number_text(cell: Cell) -> str:
    """A number kept as text, upper case, without blanks. Raises where digits were lost."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= EXACT_FROM:
        raise digits_lost(cell)
    text = tight(plain(cell)).upper().replace("×", "X").replace("Χ", "X").replace("Х", "X")
    if SCIENTIFIC.fullmatch(text):
        raise digits_lost(text)
    return text


def digits_lost(cell: Cell) -> Refusal:
    return Refusal(
        "number_lost_digits",
        "表格把号码变成了数，后几位已丢",
        "把这一列设为“文本”，照证件重新输入",
        cell if isinstance(cell, str) else f"{cell:.5E}",
    )


def read_citizen_number(cell: Cell) -> str | None:
    """An 18-character citizen number that holds. Raises `Refusal` with what is wrong."""
    text = number_text(cell).replace("-", "")
    if not text:
        return None
    if len(text) != 18:
        raise Refusal(
            "id_length",
            f"只有 {len(text)} 位" if len(text) < 18 else f"有 {len(text)} 位",
            "照证件补全 18 位；没有证件就留空" if len(text) < 18 else "照证件改成 18 位",
        )
    found = citizen_number(text)
    if found is None:
        raise Refusal("id_characters", "里面有不该有的字", "照证件重新输入")
    if found.birth_date is None:
        raise Refusal("id_birth_date", "号码里的出生日期没有这一天", "照证件改")
    if not found.checksum_ok:
        raise Refusal("id_checksum", "校验位不对，有一位写错了", "照证件核对每一位；没有证件就留空")
    if not found.area_ok:
        raise Refusal("id_area", "开头的地区代码不对", "照证件改")
    return text


def read_document_number(cell: Cell) -> str | None:
    """A number of another document: shape only."""
    text = number_text(cell)
    if not text:
        return None
    if not DOCUMENT.fullmatch(text):
        raise Refusal("document_number_unreadable", "证件号里有不该有的字", "照证件重新输入")
    return text


def read_student_number(cell: Cell) -> str | None:
    """A 学籍号 as written; whether it holds is a warning, see `student_number_doubt`."""
    return number_text(cell) or None


def student_number_doubt(text: str) -> tuple[str, str] | None:
    """(code, reason) where a 学籍号 does not look right; None where it does."""
    found = student_number(text)
    if found is None:
        return "student_number_shape", "学籍号应是 G、J 或 L 加 18 位"
    if found.checksum_ok is False:
        return "student_number_checksum", "学籍号校验位不对"
    return None


def read_phone(cell: Cell) -> str | None:
    """A mobile or landline number; the first of several. Raises `Refusal`."""
    text = number_text(cell)
    if not text:
        return None
    first = re.split(r"[/、,;，；]|或", text)[0]
    bare = re.sub(r"[()]", "", first).removeprefix("+86").removeprefix("0086")
    bare = re.sub(r"[—–]", "-", bare)
    digits = bare.replace("-", "")
    digits = digits.removeprefix("86") if len(digits) == 13 else digits
    if MOBILE.fullmatch(digits):
        return digits
    if LANDLINE.fullmatch(bare) or LANDLINE.fullmatch(digits):
        return bare
    raise Refusal("phone_unreadable", "不是手机号或带区号的电话", "照 11 位手机号改，没有就留空")


def read_school_code(cell: Cell) -> str | None:
    text = number_text(cell)
    if text and not SCHOOL_CODE.fullmatch(text):
        raise Refusal("school_code_unreadable", "学校标识码应是 10 位", "照学校代码改", short(text))
    return text or None


def read_staff_number(cell: Cell) -> str | None:
    text = number_text(cell)
    if text and not STAFF_NUMBER.fullmatch(text):
        raise Refusal("staff_number_unreadable", "工号只用数字和字母", "照单位的工号改")
    return text or None


def mask(text: str) -> str:
    """A personal value as a fault may show it: nothing by which the person is found."""
    text = tight(text)
    if len(text) >= 15:
        return f"{text[:6]} **** {text[-2:]}"
    if len(text) >= 7:
        return f"{text[:3]} **** {text[-2:]}"
    return text[:1] + "*" * (len(text) - 1) if text else "（空）"
