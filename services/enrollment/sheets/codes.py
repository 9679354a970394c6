"""Words and codes of the national registry form: sex, ethnic groups, documents, yes and no."""

import re

from services.enrollment.domain.identity import Sex
from services.enrollment.sheets.cells import tight
from services.enrollment.sheets.parsed import Refusal

ETHNIC_IN_ORDER = """
汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣
黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南
仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴
珞巴 基诺
"""
ETHNIC: dict[str, str] = {n: f"{i:02}" for i, n in enumerate(ETHNIC_IN_ORDER.split(), 1)} | {
    "其他": "97",
    "其它": "97",
    "未识别": "97",
    "穿青人": "97",
    "外国血统": "98",
    "外国血统中国籍人士": "98",
}
ETHNIC_CODES = frozenset(ETHNIC.values())
SEXES = {
    **dict.fromkeys(("男", "男性", "1", "01", "m", "male", "男生", "男孩"), Sex.MALE),
    **dict.fromkeys(("女", "女性", "2", "02", "f", "female", "女生", "女孩"), Sex.FEMALE),
    **dict.fromkeys(("0", "未知", "未知的性别", "不详"), Sex.UNKNOWN),
    **dict.fromkeys(("9", "未说明", "未说明的性别"), Sex.UNSTATED),
}
YES = frozenset(("是", "1", "y", "yes", "true", "√", "✓", "✔", "有", "对"))
NO = frozenset(("否", "0", "n", "no", "false", "×", "不是", "没有", "非"))
LEFT_BEHIND = {"0": "0", "1": "1", "2": "2", "否": "0", "非": "0", "不是": "0", "×": "0"}
DOCUMENT_WORDS: tuple[tuple[str, str], ...] = (
    ("香港", "6"),
    ("澳门", "7"),
    ("台湾", "8"),
    ("台胞", "8"),
    ("永久居", "9"),
    ("护照", "A"),
    ("居民身份证", "1"),
    ("身份证", "1"),
    ("户口", "1"),
    ("其他", "Z"),
    ("其它", "Z"),
    ("港澳", "Z"),
    ("通行证", "Z"),
    ("居住证", "Z"),
    ("出生", "Z"),
)
DOCUMENT_CODES = frozenset("16789AZ")
DISABILITY_WORDS: tuple[tuple[str, str], ...] = (
    ("多重", "67"),
    ("视力", "61"),
    ("听力", "62"),
    ("言语", "63"),
    ("语言", "63"),
    ("肢体", "64"),
    ("智力", "65"),
    ("精神", "66"),
    ("其他", "69"),
    ("其它", "69"),
)
NO_DISABILITY = frozenset(("无残疾", "非残疾", "否", "0", "健康", "正常", "没有", "健全"))
BOARDING = {
    **dict.fromkeys(("1", "走读", "走读生"), "1"),
    **dict.fromkeys(("2", "住校", "寄宿", "住宿", "寄宿生", "住校生"), "2"),
}
CODED = re.compile(r"([0-9A-Z]{1,2})\s*[-—_.:、 ]\s*(\D.*)|(\D+?)\s*[(:-]?\s*([0-9]{1,2})\)?")


def parts(text: str) -> tuple[str, ...]:
    """A cell such as 01-汉族 or 汉族（01） gives word and code as well as itself."""
    found = CODED.fullmatch(text)
    halves = tuple(h.strip() for h in found.groups() if h) if found else ()
    return (text, *halves)


def read_sex(text: str) -> Sex | None:
    """Raises `Refusal` for anything but a word or code of GB/T 2261.1."""
    if not text:
        return None
    for part in parts(tight(text).lower()):
        if part in SEXES:
            return SEXES[part]
    raise Refusal("sex_unreadable", "看不出是男是女", "写“男”或“女”")


def read_ethnic(text: str) -> str | None:
    """The two-digit code of GB/T 3304. Raises `Refusal`."""
    if not text:
        return None
    for part in parts(tight(text)):
        name = part.removesuffix("族") or part
        if part in ETHNIC or name in ETHNIC:
            return ETHNIC.get(part) or ETHNIC[name]
        if part.isdecimal() and part.zfill(2) in ETHNIC_CODES:
            return part.zfill(2)
    raise Refusal("ethnic_unknown", "没有这个民族", "写“汉族”这样的全称，或两位代码")


def read_document(text: str) -> str | None:
    """The registry's code of a kind of identity document. Raises `Refusal`."""
    if not text:
        return None
    plain = tight(text).upper()
    for part in parts(plain):
        if (code := part.lstrip("0")) in DOCUMENT_CODES:
            return code
    for word, code in DOCUMENT_WORDS:
        if word in plain:
            return code
    raise Refusal("document_unknown", "认不出是哪种证件", "写“居民身份证”“护照”这样的名称，或留空")


def read_flag(text: str) -> bool | None:
    """Yes or no. Raises `Refusal`."""
    if not text:
        return None
    plain = tight(text).lower()
    for part in parts(plain):
        if part in YES:
            return True
        if part in NO or part.startswith(("非", "不是", "否")):
            return False
    if plain.startswith("是"):
        return True
    raise Refusal("flag_unreadable", "看不出是还是否", "写“是”或“否”")


def read_left_behind(text: str) -> str | None:
    """0 not, 1 one parent away, 2 both; 9 where only a yes is written. Raises `Refusal`."""
    if not text:
        return None
    plain = tight(text)
    if "非" in plain or plain in ("否", "不是", "无"):
        return "0"
    if "双" in plain or "单" in plain:
        return "2" if "双" in plain else "1"
    for part in parts(plain):
        if part in LEFT_BEHIND:
            return LEFT_BEHIND[part]
    if plain in ("是", "√", "✓", "✔") or "留守" in plain:
        return "9"
    raise Refusal(
        "left_behind_unreadable", "看不出是不是留守儿童", "写“非留守”“单亲留守”或“双亲留守”"
    )


def read_disability(text: str) -> str | None:
    """GB/T 2261.3 61 to 69; an empty text for none. Raises `Refusal`."""
    if not text:
        return None
    plain = tight(text)
    if plain in NO_DISABILITY or plain.startswith(("无", "非")):
        return ""
    for word, code in DISABILITY_WORDS:
        if word in plain:
            return code
    if re.fullmatch(r"6[1-79]", plain):
        return plain
    raise Refusal("disability_unknown", "认不出残疾类型", "写“视力”“听力”这样的类型，没有就留空")


def read_boarding(text: str) -> str | None:
    """就读方式: 1 day pupil, 2 boarder. Raises `Refusal`."""
    if not text:
        return None
    for part in parts(tight(text)):
        if part in BOARDING:
            return BOARDING[part]
    flag = read_flag(text)
    return "2" if flag else "1"
