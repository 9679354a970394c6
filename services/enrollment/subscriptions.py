"""What enrollment follows: its own store, for its boards."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import SERVICE
from services.enrollment.projections.names import NAMING, index_names
from services.enrollment.projections.people import People, move
from services.enrollment.projections.rolls import Rolls
from shared.contracts import enrollment as c
from shared.contracts.decode import decode
from shared.keyring import Keyring
from shared.subscription import Entry, Subscription


def subscriptions(keyring: Keyring) -> list[Subscription]:
    return [
        Subscription("enrollment.boards", (SERVICE,), project_boards, own=True),
        Subscription("enrollment.names", (SERVICE,), index_names(keyring), own=True, types=NAMING),
    ]


async def project_boards(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Everything that a batch says, in a few statements; a moved unit is a line between batches."""
    rolls, people = Rolls(), People()
    for entry in entries:
        envelope = entry.envelope
        event = decode(envelope.type, envelope.dataversion, envelope.data)
        if isinstance(event, c.UnitMoved):
            await people.flush(conn)
            await rolls.flush(conn)
            rolls, people = Rolls(), People()
            await move(conn, event, envelope)
            continue
        rolls.take(event, envelope)
        people.take(event, envelope)
    await people.flush(conn)
    await rolls.flush(conn)
