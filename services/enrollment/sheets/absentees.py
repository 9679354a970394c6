"""A cell that lists the names of the absent, in the ways people write such lists."""

import re
from collections.abc import Iterator

from services.enrollment.sheets.cells import clean
from services.enrollment.sheets.marks import Mark, word_meaning
from services.enrollment.sheets.parsed import Refusal
from services.enrollment.sheets.roll_rows import Absentee
from services.enrollment.sheets.values import DOTS, name_key

NOBODY = re.compile(r"^(无|没有|全勤|全到|齐|全部到校|全员到校|全部到齐|0人?|-+|/|无缺勤)$")
COUNTED = re.compile(r"^(?:共|计)?\d+[人名][:：,，]?|[,，]?(?:共|计)\d+[人名]$|^\d+[:：]")
HEADED = re.compile(r"([\u4e00-\u9fff]{2,6})\s*(?:\d+人)?\s*[:：]")
NAMED = re.compile(r"^([^()]+?)\s*(?:\(([^()]*)\)|[-—:：]\s*(\D+))?$")
SEPARATED = re.compile(r"[、,;/|，；。\n]+|(?<=\))\s*(?=[^\s、,;])")
OPEN_END = re.compile(r"等(?:\d+|[一二三四五六七八九十]+)?[人名]?$")
UNCLEAR = Refusal("absentees_unclear", "名单看不清是哪几个人", "用“、”隔开每个姓名，原因写在括号里")


def read_absentees(text: str, usual: Mark, cell: str) -> Iterator[Absentee]:
    """Names with their kind of absence; `usual` where nothing is said. Raises `Refusal`."""
    text = COUNTED.sub("", clean(text)).strip()
    if NOBODY.match(text):
        return
    mark = usual
    for part in _parts(text):
        head = HEADED.match(part)
        if head and word_meaning(head[1]):
            mark = word_meaning(head[1]) or usual
            part = part[head.end() :].strip()
        if part:
            yield _absentee(part, mark, cell)


def _parts(text: str) -> list[str]:
    parts = [p.strip() for p in SEPARATED.split(text) if p.strip()]
    return [piece for part in parts for piece in _by_blanks(part)]


def _by_blanks(part: str) -> list[str]:
    """Blanks separate names unless they stand inside one, as in 张 三: not to be guessed."""
    if HEADED.match(part) or "(" in part or " " not in part:
        return [part]
    pieces = part.split(" ")
    if all(len(p) > 1 for p in pieces):
        return pieces
    if len(pieces) == 2 and all(len(p) == 1 for p in pieces):
        return ["".join(pieces)]
    raise UNCLEAR


def _absentee(part: str, mark: Mark, cell: str) -> Absentee:
    found = NAMED.match(part)
    if not found or OPEN_END.search(part):
        raise UNCLEAR
    name, inside, after = found.groups()
    reason = inside or after
    name = DOTS.sub("·", name.replace(" ", ""))
    if not re.search(r"[^\W\d_]", name) or re.search(r"\d", name):
        raise UNCLEAR
    meant = word_meaning(reason) if reason else None
    return Absentee(
        name=name, name_key=name_key(name), mark=meant or mark, cell=cell, reason=reason
    )
