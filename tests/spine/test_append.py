"""The append: contiguous, all or nothing, deduplicated, refused to everybody else."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from uuid_utils.compat import uuid7

from shared.event import EventRefused, draft, read
from shared.event_store import Batch, Conflict, UnknownLedger, append, execute
from tests.spine.counter import COUNTER, LEDGER, PATH, Add, NotPositive, circumstances, order
from tests.stores import Store


async def bodies(store: Store) -> list[str]:
    async with store.engine.connect() as conn:
        rows = await conn.execute(text("select body from events order by ledger, seq"))
        return [row.body for row in rows]


async def test_a_command_becomes_bytes_that_read_back_as_sent(store: Store) -> None:
    outcome = await execute(store.engine, order())
    (body,) = await bodies(store)
    envelope = read(body)
    assert list(msgspec.json.decode(body))[-1] == "data"
    assert (envelope.ledgerseq, envelope.streamversion) == (1, 1)
    assert envelope.time.endswith("Z")
    assert len(envelope.time) == len("2026-01-01T00:00:00.000000Z")
    assert COUNTER.decode(envelope) == COUNTER.decode(outcome.envelopes[0])
    assert b" " not in bytes(envelope.data)


async def test_a_repeated_command_answers_what_it_was_answered(store: Store) -> None:
    wish = order(command_id=uuid7())
    first = await execute(store.engine, wish)
    again = await execute(store.engine, wish)
    assert again.repeated and again.envelopes == first.envelopes
    assert len(await bodies(store)) == 1


async def test_a_repeated_command_is_answered_even_when_the_form_is_old(store: Store) -> None:
    wish = order(command_id=uuid7(), expected=0)
    await execute(store.engine, wish)
    assert (await execute(store.engine, wish)).repeated


async def test_an_old_form_is_a_conflict(store: Store) -> None:
    await execute(store.engine, order())
    with pytest.raises(Conflict) as told:
        await execute(store.engine, order(expected=0))
    assert (told.value.expected, told.value.found) == (0, 1)


async def test_a_refused_command_stores_nothing(store: Store) -> None:
    with pytest.raises(NotPositive):
        await execute(store.engine, order(command=Add(by=0)))
    assert await bodies(store) == []


async def test_an_unknown_ledger_is_refused(store: Store) -> None:
    with pytest.raises(UnknownLedger):
        await execute(store.engine, order(ledger="990999"))


async def test_twenty_at_once_on_one_stream_all_count(store: Store) -> None:
    await asyncio.gather(*(execute(store.engine, order()) for _ in range(20)))
    versions = [read(body).streamversion for body in await bodies(store)]
    assert versions == list(range(1, 21))


async def test_sequences_are_contiguous_over_many_streams(store: Store) -> None:
    async def one(stream: int) -> None:
        for _ in range(10):
            await execute(store.engine, order(f"counter-{stream}", Add(events=3)))

    await asyncio.gather(*(one(stream) for stream in range(8)))
    seqs = [read(body).ledgerseq for body in await bodies(store)]
    assert seqs == list(range(1, 241))


async def test_recorded_times_are_unique_and_rise_with_the_sequence(store: Store) -> None:
    await execute(store.engine, order(command=Add(events=5)))
    await execute(store.engine, order())
    times = [read(body).time for body in await bodies(store)]
    assert times == sorted(set(times))


async def test_a_version_that_jumps_is_refused(store: Store) -> None:
    batch = Batch(circumstances())
    async with store.engine.connect() as conn:
        await batch.load(conn, COUNTER, ["counter-1"])
    batch.held("counter-1").version = 6
    batch.decide("counter-1", Add(), unitpath=PATH, subject=None)
    with pytest.raises(IntegrityError, match="events_previous"):
        async with store.engine.begin() as conn:
            await batch.append(conn)
    assert await bodies(store) == []


async def test_one_bad_event_leaves_no_hole(store: Store) -> None:
    batch = Batch(circumstances())
    async with store.engine.connect() as conn:
        await batch.load(conn, COUNTER, ["counter-1", "counter-2"])
    batch.decide("counter-1", Add(), unitpath=PATH, subject=None)
    batch.held("counter-2").version = 3
    batch.decide("counter-2", Add(), unitpath=PATH, subject=None)
    with pytest.raises(IntegrityError):
        async with store.engine.begin() as conn:
            await batch.append(conn)
    await execute(store.engine, order())
    assert [read(body).ledgerseq for body in await bodies(store)] == [1]


@pytest.mark.parametrize(
    "statement",
    [
        "update events set body = body",
        "delete from events",
        "truncate events",
        "insert into events (ledger, seq) values ('990101', 9)",
        "update ledger set last_seq = 0",
        "insert into ledger (ledger, origin) values ('990102', 'x')",
        "update current set doc = doc",
    ],
)
async def test_the_service_itself_cannot_touch_what_is_recorded(
    store: Store, statement: str
) -> None:
    await execute(store.engine, order())
    with pytest.raises(DBAPIError, match="permission denied"):
        async with store.engine.begin() as conn:
            await conn.execute(text(statement))


async def test_a_text_with_nul_is_refused_before_it_is_stored(store: Store) -> None:
    from shared.event import Placed

    at = Placed(
        service="casework",
        stream="counter-1",
        version=1,
        ordinal=0,
        type="casework.Counted",
        unitpath=PATH,
        subject=None,
        happened=circumstances().now,
    )
    with pytest.raises(EventRefused, match="U\\+0000"):
        draft({"note": "a\x00b"}, at, circumstances())
    assert draft({"note": "a\\u0000b"}, at, circumstances()).tail.endswith('"}}')
    with pytest.raises(EventRefused, match="larger"):
        draft({"note": "长" * 12_000}, at, circumstances())
    with pytest.raises(EventRefused, match="Unicode"):
        draft({"note": "\ud800"}, at, circumstances())


async def test_the_state_kept_beside_is_the_fold_of_the_events(store: Store) -> None:
    for _ in range(3):
        await execute(store.engine, order(command=Add(events=2)))
    async with store.engine.connect() as conn:
        row = (await conn.execute(text("select version, seq, state, doc from current"))).one()
    assert (row.version, row.seq, row.state) == (6, 6, "Count")
    assert msgspec.json.decode(row.doc) == {"number": 6}


async def test_a_cause_stands_before_its_effect(store: Store) -> None:
    from dataclasses import replace
    from datetime import timedelta

    wish = order()
    later = wish.circumstances.now + timedelta(seconds=5)
    caused = replace(wish, circumstances=replace(wish.circumstances, cause_at=later))
    outcome = await execute(store.engine, caused)
    assert outcome.envelopes[0].recorded_at == later + timedelta(microseconds=1)


async def test_a_clock_far_behind_is_said_in_the_event(store: Store) -> None:
    from dataclasses import replace
    from datetime import timedelta

    wish = order()
    ahead = wish.circumstances.now + timedelta(hours=1)
    await execute(
        store.engine, replace(wish, circumstances=replace(wish.circumstances, cause_at=ahead))
    )
    outcome = await execute(store.engine, order())
    behind = outcome.envelopes[0].clockbehindms
    assert behind is not None and 3_500_000 < behind <= 3_600_001


async def test_the_bare_append_reports_where_a_batch_stands(store: Store) -> None:
    batch = Batch(circumstances())
    async with store.engine.begin() as conn:
        await batch.load(conn, COUNTER, ["counter-1"])
        batch.decide("counter-1", Add(events=4), unitpath=PATH, subject=None)
        done = await batch.append(conn)
    assert done is not None and (done.first_seq, done.last_seq) == (1, 4)
    assert batch.circumstances.ledger == LEDGER
    assert append.__doc__
