"""What calamine does not tell of an .xls: errors, formulas without a value, hidden rows, 1904.

Only the record headers of a BIFF8 stream are walked. A computed empty text and a formula never
computed look alike there; where no formula of the whole file has a value, its writer could not
compute, and all of them are without one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.enrollment.sheets.cells import Special
from services.enrollment.sheets.formats import locked
from services.enrollment.sheets.xlsx_marks import BookMarks, Marks

MAX_SECTORS = 1_000_000
END_OF_CHAIN = 0xFFFFFFFA
BOUNDSHEET, DATEMODE, FILEPASS, EOF = 0x85, 0x22, 0x2F, 0x0A
ROW, BOOLERR, FORMULA = 0x208, 0x205, 0x06
HIDDEN_ROW = 0x20
ERROR_RESULT, EMPTY_RESULT = 2, 3


def read_xls_marks(path: Path) -> BookMarks:
    """Marks of every sheet; none where the records cannot be walked (calamine then decides).

    Raises `Refusal` for a file with a password.
    """
    try:
        stream = _workbook_stream(path.read_bytes())
        return _marks(stream)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError):
        return BookMarks({}, False)


def _workbook_stream(data: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise ValueError("sector size")
    fat = _fat(data, size)
    directory = _chain(data, size, fat, struct.unpack_from("<I", data, 48)[0])
    for at in range(0, len(directory), 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le")
        if name in ("Workbook", "Book"):
            first, total = struct.unpack_from("<II", directory, at + 116)
            return _chain(data, size, fat, first)[:total]
    raise ValueError("no workbook")


def _fat(data: bytes, size: int) -> list[int]:
    sectors = list(struct.unpack_from("<109I", data, 76))
    following = struct.unpack_from("<I", data, 68)[0]
    while following < END_OF_CHAIN and len(sectors) < MAX_SECTORS:
        more = struct.unpack_from(f"<{size // 4}I", data, (following + 1) * size)
        sectors += more[:-1]
        following = more[-1]
    fat: list[int] = []
    for sector in sectors:
        if sector < END_OF_CHAIN:
            fat += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
    return fat


def _chain(data: bytes, size: int, fat: list[int], first: int) -> bytes:
    parts: list[bytes] = []
    while first < END_OF_CHAIN:
        if len(parts) > len(fat):
            raise ValueError("a chain without end")
        parts.append(data[(first + 1) * size : (first + 2) * size])
        first = fat[first]
    return b"".join(parts)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        if kind == EOF:
            return
        at += 4 + length


@dataclass(slots=True)
class _Formulas:
    """Whether any formula has a value, and which cells have an empty result."""

    computed: bool = False
    empty: list[tuple[Marks, tuple[int, int]]] = field(default_factory=list)


def _marks(stream: bytes) -> BookMarks:
    sheets: dict[str, Marks] = {}
    date1904 = False
    formulas = _Formulas()
    for kind, body in _records(stream, 0):
        if kind == FILEPASS:
            raise locked()
        if kind == DATEMODE:
            date1904 = body[:2] == b"\x01\x00"
        elif kind == BOUNDSHEET:
            place = struct.unpack_from("<I", body)[0]
            sheets[_sheet_name(body)] = _sheet_marks(stream, place, formulas)
    if not formulas.computed:
        for marks, cell in formulas.empty:
            marks.special[cell] = Special.NO_VALUE
    return BookMarks(sheets, date1904)


def _sheet_name(body: bytes) -> str:
    length, wide = body[6], body[7] & 1
    raw = body[8 : 8 + length * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "latin-1")


def _sheet_marks(stream: bytes, place: int, formulas: _Formulas) -> Marks:
    marks = Marks()
    for kind, body in _records(stream, place):
        if kind == ROW:
            flags = struct.unpack_from("<H", body, 12)[0]
            marks.hidden_rows += bool(flags & HIDDEN_ROW)
        elif kind == BOOLERR and body[7]:
            marks.special[struct.unpack_from("<HH", body)] = Special.ERROR
        elif kind == FORMULA:
            _note_formula(body, marks, formulas)
    return marks


def _note_formula(body: bytes, marks: Marks, formulas: _Formulas) -> None:
    cell = struct.unpack_from("<HH", body)
    if body[12:14] != b"\xff\xff":
        formulas.computed = True
    elif body[6] == ERROR_RESULT:
        marks.special[cell] = Special.ERROR
    elif body[6] == EMPTY_RESULT:
        formulas.empty.append((marks, cell))
    else:
        formulas.computed = True
