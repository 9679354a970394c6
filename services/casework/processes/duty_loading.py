"""What a batch of duties will need, asked for at once instead of duty by duty."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import DUTY
from services.casework.processes.arming import Arming
from services.casework.processes.duty_work import Work, duty_id
from services.casework.queries import duty_rows as rows
from services.casework.queries.duty_rows import OpenDuty
from services.casework.queries.groups import groups_of


async def foresee(
    conn: AsyncConnection, work: Work, armings: Sequence[Arming], touched: Iterable[OpenDuty] = ()
) -> None:
    """Streams of what may be armed or touched, and the evidence that may be there before it."""
    streams = {f"duty-{duty_id(work, one)}" for one in armings} | {one.stream for one in touched}
    await work.batch.load(conn, DUTY, sorted(streams))
    if asked := [one.place.child for one in armings if one.kind.arm.groups and one.place.child]:
        work.groups |= await groups_of(conn, asked)
    if armings:
        targets = {one.target for one in armings}
        since = min(one.starts_at for one in armings)
        for known in await rows.facts_since(conn, work.ledger, targets, since):
            work.earlier.setdefault(known.target, set()).add(known)
