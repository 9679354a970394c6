"""A cell as it was read, the text a person sees in it, and text without what nobody sees."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TypeAlias

MAX_SHOWN_CHARACTERS = 40
EXACT_FROM = 1e15
"""From here on a spreadsheet's number no longer holds every digit."""


class Special(Enum):
    """Cells whose value cannot be used."""

    ERROR = "error"
    NO_VALUE = "formula_without_value"


Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | Special

INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\uffff\U000e0000-\U000e0fff]"
)
NOTHING = frozenset(
    ("", "无", "暂无", "-", "--", "—", "——", "/", "\\", "空", "n/a", "na", "null", "none")
)


def shown(cell: Cell) -> str:
    """The text of a cell: whole numbers without a point, dates as YYYY-MM-DD."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, Special):
        return "#错误" if cell is Special.ERROR else "=…"
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _number(value: float) -> str:
    if abs(value) >= EXACT_FROM:
        return f"{value:.5E}"
    return str(int(value)) if value.is_integer() else repr(value)


def clean(text: str) -> str:
    """NFKC, without invisible characters, runs of blanks as one, none at the ends."""
    if not text.isascii():
        if INVISIBLE.search(text):
            text = INVISIBLE.sub("", text)
        if not unicodedata.is_normalized("NFKC", text):
            text = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    elif not text.isprintable():
        text = INVISIBLE.sub("", text)
    return " ".join(text.split())


def text_of(cell: Cell) -> str:
    """The clean text of a cell; a csv's `="…"` and a guarding apostrophe are taken off."""
    text = clean(cell) if isinstance(cell, str) else shown(cell)
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].strip()
    return text[1:].strip() if text.startswith("'") else text


def tight(text: str) -> str:
    """Text without any blank."""
    return text.replace(" ", "")


def is_nothing(text: str) -> bool:
    """Whether a clean text says that there is no value."""
    return text.lower() in NOTHING


def is_empty(cell: Cell) -> bool:
    """Whether nothing is to be seen in the cell."""
    if not isinstance(cell, str):
        return False
    # Most cells begin with a visible character; only the rest are worth cleaning.
    return not (cell and ("!" <= cell[0] <= "~" or "\u3400" <= cell[0] <= "\u9fff" or clean(cell)))


def short(text: str) -> str:
    """A value as a fault shows it: one line, not too long."""
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"
