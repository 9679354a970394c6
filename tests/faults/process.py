"""A relay or a follower as a process of its own, to be killed: `python -m tests.faults.process`."""

import asyncio
import sys
from collections.abc import Sequence

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared import kafka
from shared.feed import FeedClient
from shared.following import Follower
from shared.ledger_schema import async_url
from shared.relay import Relay
from shared.subscription import Entry, Subscription
from shared.waking import Waking

# The broker's own least; the product waits longer before it takes a silent member for dead.
SESSION_MILLISECONDS = 6000
SEE = text("insert into seen (ledger, seq, body) values (:ledger, :seq, :body)")


async def see(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """The effect: one row an event; twice would be two rows."""
    rows = [{"ledger": e.ledger, "seq": e.seq, "body": e.body.decode()} for e in entries]
    await conn.execute(SEE, rows)


async def relay(url: str, bootstrap: str, prefix: str) -> None:
    engine = create_async_engine(async_url(url))
    made = kafka.producer(bootstrap)
    await made.start()
    waking = Waking()
    await asyncio.gather(waking.run(engine), Relay(engine, "casework", prefix, made, waking).run())


async def follow(url: str, bootstrap: str, prefix: str, feed: str) -> None:
    kafka.SESSION_MILLISECONDS = SESSION_MILLISECONDS
    engine = create_async_engine(async_url(url))
    client = FeedClient("casework", feed, lambda: "token", httpx2.AsyncClient())
    reads = Subscription("reader.killed", ("casework",), see)
    follower = Follower(engine, "reader", reads, {"casework": client}, Waking())
    broker = kafka.broker(bootstrap)
    follower.attach(broker, prefix)
    await broker.start()
    await follower.sweep()


def main(role: str, *words: str) -> None:
    asyncio.run({"relay": relay, "follow": follow}[role](*words))


if __name__ == "__main__":
    main(*sys.argv[1:])
