"""R1: no committed event is ever skipped by a reader, and a known-bad store is caught."""

import secrets

import pytest

from tests.faults.history import History
from tests.faults.load import Load, write_and_read
from tests.faults.twins import TWINS, break_store
from tests.stores import Store

READERS = 3
SHORT_EVENTS, LONG_EVENTS, TWIN_EVENTS = 10_000, 100_000, 1_200


def told(load: Load, history: History) -> None:
    print(f"{load}".split(", commands")[0], history.report(), sep="\n")


@pytest.mark.parametrize("writers", [8, 16])
async def test_no_committed_event_is_skipped(store: Store, writers: int) -> None:
    load = Load(seed=secrets.randbits(32), writers=writers, events=SHORT_EVENTS // 2, batch=16)
    history = await write_and_read(store.engine, load, READERS)
    told(load, history)
    assert history.faults() == []
    assert load.refused and load.rolled_back


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("writers", [8, 16, 32])
async def test_no_committed_event_is_skipped_in_the_long_run(store: Store, writers: int) -> None:
    load = Load(seed=secrets.randbits(32), writers=writers, events=LONG_EVENTS, batch=32)
    history = await write_and_read(store.engine, load, READERS)
    told(load, history)
    assert history.faults() == []


@pytest.mark.parametrize("twin", TWINS)
async def test_a_broken_store_is_caught(store: Store, twin: str) -> None:
    await break_store(store, twin)
    load = Load(seed=secrets.randbits(32), writers=12, events=TWIN_EVENTS)
    history = await write_and_read(store.engine, load, READERS)
    told(load, history)
    assert history.kinds() & TWINS[twin][1]
