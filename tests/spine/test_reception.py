"""One batch, many subscriptions: each takes its own, none holds up another, nothing is lost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.checkpoints import places
from shared.event_store import execute
from shared.feed import FeedClient
from shared.following import Follower
from shared.kafka import Arrived
from shared.own_store import OwnStore
from shared.reception import Reception
from shared.subscription import Entry, Subscription
from shared.waking import Waking
from tests.spine.counter import LEDGER, Add, order
from tests.spine.test_following import entries_of, feed_of, until
from tests.stores import Store


@dataclass
class Hearer:
    """Remembers what it was given; fails while it is told to."""

    heard: list[int] = field(default_factory=list)
    fails: bool = False

    async def apply(self, _conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        if self.fails:
            raise ConnectionError("not now")
        self.heard += [one.seq for one in entries]


def follower(
    store: Store, name: str, hearer: Hearer, client: FeedClient | None = None, **more: object
) -> Follower:
    subscription = Subscription(name, ("casework",), hearer.apply, **more)  # type: ignore[arg-type]
    feeds = {"casework": client} if client else {}
    return Follower(store.engine, "reader", subscription, feeds, Waking())


async def arrived(store: Store) -> list[Arrived]:
    return [
        Arrived(one.source, one.ledger, one.seq, "", "", one.body)
        for one in await entries_of(store)
    ]


async def place(store: Store, name: str) -> int:
    return (await places(store.engine, name)).get(("casework", LEDGER), (0, ""))[0]


DEAF = frozenset(("casework.NothingOfThisKind",))


async def test_one_that_fails_holds_up_no_other_and_fetches_what_it_missed(
    store: Store, other_store: Store
) -> None:
    await execute(store.engine, order(command=Add(events=6)))
    good, bad = Hearer(), Hearer(fails=True)
    async with feed_of(store, Waking()) as client:
        failing = follower(other_store, "reader.bad", bad, client)
        both = [follower(other_store, "reader.good", good, client), failing]
        await Reception(other_store.engine, both).receive(await arrived(store), [])
        assert good.heard == [1, 2, 3, 4, 5, 6]
        assert failing.state == "waiting"
        bad.fails = False
        sweeping = asyncio.create_task(failing.sweep())

        async def fetched() -> bool:
            return failing.state == "following"

        await until(fetched)
        sweeping.cancel()
    assert bad.heard == [1, 2, 3, 4, 5, 6]
    assert await place(other_store, "reader.bad") == 6


async def test_when_nobody_can_take_it_the_batch_comes_again(
    store: Store, other_store: Store
) -> None:
    await execute(store.engine, order(command=Add(events=2)))
    hearers = [Hearer(fails=True), Hearer(fails=True)]
    both = [follower(other_store, f"reader.{n}", one) for n, one in enumerate(hearers)]
    reception = Reception(other_store.engine, both)
    with pytest.raises(ConnectionError):
        await reception.receive(await arrived(store), [])
    for one in hearers:
        one.fails = False
    await reception.receive(await arrived(store), [])
    assert [one.heard for one in hearers] == [[1, 2], [1, 2]]


async def test_whom_nothing_concerns_is_moved_only_from_right_before(
    store: Store, other_store: Store
) -> None:
    await execute(store.engine, order(command=Add(events=4)))
    first = await arrived(store)
    near, far = Hearer(), Hearer()
    ready = follower(other_store, "reader.near", near, types=DEAF)
    late = follower(other_store, "reader.far", far, types=DEAF)
    await Reception(other_store.engine, [ready]).receive(first, [])
    await execute(store.engine, order("counter-2", Add(events=3)))
    later = (await arrived(store))[4:]
    await Reception(other_store.engine, [ready, late]).receive(later, [])
    assert await place(other_store, "reader.near") == 7
    assert await place(other_store, "reader.far") == 0
    async with feed_of(store, Waking()) as client:
        late.feeds = {"casework": client}
        await late.sweep_once({})
    assert await place(other_store, "reader.far") == 7
    assert near.heard == far.heard == []


async def test_a_slow_one_on_the_own_store_holds_up_no_other(store: Store) -> None:
    waking, released, quick = Waking(), asyncio.Event(), Hearer()

    async def wait(_conn: AsyncConnection, _entries: Sequence[Entry]) -> None:
        await released.wait()

    slow = Subscription("casework.slow", ("casework",), wait, own=True)
    fast = Subscription("casework.fast", ("casework",), quick.apply, own=True)
    followers = [Follower(store.engine, "casework", one, {}, waking) for one in (slow, fast)]
    following = asyncio.create_task(OwnStore(store.engine, "casework", followers, waking).run())
    for n in range(3):
        await execute(store.engine, order(f"counter-{n}"))
        waking.wake()

        async def there(upto: int = n + 1) -> bool:
            return await place(store, "casework.fast") == upto

        await until(there)
    assert await place(store, "casework.slow") == 0
    released.set()

    async def caught_up() -> bool:
        return await place(store, "casework.slow") == 3

    await until(caught_up)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert quick.heard == [1, 2, 3]
