"""The inbox as people read it, followed from the own store."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.notify import NotificationQueued, NotificationRead
from shared.subscription import Entry

QUEUED = text(
    "insert into notice (notice, ledger, account, child, kind, about, path, queued_at)"
    " values (:notice, :ledger, :account, :child, :kind, :about, :path, :queued_at)"
    " on conflict (notice) do nothing"
)
READ = text("update notice set read_at = :read_at where notice = :notice and read_at is null")


async def project_inbox(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Notices in, reads after them; both in as few statements as kinds of events."""
    queued, read = [], []
    for one in entries:
        envelope = one.envelope
        match envelope.type:
            case "notify.NotificationQueued":
                event = msgspec.json.decode(envelope.data, type=NotificationQueued)
                facts = ("notice", "account", "child", "kind", "about")
                row = {name: getattr(event, name) for name in facts}
                place = {"ledger": one.ledger, "path": envelope.unitpath}
                queued.append(row | place | {"queued_at": envelope.recorded_at})
            case "notify.NotificationRead":
                seen = msgspec.json.decode(envelope.data, type=NotificationRead)
                read.append({"notice": seen.notice, "read_at": envelope.recorded_at})
            case _:
                pass
    if queued:
        await conn.execute(QUEUED, queued)
    if read:
        await conn.execute(READ, read)
