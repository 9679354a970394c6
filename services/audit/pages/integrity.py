"""The integrity page: a verdict in words, every log with its seal, what was found since when."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from services.audit.pages.words import BOOKS
from services.audit.projections.rows import county_of
from services.audit.queries.integrity import Standing
from shared.contracts.topics import is_access
from shared.web.filters import table_moment
from shared.web.models.integrity import CheckRow, IntegrityPage, LogRow, Wrong

ACTION = "/audit/integrity/check"
CHECKS_SHOWN = 6
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLACES: Mapping[str, str] = {
    "entry": "审计存的记录",
    "tile": "散列树",
    "log": "账头",
    "sealed": "检查点",
    "entry_token": "检索索引",
    "subject_text": "人名索引",
    "events": "原库的记录",
    "current": "原库的当前状态",
    "ledger": "原库的账头",
    "heads": "流的清单",
}
Named = Callable[[str, str], str]
KINDS = {"tail": "核对尾部", "full": "全面核查"}


def page_of(of: Standing, today: datetime, running: str | None) -> IntegrityPage:
    """The page's model."""
    counties = {county_of(row.ledger) for row in of.logs}
    named = name_of if len(counties) == 1 else _name_beside
    wrong = tuple(_wrong(row, named) for row in of.found)
    count = (of.found[0].total) if of.found else 0
    return IntegrityPage(
        title="完整性",
        verdict=_verdict(of, count, named),
        about=_about(of, count, today),
        logs=tuple(_log(row, named, of.now, today) for row in of.logs),
        wrong=wrong,
        more=of.more,
        checks=tuple(_checks(of.checks)[:CHECKS_SHOWN]),
        action=ACTION,
        running=running,
    )


def name_of(service: str, ledger: str) -> str:
    """学籍, or 学籍访问 for the ledger of who read it."""
    return f"{BOOKS[service]}{BOOKS['access'] if is_access(ledger) else ''}"


def _name_beside(service: str, ledger: str) -> str:
    """990101 学籍: whose it is, where logs of several counties stand beside each other."""
    return f"{county_of(ledger)} {name_of(service, ledger)}"


def _verdict(of: Standing, count: int, named: Named) -> str:
    if not of.found:
        if not of.logs:
            return "还没有账可以核对"
        every = all(row.tail_at or row.checked_at for row in of.logs)
        return "一致：所有账都与封存时相同" if every else "还没有核对完：有的账等着第一次核对"
    first = of.found[0]
    more = f"，共 {count} 处" if count > 1 else ""
    book = named(first.service, first.ledger)
    return f"被改动（TAMPERED）：{book}账第 {first.seq} 条，{PLACES.get(first.place, '')}{more}"


def _about(of: Standing, count: int, today: datetime) -> str:
    if of.found:
        at = table_moment(of.found[0].first_at, today.date())
        return f"{at} 发现。封存时与现在存的不一样；没有列在下面的记录都与封存时相同。"
    tails = [row.tail_at for row in of.logs if row.tail_at]
    fulls = [row for row in of.logs if row.checked_at]
    said = f"最近一次核对尾部 {table_moment(max(tails), today.date())}。" if tails else ""
    if fulls:
        at = table_moment(max(row.checked_at for row in fulls), today.date())
        total = sum(row.size for row in fulls)
        said += f"最近一次全面核查 {at}，{total:,} 条，{count} 处不符。"
    return said or "第一次核对会在半分钟内开始。"


def _log(row: Any, named: Named, now: datetime, today: datetime) -> LogRow:
    state: Literal["whole", "waiting", "broken"] = "whole"
    if row.wrong is not None:
        state = "broken"
    elif row.tail_at is None and row.checked_at is None:
        state = "waiting"
    return LogRow(
        name=named(row.service, row.ledger),
        origin=row.origin,
        size=row.size,
        root=b64encode(bytes(row.root)).decode(),
        sealed_size=row.sealed_size,
        sealed_at=row.sealed_at,
        age=age(now - row.sealed_at) if row.sealed_at else "",
        state=state,
        wrong=f"第 {row.wrong} 条不符" if row.wrong is not None else "",
        refusals=row.refusals,
        incidents=row.incidents,
        checked_at=row.checked_at,
        checked=_result(row.checked_findings, row.checked_away) if row.checked_at else "",
    )


def _result(findings: int, away: str) -> str:
    said = f"{findings} 处不符" if findings else "一致"
    return f"{said}，原库没有答复" if away else said


def age(since: timedelta) -> str:
    """How long ago, in the largest whole unit."""
    if since < MINUTE:
        return f"{max(0, since // timedelta(seconds=1))} 秒前"
    if since < HOUR:
        return f"{since // MINUTE} 分钟前"
    return f"{since // HOUR} 小时前" if since < DAY else f"{since // DAY} 天前"


def _wrong(row: Any, named: Named) -> Wrong:
    shown = row.seq and row.place in ("entry", "events")
    return Wrong(
        name=named(row.service, row.ledger),
        seq=row.seq,
        place=PLACES.get(row.place, row.place),
        field=row.field,
        expected=row.expected,
        found=row.found,
        first_at=row.first_at,
        fine_at=row.fine_at,
        entry=f"/audit/entries/{row.service}/{row.ledger}/{row.seq}" if shown else "",
    )


def _checks(rows: Sequence[Any]) -> list[CheckRow]:
    """One line for the last look at the tails and one for each full check of a ledger."""
    grouped: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.kind, "" if row.kind == "tail" else row.ledger].append(row)
    return [_check(kind, some) for (kind, _), some in grouped.items()]


def _check(kind: str, rows: Sequence[Any]) -> CheckRow:
    findings = sum(row.findings for row in rows)
    away = any(row.away for row in rows)
    entries = sum(row.entries for row in rows)
    state: Any = "broken" if findings else "waiting" if away else "whole"
    books = f"{len(rows)} 本账" + (f"，{entries:,} 条" if kind == "full" else "")
    return CheckRow(
        at=max(row.ended_at for row in rows),
        what=f"{KINDS[kind]}，{books}",
        state=state,
        said=_result(findings, "away" if away else ""),
    )
