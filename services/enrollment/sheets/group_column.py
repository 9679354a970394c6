"""The column of a roster that says which groups a child belongs to (重点生、学困生 …), as words."""

import re

from services.enrollment.sheets.cells import Cell
from services.enrollment.sheets.heading import Column, heading_key
from services.enrollment.sheets.values import plain

BETWEEN = re.compile(r"[、,，;；/\s]+")
NONE = frozenset(("无", "没有", "否", "-", "—"))
NAMES = ("学生类别", "学生类型", "学生群体", "特殊群体", "重点类别", "关注类别", "分类登记", "群体")


def read_groups(cell: Cell) -> tuple[str, ...] | None:
    """The words of a cell; whether the rules know them, who compares the rows finds out."""
    words = [word for word in BETWEEN.split(plain(cell)) if word and word not in NONE]
    return tuple(dict.fromkeys(words)) or None


GROUPS = Column(
    field="groups",
    label="学生类别",
    headings=frozenset(heading_key(name) for name in NAMES),
    read=read_groups,
    repeats=True,
)
