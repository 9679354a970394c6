"""Redrive: apply what was parked for a subject once its cause is mended."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.subscription import Entry, Subscription


async def redrive(engine: AsyncEngine, subscription: Subscription, subject: str) -> int:
    """Apply what was parked for a subject, in order; rows go with their effect, or not at all."""
    take = text(
        "delete from parked where subscription = :subscription and subject = :subject"
        " returning source, ledger, seq, body, parked_at"
    )
    params: dict[str, Any] = {"subscription": subscription.name, "subject": subject}
    async with engine.begin() as conn:
        lock = "select pg_advisory_xact_lock(hashtextextended(:name, 0))"
        await conn.execute(text(lock), {"name": f"redrive {subscription.name}"})
        rows = sorted((await conn.execute(take, params)).all(), key=lambda r: (r.parked_at, r.seq))
        entries = [Entry(r.source, r.ledger, r.seq, r.body.encode()) for r in rows]
        # What it follows may have become less since they were parked.
        if concerned := subscription.concerning(entries):
            await subscription.apply(conn, concerned)
    subscription.halted = ""
    return len(entries)
