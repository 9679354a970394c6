"""Entry bundles of a log: the bodies themselves, for whoever may export the county."""

import struct
from collections.abc import Callable, Sequence
from typing import Final

from fastapi import Request
from sqlalchemy import text

from services.audit.api.access import grant_in
from services.audit.ledger.logs import Log
from services.audit.projections.rows import county_of, county_path
from shared.contracts.access import ExportCreated
from shared.edge import Edge, allowed
from shared.event import read
from shared.reading import Opened
from shared.rights import purposes_for
from shared.session_http import viewer as signed_in

BODIES: Final = text(
    "select body from entry where ledger = :ledger and service = :service"
    " and seq > :first and seq <= :last order by seq"
)


async def entry_bundle(edge: Edge, log: Log, first: int, count: int, request: Request) -> bytes:
    """Entries from leaf `first` on, each after its length; recorded as an export before.

    Raises NotSignedIn, NotAllowed, ReadingNotRecorded.
    """
    who = signed_in(request)
    moment = await edge.moment()
    county = county_of(log.ledger)
    allowed(who, "export.create", county_path(county), moment)
    async with edge.service.engine.connect() as conn:
        params = {"ledger": log.ledger, "service": log.service}
        rows = await conn.execute(BODIES, params | {"first": first, "last": first + count})
        bodies = [bytes(row.body) for row in rows]
    reading = edge.reading(who, county, purposes_for(who, moment.today)[0], "log", moment.today)
    for body in bodies:
        if subject := read(body).subject:
            reading.touch(subject)
    grant = grant_in(who, "export.create", county, moment.today)
    await edge.record(reading, moment, grant, exported(log, first, len(bodies)))
    return b"".join(packed(bodies))


def packed(bodies: Sequence[bytes]) -> list[bytes]:
    """Each entry after its length in two bytes, big-endian."""
    return [struct.pack(">H", len(body)) + body for body in bodies]


def exported(log: Log, first: int, count: int) -> Callable[[Opened], ExportCreated]:
    """Shapes a reading's record into `ExportCreated`, which says which entries went out."""
    kind = f"{log.origin} {first + 1}–{first + count}"

    def shape(opened: Opened) -> ExportCreated:
        return ExportCreated(
            purpose=opened.purpose,
            kind=kind,
            rows=count,
            subjects=opened.subjects,
            classes=opened.classes,
            obtained_by=opened.obtained_by,
        )

    return shape
