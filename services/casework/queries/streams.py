"""Which streams are about a child: read and written in the transaction that decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Two writers about one child come one after the other, or both would raise a first alert.
LOCK = text(
    "select pg_advisory_xact_lock(hashtextextended('child ' || c.name, 0))"
    " from (select unnest(cast(:children as text[])) as name order by 1) as c"
)
OF_CHILDREN = text(
    "select s.child, s.stream, s.ledger, c.state, c.unitpath from child_stream s"
    " join current c on c.ledger = s.ledger and c.stream = s.stream"
    " where s.child = any(cast(:children as uuid[])) and s.ledger = :ledger order by c.seq"
)
OF_STREAM = text(
    "select s.stream, s.ledger, s.child, c.version, c.state, c.unitpath as born,"
    " coalesce(k.path, c.unitpath) as path, k.klass, k.school, k.grade"
    " from child_stream s join current c on c.ledger = s.ledger and c.stream = s.stream"
    " left join child k on k.child = s.child where s.stream = :stream"
)
REMEMBER = text(
    "insert into child_stream (stream, ledger, child) values (:stream, :ledger, :child)"
    " on conflict do nothing"
)
RUNS = text("select child, last_on, days, ended from absence_run where child = any(:children)")
SAVE_RUN = text(
    "insert into absence_run (child, last_on, days, ended) values (:child, :last_on, :days, :ended)"
    " on conflict (child) do update set last_on = excluded.last_on, days = excluded.days,"
    " ended = excluded.ended"
)


@dataclass(frozen=True, slots=True)
class Stream:
    """One record about a child: `state` is a phase of the alert or the case."""

    stream: str
    state: str
    unitpath: str

    @property
    def is_case(self) -> bool:
        return self.stream.startswith("case-")


async def lock_children(conn: AsyncConnection, children: Sequence[UUID]) -> None:
    """Hold the children until the transaction ends; in one order, so that nobody deadlocks."""
    await conn.execute(LOCK, {"children": sorted({str(child) for child in children})})


async def streams_of(
    conn: AsyncConnection, ledger: str, children: Sequence[UUID]
) -> dict[UUID, list[Stream]]:
    """Alerts and cases of each child in this ledger, whatever their phase."""
    found: dict[UUID, list[Stream]] = {child: [] for child in children}
    params = {"ledger": ledger, "children": list(found)}
    for row in await conn.execute(OF_CHILDREN, params):
        found[row.child].append(Stream(row.stream, row.state, row.unitpath))
    return found


async def remember(conn: AsyncConnection, stream: str, ledger: str, child: UUID) -> None:
    await conn.execute(REMEMBER, {"stream": stream, "ledger": ledger, "child": child})
