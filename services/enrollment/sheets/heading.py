"""Finds the heading of a sheet, tells its columns, and what stands above it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.enrollment.sheets.cells import Cell, clean, is_empty, shown, tight
from services.enrollment.sheets.workbook import Range, Row

HEADING_WITHIN_ROWS = 10
MAX_STOREYS = 3
LOOK_AT_ROWS = HEADING_WITHIN_ROWS + MAX_STOREYS
MAX_HEADING_CHARACTERS = 40
MAX_PATTERN_CHARACTERS = 16
"""Longer texts are sentences about a column, not its heading."""
MAX_COLUMNS = 702

NOTE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】|<[^<>]*>")
NOTE_OF_OTHERS = re.compile(r"\((家长|监护人|父亲|母亲|班主任)\)")
NOISE = re.compile(r"[*※★#:：、，,./\\|_?\"'“”。\s-]+")
NUMBERED = re.compile(r"^[0-9]{1,2}[.、)]")
OTHERS = re.compile(
    "监护人|家长|父亲|母亲|家庭成员|成员[0-9一二]|班主任|校长|填表人|联系人|爷爷|奶奶"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that a kind of file may have.

    `headings` are its names in one spelling (see `heading_key`), `pattern` catches longer ones;
    `read` turns a cell into a value or raises `Refusal`; a `dated` one is read by the file's own
    date reader. `repeats` says that few distinct values fill it, so conversions are remembered.
    """

    field: str
    label: str
    headings: frozenset[str]
    read: Callable[[Cell], object]
    pattern: re.Pattern[str] | None = None
    personal: bool = False
    dated: bool = False
    repeats: bool = False
    of_others: bool = False
    months: frozenset[str] = frozenset()
    """Headings of a dated column under which a month without a day is an answer: `read` has it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Where the heading stands (row from 0) and what its columns are."""

    row: int
    storeys: int
    columns: dict[int, Column]
    texts: dict[int, str]
    ignored: dict[int, str] = field(default_factory=dict)

    @property
    def last_row(self) -> int:
        return self.row + self.storeys - 1

    def has(self, field: str) -> bool:
        return any(c.field == field for c in self.columns.values())


def heading_key(text: str) -> str:
    """A heading without notes in brackets, numbering, stars and blanks, lower case."""
    text = clean(text)
    bare = NUMBERED.sub("", NOISE.sub("", NOTE.sub("", text)))
    whose = NOTE_OF_OTHERS.search(text)
    if whose and bare and not OTHERS.search(bare):
        bare = whose[1] + bare
    return (bare or NOISE.sub("", text)).lower()


def find_heading(
    head: Sequence[Row], merged: Sequence[Range], columns: Sequence[Column]
) -> Heading | None:
    """The best heading in the first ten rows: the most columns, then the fewest storeys."""
    best: Heading | None = None
    for row in range(min(len(head), HEADING_WITHIN_ROWS)):
        for storeys in range(1, min(MAX_STOREYS, len(head) - row) + 1):
            found = _match(head, merged, columns, row, storeys)
            if best is None or _worth(found) > _worth(best):
                best = found
    return best if best and best.columns else None


def _worth(heading: Heading) -> tuple[int, int, int]:
    return len(heading.columns), -heading.storeys, -heading.row


def _match(
    head: Sequence[Row],
    merged: Sequence[Range],
    columns: Sequence[Column],
    row: int,
    storeys: int,
) -> Heading:
    paths = _paths(head[row : row + storeys], [_shifted(m, row) for m in merged])
    taken: dict[str, int] = {}
    found: dict[int, Column] = {}
    for exact in (True, False):
        for place, path in paths.items():
            column = None if place in found else column_of(path, columns, exact)
            if column and column.field not in taken:
                taken[column.field] = place
                found[place] = column
    texts = {place: "".join(dict.fromkeys(path)) for place, path in paths.items()}
    ignored = {p: t for p, t in texts.items() if p not in found}
    return Heading(row, storeys, found, texts, ignored)


def _shifted(merged: Range, row: int) -> Range:
    (top, left), (bottom, right) = merged
    return (top - row, left), (bottom - row, right)


def _paths(rows: Sequence[Row], merged: Sequence[Range]) -> dict[int, tuple[str, ...]]:
    """For each column the texts of its storeys from the top, groups spread over their columns."""
    width = min(max((len(r) for r in rows), default=0), MAX_COLUMNS)
    storeys = [[_text(r[i]) if i < len(r) else "" for i in range(width)] for r in rows]
    for (top, left), (bottom, right) in merged:
        if 0 <= top < len(rows) and left < width:
            for column in range(left, min(right, width - 1) + 1):
                storeys[top][column] = storeys[top][left] if bottom < len(rows) else ""
    if len(rows) > 1 and not any(0 <= top < len(rows) for (top, _), _ in merged):
        _spread(storeys)
    return {i: path for i in range(width) if (path := tuple(s[i] for s in storeys if s[i]))}


def _spread(storeys: list[list[str]]) -> None:
    """Without merged ranges a group name counts for the blanks right of it that have a child."""
    for upper, lower in pairwise(storeys):
        for i in range(1, len(upper)):
            if not upper[i] and lower[i]:
                upper[i] = upper[i - 1]


def _text(cell: Cell) -> str:
    text = clean(shown(cell))
    return text if len(text) <= MAX_HEADING_CHARACTERS else ""


def column_of(path: tuple[str, ...], columns: Sequence[Column], exact: bool) -> Column | None:
    """The column that a heading's storeys name; a group of other people bars the child's own."""
    keys = [heading_key(t) for t in path]
    of_others = OTHERS.search("".join(keys)) is not None
    texts = ("".join(dict.fromkeys(keys)), keys[-1])
    for text in texts:
        for column in columns:
            if of_others and not column.of_others and text not in column.headings:
                continue
            if of_others and not column.of_others and len(keys) > 1 and text == keys[-1]:
                continue
            if _named(column, text, exact):
                return column
    return None


def _named(column: Column, text: str, exact: bool) -> bool:
    if exact:
        return text in column.headings
    if column.pattern is None or len(text) > MAX_PATTERN_CHARACTERS:
        return False
    return column.pattern.search(text) is not None


def facts_above(head: Sequence[Row], heading_row: int) -> dict[str, str]:
    """What title rows say as 学校：石桥小学 or in two neighbouring cells; also the whole title."""
    facts: dict[str, str] = {}
    for row in head[:heading_row]:
        texts = [clean(shown(c)) for c in row if not is_empty(c)]
        facts["title"] = f"{facts.get('title', '')} {' '.join(dict.fromkeys(texts))}".strip()
        for text, following in zip(texts, [*texts[1:], ""], strict=False):
            _note_fact(facts, text, following)
    return facts


FACTS = {
    "学校": "school_name",
    "学校名称": "school_name",
    "学校标识码": "school_code",
    "学校代码": "school_code",
    "班级": "class",
    "年级": "grade",
    "学期": "term",
    "学年": "term",
    "月份": "month",
    "年月": "month",
    "年份": "year",
    "日期": "date",
}


def _note_fact(facts: dict[str, str], text: str, following: str) -> None:
    for name, value in re.findall(r"(\w+)\s*[:：]\s*([^:：\s]+)", text):
        if name in FACTS:
            facts.setdefault(FACTS[name], value)
    bare = tight(text).rstrip(":：")
    if bare in FACTS and following and heading_key(following) not in FACTS:
        facts.setdefault(FACTS[bare], following)
