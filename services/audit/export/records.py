"""What audit's own log tells of heads and exports, and how it is appended."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from services.audit.projections.rows import county_path
from shared import clock
from shared.contracts.audit import ExportMade, HeadsCommitted, HeadsOf
from shared.decider import Decider
from shared.event import SYSTEM, Circumstances
from shared.event_store import Aggregate, Order, execute

NEWEST = text(
    "select seq, body from events where ledger = :ledger and stream = :stream"
    " order by seq desc limit 1"
)


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads that were committed last; the same again are no event."""

    logs: tuple[HeadsOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Exports:
    """Whether the export was made."""

    made: bool = False


def _commit(command: HeadsCommitted, before: Heads) -> list[HeadsCommitted]:
    return [] if tuple(command.logs) == before.logs else [command]


HEADS: Aggregate[HeadsCommitted, HeadsCommitted, Heads] = Aggregate(
    service="audit",
    prefix="heads-",
    decider=Decider(Heads(), _commit, lambda _before, event: Heads(tuple(event.logs))),
    events={"HeadsCommitted": HeadsCommitted},
    states={"Heads": Heads},
)
EXPORTS: Aggregate[ExportMade, ExportMade, Exports] = Aggregate(
    service="audit",
    prefix="export-",
    decider=Decider(
        Exports(), lambda event, before: [] if before.made else [event], lambda *_: Exports(True)
    ),
    events={"ExportMade": ExportMade},
    states={"Exports": Exports},
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of audit's own log: its sequence and exact bytes."""

    seq: int
    body: bytes


async def commit_heads(engine: AsyncEngine, county: str, logs: list[HeadsOf]) -> Recorded:
    """Append HeadsCommitted unless the newest says the same; the one that says it."""
    async with engine.connect() as conn:
        now = await clock.now(conn)
    circumstances = Circumstances(
        ledger=county,
        actor=SYSTEM,
        via="system",
        policy_version="",
        command_id=uuid7(),
        now=now,
    )
    stream = f"heads-{county}"
    order = Order(
        aggregate=HEADS,
        stream=stream,
        command=HeadsCommitted(logs=logs),
        circumstances=circumstances,
        unitpath=county_path(county),
    )
    await execute(engine, order)
    async with engine.connect() as conn:
        return await newest(conn, county, stream)


async def newest(conn: AsyncConnection, ledger: str, stream: str) -> Recorded:
    """The last entry of a stream of audit's own. Raises NoResultFound."""
    row = (await conn.execute(NEWEST, {"ledger": ledger, "stream": stream})).one()
    return Recorded(row.seq, row.body.encode())


def export_stream(export: UUID) -> str:
    return f"export-{export}"
