"""What a bundle holds for reading only: a workbook, a timeline, instructions."""

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.audit.export.contents import Contents
from services.audit.export.events_csv import HEADER, cells_of, harmless
from services.audit.export.members import Members

SHEET_ROWS_LIMIT = 1_048_576
CELL_LIMIT_CHARACTERS = 32_767
NOT_EVIDENCE = "仅供阅读，不是证据；以 verify.py 的结论为准。 For reading only, not evidence."

_HTML = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>时间线</title>
<style>
body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:60rem}
.only{border:2px solid #a33;padding:.5rem 1rem} li{margin:.8rem 0} time,code{color:#555}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f2;padding:.5rem;margin:.3rem 0}
</style>
"""

_README = """保学 证据包 / Baoxue audit bundle
================================

1. 这是什么
   {kind} · 县 {county} · 截至 {known_at}
   用途：{purpose}
   entries.jsonl 是原始事件，一行一条，一个字节都不能改。
   events.csv、events.xlsx、timeline.html 只是为了看着方便。
   attachments 里是照片和扫描件的原件，同它所属的事件一起受检。

2. 怎样自己验证（不需要我们，也不需要网络）
   需要 Python 3.8 或更新的版本，不需要安装别的东西：
       python verify.py 证据包.zip
   没有 Python：用浏览器打开 verify.html，选这个证据包，结论一样（不联网，太大的包除外）。
   最好用公开源代码里的 verify.py 和 verify.html，不要只用包里这一份；两份应当一字不差。
   最后一行是 VERIFIED 就是通过；否则写明是哪本账、第几条、哪一项。
   退出码：0 通过，2 不是完好的证据包，10 被改动，11 分叉或回退，12 缺少见证，
   13 不完整，14 有无法解释的抹除，15 从未入账。

3. 公钥是谁的
   包里的公钥不能自己证明自己。请把打印出来的指纹同县里公布的核对，
   或者把公布的公钥写进 baoxue-trust.json；以前验证过的检查点用 --pin 给出。

4. 证明了什么，没有证明什么
   CASE：截至所写时刻，这名学生在三本账里的每一条事件都在这里，没有少，也没有改。
   RANGE：这段序号里的每一条都在。SELECTION：列出的每一条都在账里，不说明是全部。
   没有证明：写进账里的话是不是真的；比你的固定点更新的备份是否被换过（用 --online 查）。

--------------------------------------------------------------------------------

1. What this is
   Class {kind}, county {county}, as known at {known_at}. entries.jsonl holds the exact events;
   events.csv, events.xlsx and timeline.html are for reading. attachments holds photographs and
   scans, each checked with the event it belongs to.

2. How to check it without us and without a network
   With Python 3.8 or newer and nothing else:  python verify.py BUNDLE.zip
   Without Python: open verify.html in a browser and choose this bundle; its verdicts are the same.
   Prefer the verifiers of the published source; those in here must be the same.
   The last line says VERIFIED, or names the log, the sequence and the field.
   Exit codes: 0 verified, 2 malformed, 10 tampered, 11 fork or rollback, 12 not witnessed,
   13 incomplete, 14 unexplained erasure, 15 never logged.

3. Whose key
   No key in a bundle vouches for itself. Compare the printed fingerprint with the published one,
   or put the published keys into baoxue-trust.json; give checkpoints you kept with --pin.

4. What is proved, and what is not
   CASE: every event of this child in the three logs, none missing, none altered, as of that moment.
   RANGE: every entry of the range. SELECTION: each listed entry is in the log, not that it is all.
   Not proved: that what was entered is true; that no backup newer than your pin was put back
   (ask with --online).
"""


def rows(contents: Contents) -> Iterator[tuple[str, ...]]:
    """The cells of events.csv, before they are quoted."""
    for number, log in enumerate(contents.logs):
        for seq, body in log.entries():
            yield cells_of(log.name, body, contents.disclose(number, seq))


def write(contents: Contents, members: Members) -> None:
    """events.xlsx and timeline.html."""
    path = members.folder / "events.xlsx.part"
    workbook(path, rows(contents))
    members.adopt("events.xlsx", path)
    with members.member("timeline.html") as out:
        for part in timeline(contents):
            out.write(part.encode())


def workbook(path: Path, cells: Iterable[tuple[str, ...]], limit: int = SHEET_ROWS_LIMIT) -> None:
    """Text cells only, so that an 18-digit number stays one; a new sheet after `limit` rows."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet, line, number = None, limit, 0
    for row in cells:
        if sheet is None or line >= limit:
            number += 1
            sheet, line = _sheet(book, number), 2
        for column, text in enumerate(row):
            sheet.write_string(line, column, harmless(text)[:CELL_LIMIT_CHARACTERS])
        line += 1
    if sheet is None:
        _sheet(book, 1)
    book.close()


def _sheet(book: xlsxwriter.Workbook, number: int) -> Worksheet:
    sheet = book.add_worksheet(f"事件{number}")
    sheet.write_string(0, 0, NOT_EVIDENCE)
    for column, text in enumerate(HEADER):
        sheet.write_string(1, column, text)
    return sheet


def timeline(contents: Contents) -> Iterator[str]:
    """A page that needs nothing beside it."""
    yield _HTML
    yield f'<h1>时间线 Timeline</h1><p class="only">{NOT_EVIDENCE}</p>'
    about = f"{contents.kind} {contents.county} {contents.subject or ''}"
    yield f"<p>{escape(about)} · 用途 {escape(contents.purpose)} · 截至 {contents.known_at}</p><ol>"
    for cells in sorted(rows(contents), key=lambda one: one[2]):
        log, seq, time, happened, kind, stream, *_, data, told = map(escape, cells)
        yield f"<li><time>{time}</time> <b>{kind}</b> <code>{log} #{seq} {stream}</code>"
        yield f" 发生于 <time>{happened}</time>"
        yield f"<pre>{told}</pre>" if told else ""
        yield f"<pre>{data}</pre></li>\n"
    yield "</ol></html>\n"


def instructions(contents: Contents) -> str:
    """README.txt."""
    return _README.format(
        kind=contents.kind,
        county=contents.county,
        known_at=contents.known_at,
        purpose=contents.purpose,
    )
