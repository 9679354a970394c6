"""What shows that the eight systems run, the policy documents and the duty matrices."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import activities as a
from shared.policy.pack import Pack
from shared.subscription import Entry

DOCUMENT, MATRIX = "casework.PolicyDocumentPublished", "casework.DutyMatrixAdopted"
ENTRIES_SHOWN = 200
NOTE = text(
    "insert into running (ledger, service, seq, type, path, at)"
    " values (:ledger, :service, :seq, :type, :path, :at) on conflict do nothing"
)
KEEP_DOCUMENT = text(
    "insert into document (document, ledger, seq, code, title, version, sha256, unit, path, owner,"
    " valid_from, number, issuer, recorded_at) values (:document, :ledger, :seq, :code, :title,"
    " :version, :sha256, :unit, :path, :owner, :valid_from, :number, :issuer, :recorded_at)"
    " on conflict do nothing"
)
KEEP_MATRIX = text(
    "insert into duty_matrix (activity, ledger, seq, unit, path, year, duties, recorded_at)"
    " values (:activity, :ledger, :seq, :unit, :path, :year, cast(:duties as jsonb), :recorded_at)"
    " on conflict do nothing"
)
COUNTS = text(
    "select type, count(*) as n, max(at) as last from running"
    " where type = any(:types) and at >= :since group by type order by type"
)
ENTRIES = text(
    "select ledger, service, seq, type, path, at from running where type = any(:types)"
    " and at >= :since order by at desc, seq desc limit :limit"
)
DOCUMENTS = text(
    "select d.*, u.name as unit_name from document d left join unit u using (unit)"
    " order by d.code, d.path, d.valid_from desc, d.seq desc"
)
MATRICES = text(
    "select distinct on (m.unit) m.*, u.name as unit_name from duty_matrix m"
    " left join unit u using (unit) order by m.unit, m.year desc, m.seq desc"
)


def proofs(packs: Iterable[Pack]) -> frozenset[str]:
    """The event types that show that some system of some pack runs."""
    return frozenset(
        one for pack in packs for system in pack.file.systems.values() for one in system.proof
    )


async def note(conn: AsyncConnection, entries: Sequence[Entry], types: frozenset[str]) -> None:
    """Rows follow the events; an event that comes again changes nothing."""
    rows = [_noted(entry) for entry in entries if entry.type in types]
    if rows:
        await conn.execute(NOTE, rows)
    for entry in entries:
        if entry.type == DOCUMENT:
            await conn.execute(KEEP_DOCUMENT, _document(entry))
        elif entry.type == MATRIX:
            await conn.execute(KEEP_MATRIX, _matrix(entry))


def _noted(entry: Entry) -> dict[str, Any]:
    envelope = entry.envelope
    return {
        "ledger": entry.ledger,
        "service": envelope.service,
        "seq": entry.seq,
        "type": envelope.type,
        "path": envelope.unitpath,
        "at": envelope.occurred_at,
    }


def _document(entry: Entry) -> dict[str, Any]:
    event = msgspec.json.decode(entry.envelope.data, type=a.PolicyDocumentPublished)
    return {
        **msgspec.structs.asdict(event),
        "ledger": entry.ledger,
        "seq": entry.seq,
        "path": entry.envelope.unitpath,
        "recorded_at": entry.envelope.recorded_at,
    }


def _matrix(entry: Entry) -> dict[str, Any]:
    event = msgspec.json.decode(entry.envelope.data, type=a.DutyMatrixAdopted)
    return {
        "activity": event.activity,
        "ledger": entry.ledger,
        "seq": entry.seq,
        "unit": event.unit,
        "path": entry.envelope.unitpath,
        "year": event.year,
        "duties": msgspec.json.encode(event.duties).decode(),
        "recorded_at": entry.envelope.recorded_at,
    }


async def counted(conn: AsyncConnection, types: Sequence[str], since: datetime) -> dict[str, Any]:
    """Type → how many since then, and the last of them, in the connection's jurisdiction."""
    rows = await conn.execute(COUNTS, {"types": list(types), "since": since})
    return {row.type: row for row in rows}


async def entries(conn: AsyncConnection, types: Sequence[str], since: datetime) -> Sequence[Any]:
    params = {"types": list(types), "since": since, "limit": ENTRIES_SHOWN}
    return (await conn.execute(ENTRIES, params)).all()


async def documents(conn: AsyncConnection) -> Sequence[Any]:
    """Every version, of each document the one that begins last first."""
    return (await conn.execute(DOCUMENTS)).all()


def standing(rows: Iterable[Any], code: str, on: date) -> Any | None:
    """The version of a document that holds on a day."""
    return next((row for row in rows if row.code == code and row.valid_from <= on), None)


async def matrices(conn: AsyncConnection) -> Sequence[Any]:
    """Of each unit the one that it adopted last."""
    return (await conn.execute(MATRICES)).all()
