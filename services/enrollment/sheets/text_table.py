"""Tables kept as text: which encoding, which separator, and their rows."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from services.enrollment.sheets.parsed import Refusal

CHUNK_BYTES = 2**20
SAMPLE_LINES = 40
SAMPLE_CHARACTERS = 200_000
MAX_TEXT_ROWS = 200_000
MAX_BLANK_ROWS = 2_000_000
SEPARATORS = ("\t", ",", ";")
CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MIN_EVEN_ROWS = 2
UTF16_SHARE = 0.3
BINARY = Refusal(
    "file_not_a_table", "文件里不是文字，不是 Excel 或 CSV 表格", "检查是不是传错了文件"
)
CUT_OFF = Refusal(
    "file_cut_off", "文件不完整：最后一个引号没有配对（可能没传完）", "重新下载或另存一份再传"
)


def encoding_of(path: Path) -> str:
    """The name of the encoding. Raises `Refusal` where the bytes are no text."""
    with path.open("rb") as file:
        head = file.read(CHUNK_BYTES)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return _checked(path, (name,))
    return _checked(path, _bare(head))


def _bare(head: bytes) -> tuple[str, ...]:
    """Candidates without a byte order mark: UTF-16 shows zero bytes on one side of its pairs."""
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) / half > UTF16_SHARE or _looks_utf16(head, "utf-16-le"):
        return ("utf-16-le",)
    if head[0::2].count(0) / half > UTF16_SHARE or _looks_utf16(head, "utf-16-be"):
        return ("utf-16-be",)
    return ("utf-8", "gb18030")


def _looks_utf16(head: bytes, name: str) -> bool:
    """Chinese UTF-16 has few zero bytes, but its separators and line ends have one each."""
    if b"\x00" not in head:
        return False
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    return "\n" in text and any(s in text for s in SEPARATORS) and not CONTROL.search(text)


def _checked(path: Path, names: tuple[str, ...]) -> str:
    for name in names:
        if _decodes(path, name):
            return name
    if names[0].startswith("utf-16"):
        raise Refusal("file_cut_off", "文件不完整，读到一半断了", "重新下载或另存一份再传")
    raise Refusal(
        "file_encoding",
        "认不出文件的文字编码",
        "用 Excel 或 WPS 打开，另存为 .xlsx 再传",
    )


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                if CONTROL.search(decoder.decode(chunk)):
                    raise BINARY
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if name == "utf-8" and error.reason == "unexpected end of data":
            raise Refusal(
                "file_cut_off", "文件不完整，最后一个字断了", "重新下载或另存一份再传"
            ) from error
        return False
    return True


def _sample(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        return file.read(SAMPLE_CHARACTERS)


def separator_of(sample: str) -> str:
    """The separator that gives the most columns most steadily; a comma where nothing does."""
    named = re.match(r"\ufeff?sep=(.)\r?\n", sample)
    if named:
        return named[1]
    return max(SEPARATORS, key=lambda s: _steadiness(sample, s))


def _steadiness(sample: str, separator: str) -> tuple[int, int]:
    counts: Counter[int] = Counter()
    try:
        for index, row in enumerate(csv.reader(sample.splitlines(True), delimiter=separator)):
            counts[len(row)] += len(row) > 1
            if index >= SAMPLE_LINES:
                break
    except csv.Error:
        pass
    width, lines = counts.most_common(1)[0] if counts else (0, 0)
    return (lines * (width - 1), width)


def read_text(path: Path) -> Iterator[list[str]]:
    """Rows as a spreadsheet would show them. Raises `Refusal` for a broken or endless table."""
    encoding = encoding_of(path)
    sample = _sample(path, encoding)
    separator = separator_of(sample)
    named = sample.startswith("sep=")
    strict = _quotes_hold(path, encoding, separator)
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter=separator, strict=strict)
        yield from _counted(rows, 1 if named else 0, _ends_whole(path))


def _quotes_hold(path: Path, encoding: str, separator: str) -> bool:
    """Whether every quote closes as it should; a quote left open at the end is a cut-off file."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            for _ in csv.reader(file, delimiter=separator, strict=True):
                pass
    except csv.Error as error:
        if "unexpected end" in str(error) or "field larger" in str(error):
            raise CUT_OFF from error
        return False
    return True


def _ends_whole(path: Path) -> bool:
    """Whether the last line is ended, as every program does that writes a table to its end."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 2, 0))
        return file.read(2).strip(b"\x00")[-1:] in (b"\n", b"\r")


def _counted(rows: Iterator[list[str]], skip: int, whole: bool) -> Iterator[list[str]]:
    filled = 0
    widths: Counter[int] = Counter()
    row: list[str] = []
    for index, row in enumerate(rows):
        widths[len(row)] += 1
        filled += any(row)
        if filled > MAX_TEXT_ROWS or index > MAX_BLANK_ROWS:
            raise Refusal(
                "sheet_too_long", f"超过 {MAX_TEXT_ROWS} 行，一次读不了", "按学校分成几个文件"
            )
        if index >= skip:
            yield row
    _refuse_half_row(row, widths, whole)


def _refuse_half_row(last: list[str], widths: Counter[int], whole: bool) -> None:
    """An unended last line shorter than all others: the rest of the file did not arrive."""
    others = set(widths) - ({len(last)} if widths[len(last)] == 1 else set())
    if (
        not whole
        and len(others) == 1
        and len(last) < min(others)
        and widths.total() > MIN_EVEN_ROWS
    ):
        raise Refusal(
            "file_cut_off",
            f"文件不完整：最后一行只有 {len(last)} 列，别的行都是 {min(others)} 列",
            "重新下载或另存一份再传",
        )
