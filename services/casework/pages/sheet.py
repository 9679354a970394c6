"""The ledger of cases as a spreadsheet: as of a moment, with the range of events it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import quote

import xlsxwriter
from fastapi import Response
from sqlalchemy import text

from services.casework.queries.boards import Found
from shared.console import Visit
from shared.contracts import access
from shared.contracts.words import time_words
from shared.reading import Opened
from shared.web.models.case import CaseRow

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KIND = "cases"
# So many names at the most stand in one record of an export; a longer one is recorded in parts.
PART_ROWS = 450
HEADS = ("编号", "学生", "学校、班级", "状态", "立案日期", "谁负责", "下一步", "到期", "销号日期")
WIDTHS = (20, 14, 32, 14, 12, 12, 18, 16, 12)
BODIES = text(
    "select ledger, seq, body from events where (ledger, stream) in"
    " (select * from unnest(cast(:ledgers as text[]), cast(:streams as text[])))"
    " order by ledger, seq"
)
# A spreadsheet must not take a text for a formula, also after somebody saved it as csv.
RISKY = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Range:
    """The events that the ledger was folded from: first and last sequence, and their hash."""

    ledger: str
    first: int
    last: int
    count: int
    sha256: str

    @property
    def said(self) -> str:
        return f"{self.ledger} 账第 {self.first}—{self.last} 条，共 {self.count} 条"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the file, opened through the reading of their own visit."""

    visit: Visit
    rows: Sequence[CaseRow]


async def answer(
    found: Visit, filter: str, records: Sequence[Found[Any]], parts: Sequence[Part]
) -> Response:
    """The file; that it was made, for whom and about whom, is recorded before it is sent."""
    ranges = await _ranges(found, records)
    content = _workbook(found, filter, [row for part in parts for row in part.rows], ranges)
    for part in parts:
        await _record(part)
    name = f"台账-{found.today}.xlsx"
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


async def _record(part: Part) -> None:
    def shape(opened: Opened) -> access.Event:
        return access.ExportCreated(
            purpose=opened.purpose,
            kind=KIND,
            rows=len(part.rows),
            subjects=opened.subjects,
            classes=opened.classes,
            obtained_by=opened.obtained_by,
        )

    visit = part.visit
    await visit.edge.record(visit.reading, visit.moment, visit.grant, shape)


async def _ranges(found: Visit, records: Sequence[Found[Any]]) -> list[Range]:
    ledgers = [row.ledger for row in records]
    streams = [row.stream for row in records]
    async with found.edge.service.engine.connect() as conn:
        bodies = await conn.execute(BODIES, {"ledgers": ledgers, "streams": streams})
        by_ledger: dict[str, list[Any]] = {}
        for row in bodies:
            by_ledger.setdefault(row.ledger, []).append(row)
    return [
        Range(ledger, found_[0].seq, found_[-1].seq, len(found_), digest(r.body for r in found_))
        for ledger, found_ in by_ledger.items()
    ]


def digest(bodies: Any) -> str:
    """SHA-256 over the bodies, one a line, in the order of the ledger."""
    whole = sha256()
    for body in bodies:
        whole.update(body.encode() + b"\n")
    return whole.hexdigest()


def _workbook(found: Visit, filter: str, rows: Sequence[CaseRow], ranges: Sequence[Range]) -> bytes:
    memory = BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False})
    page, bold = book.add_worksheet("台账"), book.add_format({"bold": True})
    page.write_string(0, 0, f"辍学学生工作台账（{filter}）", bold)
    page.write_string(1, 0, f"截至 {found.today.year}年{time_words(found.moment.now)}")
    line = 2
    for one in ranges:
        page.write_string(line, 0, f"事件范围：{one.said}；SHA-256 {one.sha256}")
        line += 1
    for column, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
        page.set_column(column, column, width)
        page.write_string(line, column, head, bold)
    for number, row in enumerate(rows, line + 1):
        for column, value in enumerate(_cells(row)):
            page.write_string(number, column, safe(value))
    book.close()
    return memory.getvalue()


def _cells(row: CaseRow) -> tuple[str, ...]:
    closed = row.closed_on.isoformat() if row.closed_on else ""
    opened = row.opened_on.isoformat()
    due = f"已超期 {row.due}" if row.overdue else row.due
    facts = (row.number, row.name, row.school, row.state, opened, row.owner, row.next_step)
    return (*facts, due, closed)


def safe(value: str) -> str:
    return f"'{value}" if value.startswith(RISKY) else value
