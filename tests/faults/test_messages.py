"""Malformed, oversize and newer messages: they stop nobody, and nothing is lost."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from shared.batch import append
from shared.contracts.topics import LEDGER_SEQ, PREVIOUS_HASH, SOURCE, TYPE, partition_of, topic_of
from shared.event import Placed, draft
from shared.feed import page
from tests.faults.following import READER, Way, way
from tests.faults.running import World, add_traces, until
from tests.spine.counter import LEDGER, PATH, Counted, circumstances
from tests.stores import Store

pytestmark = pytest.mark.timeout(400)

OTHERS = ("990102", "990103")
BODY = b'{"source":"/990101/casework","ledgerseq":%d,"data":{}}'
HEADERS = {SOURCE: b"/990101/casework", LEDGER_SEQ: b"4", TYPE: b"casework.Counted"}

# What somebody else might write where the relay of casework writes: value and headers.
STRANGE: Mapping[str, tuple[bytes | None, dict[str, bytes]]] = {
    "no headers": (b"hello", {}),
    "a tombstone": (None, HEADERS),
    "an empty value": (b"", HEADERS),
    "no JSON": (b"not json", HEADERS),
    "cut off": ((BODY % 4)[:-9], HEADERS),
    "another place": (BODY % 9, HEADERS),
    "another ledger": (BODY % 4, {**HEADERS, SOURCE: b"/990102/casework"}),
    "no number": (BODY % 4, {**HEADERS, LEDGER_SEQ: b"four"}),
    "no source": (BODY % 4, {**HEADERS, SOURCE: b"\xff/\xfe"}),
    "not UTF-8": (BODY % 4 + b"\xff\xfe", HEADERS),
    "a NUL": (BODY % 4 + b"\x00", HEADERS),
    "oversize without headers": (b"x" * 60_000, {}),
    "oversize with headers": (BODY % 4 + b" " * 60_000, HEADERS),
    "deep": (b"[" * 20_000, HEADERS),
}


@pytest.fixture
async def world(store: Store, other_store: Store, kafka_server: str, prefix: str) -> World:
    await add_traces(other_store)
    return World(store, other_store, kafka_server, prefix)


async def send_strange(whole: Way) -> None:
    topic, partition = topic_of(whole.world.prefix, "casework"), partition_of(LEDGER)
    for value, headers in STRANGE.values():
        await whole.producer.send_and_wait(
            topic,
            value,
            key=LEDGER.encode(),
            partition=partition,
            headers=[*headers.items(), (PREVIOUS_HASH, b"")],
        )


async def test_strange_messages_are_set_aside_whole_and_stop_nobody(world: World) -> None:
    async with way(world) as whole:
        await whole.append(LEDGER, 3)
        await whole.arrive()
        await send_strange(whole)
        for ledger in (LEDGER, *OTHERS):
            await whole.append(ledger, 3)
        await whole.check()

        async def all_aside() -> bool:
            return whole.follower.strangers >= len(STRANGE)

        await until(all_aside)
        assert whole.follower.state == "following"
    async with world.other.engine.connect() as conn:
        rows = (await conn.execute(text('select value from stranger order by "offset"'))).scalars()
        assert list(rows) == [value or b"" for value, _ in STRANGE.values()]
        assert (await conn.execute(text("select count(*) from parked"))).scalar_one() == 0


async def append_newer(whole: Way, number: int) -> None:
    """An event of a shape that this program does not know yet, as a newer copy would write it."""
    said = circumstances(LEDGER)
    place = Placed(
        service="casework",
        stream="counter-new",
        version=number,
        ordinal=0,
        type="casework.Counted",
        unitpath=PATH,
        subject=None,
        happened=datetime.now(UTC),
        dataversion=2,
    )
    event = draft(Counted(number=number, by=1), place, said)
    async with whole.world.store.engine.begin() as conn:
        done = await append(conn, said, [event], [])
    what = f"counter-new@{number}#{said.command_id}"
    whole.history.acknowledge(LEDGER, done.first_seq, what)


async def test_a_newer_version_pauses_its_ledger_and_goes_on_after_the_upgrade(
    world: World,
) -> None:
    async with way(world) as whole:
        await whole.append(LEDGER, 3)
        await append_newer(whole, 1)
        await whole.append(LEDGER, 2)

        async def says_so() -> bool:
            return whole.follower.state == "upgrade_needed"

        await until(says_so)
        for _ in range(3):
            for ledger in OTHERS:
                await whole.append(ledger, 2)
        await whole.rest()

        async def others_went_on() -> bool:
            return await seen_of(world) == {LEDGER: 3, OTHERS[0]: 6, OTHERS[1]: 6}

        await until(others_went_on)
        assert whole.follower.state == "upgrade_needed"
        whole.reads.knows = 2
        await whole.check()

        async def goes_on() -> bool:
            return whole.follower.state == "following" and not whole.follower.waiting

        # What is read is committed before the follower says that it waits no longer.
        await until(goes_on)


async def seen_of(world: World) -> dict[str, int]:
    async with world.other.engine.connect() as conn:
        rows = await conn.execute(text("select body from seen where reader = :r"), {"r": READER})
        ledgers = [json.loads(row.body)["source"].split("/")[1] for row in rows]
    return {ledger: ledgers.count(ledger) for ledger in ledgers}


async def test_what_a_program_reads_is_what_the_store_holds(world: World) -> None:
    async with way(world) as whole:
        await whole.append(LEDGER, 40)
        await whole.check()
    stored = await page(world.store.engine, LEDGER, 0, 100)
    async with world.other.engine.connect() as conn:
        rows = await conn.execute(text("select body from seen order by n"))
        assert [row.body for row in rows] == stored
