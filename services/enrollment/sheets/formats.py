"""What a file really is, told by its bytes and never by its name, and whether it is safe."""

import re
import zipfile
import zlib
from enum import Enum
from pathlib import Path

from services.enrollment.sheets.parsed import Refusal

MAX_FILE_BYTES = 60 * 2**20
MAX_UNPACKED_BYTES = 640 * 2**20
MAX_ZIP_ENTRIES = 5_000
MAX_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 16 * 2**20
HEAD_BYTES = 4096

SAVE_AS = "用 Excel 或 WPS 打开，另存为 .xlsx 再传"

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"II*\x00", "图片"),
    (b"MM\x00*", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"BZh", "压缩包"),
    (b"\xfd7zXZ", "压缩包"),
    (b"{\\rtf", "写字板文档"),
    (b"SQLite format 3", "数据库文件"),
    (b"MZ", "程序文件"),
    (b"\x7fELF", "程序文件"),
)


DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What Python's zip reader raises for an archive that is damaged or made up."""


class Format(Enum):
    XLSX = "xlsx"
    XLS = "xls"
    TEXT = "text"


def detect(path: Path) -> Format:
    """The format of the bytes. Raises `Refusal` for what is no table, locked, cut off or a bomb."""
    size = path.stat().st_size
    if size == 0:
        raise Refusal("file_empty", "文件是空的", "检查是不是传错了文件")
    if size > MAX_FILE_BYTES:
        raise Refusal(
            "file_too_large",
            f"文件有 {size // 2**20} MB，最多收 {MAX_FILE_BYTES // 2**20} MB",
            "去掉图片和空表，或者按学校分成几个文件",
        )
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(OLE):
        return _ole(path)
    if head.startswith(b"PK"):
        return _zip(path)
    _refuse_others(head)
    return Format.TEXT


def _refuse_others(head: bytes) -> None:
    for magic, what in OTHERS:
        if head.startswith(magic) and not _is_plain(head, magic):
            raise _wrong(what)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"<\?xml|<!doctype|<html|<table|<meta|<head|<style|<div|mime-version", start):
        raise _wrong("网页或 XML 文件（有的系统导出时叫它 .xls）")
    if re.match(rb"\x09[\x00\x02\x04]", head):
        raise _wrong("三十年前的 Excel 格式")


def _is_plain(head: bytes, magic: bytes) -> bool:
    """BM and MZ may begin an ordinary text; only binary bytes make them a picture or a program."""
    return magic in (b"BM", b"MZ") and b"\x00" not in head


def _wrong(what: str) -> Refusal:
    return Refusal("file_not_a_table", f"这是{what}，不是 Excel 或 CSV 表格", SAVE_AS)


def broken() -> Refusal:
    """A file that breaks off or is damaged."""
    return Refusal("file_cut_off", "文件不完整，打不开（可能没传完）", "重新下载或另存一份再传")


def locked() -> Refusal:
    """A file that opens with a password only."""
    return Refusal("file_encrypted", "文件加了密码，读不了", "打开后去掉密码，另存一份再传")


def _ole(path: Path) -> Format:
    data = path.read_bytes()
    has = {n: n.encode("utf-16-le") in data for n in ("EncryptedPackage", "WordDocument")}
    if has["EncryptedPackage"] or "EncryptionInfo".encode("utf-16-le") in data:
        raise locked()
    if any(n.encode("utf-16-le") + b"\x00\x00" in data for n in ("Workbook", "Book")):
        return Format.XLS
    if has["WordDocument"]:
        raise _wrong("Word 文档")
    if "PowerPoint Document".encode("utf-16-le") in data:
        raise _wrong("演示文稿")
    raise broken()


def _zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _refuse_bomb(entries)
            _refuse_other_package(archive, entries)
    except DAMAGE as error:
        raise broken() from error
    return Format.XLSX


def _refuse_bomb(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(e.file_size for e in entries)
    swollen = any(
        e.file_size > RATIO_COUNTS_FROM_BYTES and e.file_size > MAX_RATIO * max(e.compress_size, 1)
        for e in entries
    )
    if unpacked > MAX_UNPACKED_BYTES or swollen or len(entries) > MAX_ZIP_ENTRIES:
        raise Refusal(
            "file_swells",
            f"文件展开后有 {unpacked // 2**20} MB，不像一份名册，没有打开",
            "只复制有内容的行列到一个新表，另存为 .xlsx 再传",
        )


def _refuse_other_package(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    names = {e.filename.replace("\\", "/").lstrip("/").lower() for e in entries}
    if any(e.flag_bits & 1 for e in entries):
        raise locked()
    if "[content_types].xml" in names and any(n.startswith("xl/") for n in names):
        if "xl/workbook.bin" in names:
            raise _wrong("二进制的 .xlsb 文件")
        return
    if any(n.startswith("word/") for n in names):
        raise _wrong("Word 文档")
    if any(n.startswith("ppt/") for n in names):
        raise _wrong("演示文稿")
    if "mimetype" in names and "content.xml" in names:
        raise _wrong("OpenDocument 文件")
    raise _wrong("压缩包")
