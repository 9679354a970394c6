"""What units recorded of their work: meetings, checks, plans, reviews, targets, escalations."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.subscription import Entry

STREAMS = ("activity-", "duty-")
# Of a duty's stream the evidence that was filed: it is what a body's inbox holds.
EVIDENCE = "casework.EvidenceFiled"
# Which field of an event says what kind of its type it is.
CODES = ("kind", "metric", "code", "level")
PAGE_ROWS = 200
SEPTEMBER = 9
INSERT = text(
    "insert into activity_row (ledger, seq, activity, kind, code, unit, path, child, happened_at,"
    " recorded_at, actor, data) values (:ledger, :seq, cast(:activity as uuid), :kind, :code,"
    " :unit, :path, cast(:child as uuid), :happened_at, :recorded_at, :actor,"
    " cast(:data as jsonb)) on conflict do nothing"
)
COLUMNS = (
    "select ledger, seq, activity, kind, code, unit, path, child, happened_at, recorded_at,"
    " actor, data from activity_row"
)
LISTED = text(
    f"{COLUMNS} where kind = any(:kinds) and (cast(:unit as text) is null or unit = :unit"
    " or '/' || path || '/' like '%/' || :unit || '/%')"
    " order by happened_at desc, seq desc limit :limit"
)
RECEIVED = text(
    f"{COLUMNS} where kind = 'EvidenceFiled' and code = any(:codes)"
    " and '/' || path || '/' like '%/' || :unit || '/%' order by recorded_at desc limit :limit"
)
TARGETS = text(f"{COLUMNS} where kind = 'TargetSet' and data ->> 'year' = :year order by seq")
YEARS = text(
    "select distinct data ->> 'year' as year from activity_row where kind = 'TargetSet'"
    " order by 1 desc"
)
# The newest word on each case: it waits where that one sent it, until it is closed or sent back.
WAITING = text(
    "select a.*, c.number, c.state, c.opened_at, k.fields -> 'name' as name from"
    " (select distinct on (data ->> 'case') seq, child, path, code, recorded_at, actor,"
    " data ->> 'case' as case, data ->> 'to_unit' as to_unit from activity_row"
    " where kind = 'CaseEscalated' order by data ->> 'case', seq desc) a"
    " join case_row c on c.stream = 'case-' || a.case left join child k on k.child = a.child"
    " where c.state <> 'closed' and a.code <> 'school' order by a.recorded_at"
)


async def project_activities(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """One row an event; nothing about it ever changes."""
    for entry in entries:
        if not entry.envelope.stream.startswith(STREAMS):
            continue
        if entry.envelope.stream.startswith("duty-") and entry.envelope.type != EVIDENCE:
            continue
        await conn.execute(INSERT, _row(entry))


def _row(entry: Entry) -> dict[str, Any]:
    envelope = entry.envelope
    data: dict[str, Any] = msgspec.json.decode(envelope.data)
    return {
        "ledger": entry.ledger,
        "seq": entry.seq,
        "activity": envelope.stream.partition("-")[2],
        "kind": envelope.type.partition(".")[2],
        "code": next((str(data[name]) for name in CODES if data.get(name)), ""),
        "unit": data.get("unit") or envelope.unitpath.rpartition("/")[2],
        "path": envelope.unitpath,
        "child": data.get("child") or _child(envelope.subject),
        "happened_at": envelope.occurred_at,
        "recorded_at": envelope.recorded_at,
        "actor": envelope.actorid,
        "data": bytes(envelope.data).decode(),
    }


def _child(subject: str | None) -> str | None:
    return subject if subject and "-" in subject else None


async def listed(conn: AsyncConnection, kinds: Sequence[str], unit: str | None) -> Sequence[Any]:
    """The newest first, in the connection's jurisdiction."""
    params = {"kinds": list(kinds), "unit": unit, "limit": PAGE_ROWS}
    return (await conn.execute(LISTED, params)).all()


async def received(conn: AsyncConnection, codes: Sequence[str], unit: str) -> Sequence[Any]:
    """What came into a body's inbox: evidence of the kinds that it receives."""
    params = {"codes": list(codes), "unit": unit, "limit": PAGE_ROWS}
    return (await conn.execute(RECEIVED, params)).all()


async def targets(conn: AsyncConnection, year: str) -> Sequence[Any]:
    return (await conn.execute(TARGETS, {"year": year})).all()


async def target_years(conn: AsyncConnection) -> list[str]:
    return [row.year for row in await conn.execute(YEARS)]


async def waiting_above(conn: AsyncConnection) -> Sequence[Any]:
    """Cases that wait at an upper level, the longest first."""
    return (await conn.execute(WAITING)).all()


def school_year(on: date) -> str:
    """2026-2027 for a day of the school year that began in September 2026."""
    first = on.year if on.month >= SEPTEMBER else on.year - 1
    return f"{first}-{first + 1}"
