"""What calamine does not tell of an .xlsx: errors, formulas without a value, hidden rows, 1904.

The sheets' XML is streamed once in blocks of whole rows and searched with byte patterns, which is
many times faster than a Python callback for each of a million cells. Nothing is expanded: a
document type declaration, the door to entities, is refused. calamine turns errors and formulas
without a stored value into empty text, so a refused cell would otherwise look like an empty one.
"""

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from services.enrollment.sheets.cells import Special
from services.enrollment.sheets.formats import DAMAGE, MAX_UNPACKED_BYTES, broken
from services.enrollment.sheets.parsed import Refusal

BLOCK_BYTES = 2**20
MAX_ROW_BYTES = 8 * 2**20
MAX_ROWS_WITH_VALUES = 200_000
MAX_MARKED_CELLS = 2_000_000
SMALL_PART_BYTES = 8 * 2**20

TAG = rb"(?:\w+:)?"
ROW = re.compile(rb"<" + TAG + rb"row\b([^>]*)>")
NUMBER = re.compile(rb"\br=[\"'](\d+)")
HIDDEN = re.compile(rb"\bhidden=[\"'](?:1|true)")
CELL = re.compile(rb"<" + TAG + rb"c\b([^>]*[^/>])>(.*?)</" + TAG + rb"c>", re.DOTALL)
PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d+)")
IS_ERROR = re.compile(rb"\bt=[\"']e[\"']")
FORMULA = re.compile(rb"<" + TAG + rb"f\b")
VALUE = re.compile(rb"<" + TAG + rb"v\b[^>]*[^/>]?>[^<]|<" + TAG + rb"is\b")
EMPTY_TEXT = re.compile(rb"\bt=[\"'](?:str|s|inlineStr)[\"']")
FAR_CELL = re.compile(rb"\br=[\"'][A-Z]{3}\d+[\"'][^>]*[^/>]>\s*<" + TAG + rb"(?:v|is|f)\b")
# Plain finds first: they run at the speed of memory, patterns do not.
VALUE_SIGNS = (b"<v", b":v", b"<is", b":is")
SPECIAL_SIGNS = (b"<f", b":f", b't="e"', b"t='e'")


@dataclass(slots=True)
class Marks:
    """Special cells by (row, column) from 0, hidden rows, and the last row with a value."""

    special: dict[tuple[int, int], Special] = field(default_factory=dict)
    hidden_rows: int = 0
    last_row: int = 0


@dataclass(frozen=True, slots=True)
class BookMarks:
    """Marks by sheet name, and whether dates count from 1904."""

    sheets: dict[str, Marks]
    date1904: bool


def read_marks(path: Path) -> BookMarks:
    """Search every sheet of the workbook. Raises `Refusal` for a broken or oversize one."""
    try:
        with zipfile.ZipFile(path) as archive:
            book = _small(archive, _target(archive, "_rels/.rels", b"officeDocument"))
            return BookMarks(
                {name: _scan(archive, part) for name, part in _parts(archive, book)},
                re.search(rb"\bdate1904=[\"'](?:1|true)", book) is not None,
            )
    except DAMAGE as error:
        raise broken() from error


def _small(archive: zipfile.ZipFile, part: str) -> bytes:
    """A part that is small in every honest file. Raises KeyError where the archive has none."""
    names = {n.replace("\\", "/").lstrip("/").lower(): n for n in archive.namelist()}
    with archive.open(names[part.lower()]) as stream:
        data = stream.read(SMALL_PART_BYTES + 1)
    if len(data) > SMALL_PART_BYTES or b"<!DOCTYPE" in data:
        raise _odd()
    return data


def _odd() -> Refusal:
    return Refusal(
        "file_malformed", "文件内部结构不对，没有打开", "用 Excel 或 WPS 打开，另存为 .xlsx 再传"
    )


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        k.decode(): _unescape(v.decode("utf-8", "replace"))
        for k, v in re.findall(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']", tag)
    }


def _unescape(text: str) -> str:
    return html.unescape(text) if "&" in text else text


def _relations(archive: zipfile.ZipFile, part: str) -> list[dict[str, str]]:
    found = re.findall(rb"<" + TAG + rb"Relationship\b([^>]*)>", _small(archive, part))
    return [_attributes(tag) for tag in found]


def _target(archive: zipfile.ZipFile, part: str, kind: bytes) -> str:
    for relation in _relations(archive, part):
        if relation.get("Type", "").endswith("/" + kind.decode()):
            return relation["Target"].lstrip("/")
    return "xl/workbook.xml"


def _parts(archive: zipfile.ZipFile, book: bytes) -> Iterator[tuple[str, str]]:
    home = posixpath.dirname(_target(archive, "_rels/.rels", b"officeDocument"))
    file = posixpath.basename(_target(archive, "_rels/.rels", b"officeDocument"))
    targets = {
        r["Id"]: r["Target"]
        for r in _relations(archive, f"{home}/_rels/{file}.rels")
        if r.get("Type", "").endswith("/worksheet") and "Id" in r and "Target" in r
    }
    for tag in re.findall(rb"<" + TAG + rb"sheet\b([^>]*)>", book):
        sheet = _attributes(tag)
        ref = next((v for k, v in sheet.items() if k.split(":")[-1] == "id"), "")
        if ref in targets:
            target = targets[ref]
            part = target[1:] if target.startswith("/") else f"{home}/{target}"
            yield sheet.get("name", ""), posixpath.normpath(part)


def _scan(archive: zipfile.ZipFile, part: str) -> Marks:
    marks = Marks()
    names = {n.replace("\\", "/").lstrip("/").lower(): n for n in archive.namelist()}
    row = 0
    with archive.open(names[part.lower()]) as stream:
        for block in _blocks(stream):
            row = _scan_block(block, row, marks)
    return marks


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """The XML cut into pieces of whole rows."""
    carry = b""
    total = 0
    while chunk := stream.read(BLOCK_BYTES):
        total += len(chunk)
        carry += chunk
        if total > MAX_UNPACKED_BYTES or b"<!DOCTYPE" in carry:
            raise _odd()
        cut = _last_row_begins(carry)
        if cut:
            yield carry[:cut]
            carry = carry[cut:]
        elif len(carry) > MAX_ROW_BYTES:
            raise _odd()
    yield carry


def _last_row_begins(data: bytes) -> int:
    """The place of the last row's opening tag, 0 where there is none to cut before."""
    prefixed = data.rfind(b":row ")
    return max(data.rfind(b"<row"), data.rfind(b"<", 0, prefixed) if prefixed > 0 else 0, 0)


def _scan_block(block: bytes, row: int, marks: Marks) -> int:
    """Notes what the block holds; answers the number of its last row."""
    if b"hidden=" in block:
        marks.hidden_rows += sum(1 for a in ROW.findall(block) if HIDDEN.search(a))
    last = _last_number(block, len(block)) or row
    if _has(block, VALUE_SIGNS):
        _note_extent(block, marks)
    if _has(block, SPECIAL_SIGNS):
        _note_special(block, marks)
    return last


def _has(block: bytes, signs: tuple[bytes, ...]) -> bool:
    return any(sign in block for sign in signs)


def _last_number(block: bytes, end: int) -> int:
    at = max(block.rfind(b"<row", 0, end), block.rfind(b":row", 0, end))
    found = NUMBER.search(block, at, at + 200) if at >= 0 else None
    return int(found[1]) if found else 0


def _note_extent(block: bytes, marks: Marks) -> None:
    at = max(block.rfind(b"<v"), block.rfind(b":v>"), block.rfind(b"<is"), block.rfind(b":is>"))
    marks.last_row = max(marks.last_row, _last_number(block, at))
    if marks.last_row > MAX_ROWS_WITH_VALUES:
        raise Refusal(
            "sheet_too_long",
            f"第 {marks.last_row} 行还有内容，一张表最多读 {MAX_ROWS_WITH_VALUES} 行",
            "删掉名册下面多余的内容，或者分成几个文件",
        )
    if FAR_CELL.search(block):
        raise Refusal(
            "sheet_too_wide",
            "ZZ 列以后还有内容，不像一份名册",
            "只复制有内容的列到一个新表再传",
        )


def _note_special(block: bytes, marks: Marks) -> None:
    for attributes, body in CELL.findall(block):
        kind = _kind(attributes, body)
        place = PLACE.search(attributes) if kind else None
        if kind and place:
            marks.special[int(place[2]) - 1, _column(place[1])] = kind
    if len(marks.special) > MAX_MARKED_CELLS:
        raise _odd()


def _kind(attributes: bytes, body: bytes) -> Special | None:
    if IS_ERROR.search(attributes):
        return Special.ERROR
    if FORMULA.search(body) and not VALUE.search(body):
        # Writers mark a computed empty text with t="str" and an empty <v>: that is a value.
        computed = EMPTY_TEXT.search(attributes) and (b"<v" in body or b":v" in body)
        return None if computed else Special.NO_VALUE
    return None


def _column(name: bytes) -> int:
    number = 0
    for byte in name:
        number = number * 26 + byte - 64
    return number - 1
