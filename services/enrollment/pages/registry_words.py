"""The registry form's codes in words: a page shows 女 and 汉族, never 2 and 01."""

from collections.abc import Mapping

from services.enrollment.sheets.codes import DISABILITY_WORDS, ETHNIC_IN_ORDER
from shared.contracts.words import word

SEXES = {"1": "男", "2": "女", "0": "性别未知", "9": "性别未说明"}
ETHNIC = {f"{i:02}": f"{name}族" for i, name in enumerate(ETHNIC_IN_ORDER.split(), 1)}
OTHER_ETHNIC = {"97": "其他民族", "98": "外国血统"}
# First the usual word of a code; the later ones are other spellings of it.
DISABILITIES = {code: f"{name}残疾" for name, code in reversed(DISABILITY_WORDS)}
# A pupil who goes home each day is no boarder; a yes without its kind stays the bare word.
TAGS: Mapping[str, Mapping[str, str]] = {
    "leftbehind": {"1": "单亲留守", "2": "双亲留守", "9": "留守"},
    "boarding": {"1": "", "2": "住校"},
    "disability": DISABILITIES,
}
YES = ("是", "1", "true")
NO = ("", "否", "无", "0", "false")


def said(field: str, stored: str) -> str:
    """A stored sex or ethnic group; what is no code was written as words."""
    known = SEXES if field == "sex" else ETHNIC | OTHER_ETHNIC
    return known.get(stored, stored)


def tag(field: str, stored: str) -> str:
    """What sets a pupil apart, or an empty text where nothing does."""
    if stored in NO:
        return ""
    if stored in TAGS.get(field, {}):
        return TAGS[field][stored]
    return word(field) if stored in YES else f"{word(field)}（{stored}）"
