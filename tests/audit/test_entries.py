"""The exact bytes of every ledger: stored as they came, without a hole, never changed."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.audit.projections.entries import NotItsPlace
from services.audit.subscriptions import ledgers
from shared.event_store import execute
from shared.faults import PastRewritten
from shared.feed import page
from shared.subscription import Entry, deliver
from tests.audit.conftest import INSPECTOR, STRANGER, World
from tests.audit.county import COUNTY
from tests.spine.counter import Add, order
from tests.stores import Store, cloned, found, make_template


async def stored(store: Store, service: str, ledger: str) -> list[bytes]:
    async with store.engine.connect() as conn:
        asked = "select body from entry where service = :s and ledger = :l order by seq"
        rows = await conn.execute(text(asked), {"s": service, "l": ledger})
        return [bytes(row.body) for row in rows]


async def test_what_a_producer_appended_is_kept_byte_for_byte(
    store: Store, postgres_server: str
) -> None:
    async with cloned(await make_template(postgres_server, "casework")) as producer:
        await found(producer, COUNTY)
        for number in range(3):
            await execute(producer.engine, order(f"counter-{number}", Add(events=50)))
        bodies = await page(producer.engine, COUNTY, 0, 1000)
    entries = [Entry("casework", COUNTY, n, b.encode()) for n, b in enumerate(bodies, 1)]
    assert await deliver(store.engine, ledgers()[0], "casework", entries) == []
    assert await stored(store, "casework", COUNTY) == [body.encode() for body in bodies]


async def test_duplicates_are_trimmed_and_what_lies_beyond_a_gap_waits(world: World) -> None:
    entries = world.books.entries("enrollment", COUNTY)
    subscription, engine = ledgers()[0], world.store.engine
    assert await deliver(engine, subscription, "enrollment", entries[:3]) == []
    (gap,) = await deliver(engine, subscription, "enrollment", entries[4:])
    assert (gap.ledger, gap.after) == (COUNTY, 3)
    assert await deliver(engine, subscription, "enrollment", [*entries, *entries]) == []
    assert await stored(world.store, "enrollment", COUNTY) == [one.body for one in entries]


async def test_a_body_that_names_another_place_is_not_stored(world: World) -> None:
    first = world.books.entries("enrollment", COUNTY)[0]
    forged = Entry("casework", COUNTY, 1, first.body)
    with pytest.raises(NotItsPlace):
        await deliver(world.store.engine, ledgers()[0], "casework", [forged])
    assert await stored(world.store, "casework", COUNTY) == []


async def test_a_batch_whose_hashes_do_not_chain_is_refused_whole(world: World) -> None:
    first, second, *_ = world.books.entries("enrollment", COUNTY)
    broken = Entry(second.source, second.ledger, 2, second.body, "0" * 16)
    with pytest.raises(PastRewritten):
        await deliver(world.store.engine, ledgers()[0], "enrollment", [first, broken])
    assert await stored(world.store, "enrollment", COUNTY) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update entry set body = 'x'",
        "delete from entry",
        "truncate entry",
        "select * from entry_token",
        "select * from subject_text",
        "delete from entry_token",
    ],
)
async def test_the_service_itself_can_neither_change_entries_nor_read_the_index(
    world: World, statement: str
) -> None:
    await world.follow()
    with pytest.raises(DBAPIError, match=r"permission denied|never changed"):
        async with world.store.engine.begin() as conn:
            await conn.execute(text(statement))


async def test_the_exact_bytes_are_downloaded_by_who_may_and_it_is_recorded(world: World) -> None:
    child = await world.here.child("吉克阿依")
    await world.follow()
    entry = world.books.entries("enrollment", COUNTY)[-1]
    path = f"/audit/entries/enrollment/{COUNTY}/{entry.seq}"
    answer = await world.get(INSPECTOR, path)
    assert (answer.status_code, answer.content) == (200, entry.body)
    (recorded,) = await world.accesses()
    assert str(child) in recorded
    assert (await world.get(STRANGER, path)).status_code == 403
    assert (await world.get(INSPECTOR, f"/audit/entries/notify/{COUNTY}/1")).status_code == 404


async def test_heads_say_what_is_held_and_whether_it_is_contiguous(world: World) -> None:
    await world.follow()
    heads = (await world.get(INSPECTOR, "/audit/heads")).json()
    assert {(one["service"], one["ledger"]) for one in heads} == {
        ("enrollment", COUNTY),
        ("casework", COUNTY),
    }
    assert all(one["contiguous"] and one["seq"] == one["searchable"] for one in heads)
    part = await world.get(INSPECTOR, "/audit/today", "text/html")
    assert "各账序号连续，没有缺。" in part.text
