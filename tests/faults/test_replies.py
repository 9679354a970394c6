"""R3: a reply means stored, a conflict is said, what nobody answered is found by its command id."""

import asyncio
import contextlib
import random
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from baoxue.engines.child import Child, start, stop, wait_ready
from baoxue.engines.postgres import start_postgres
from shared import feed
from shared.event_store import Conflict, Order, Outcome, execute
from tests.faults.history import History
from tests.faults.load import LEDGERS
from tests.faults.twins import break_store
from tests.servers import free_ports
from tests.spine.counter import LEDGER, Add, order
from tests.stores import Store, cloned, found, make_template

pytestmark = pytest.mark.timeout(400)

RACERS = 20
STREAMS, WRITERS, KILLS = 5, 12, 3
EVENTS_BEFORE_KILL = (60, 160)
POLL_SECONDS = 0.005
AWAY_SECONDS = 0.05
IMPATIENT_SECONDS = 0.03


async def whole_history(engine: AsyncEngine, history: History, reader: str = "store") -> None:
    for ledger in LEDGERS:
        after = 0
        while bodies := await feed.page(engine, ledger, after, 1000):
            for body in bodies:
                after = history.saw(reader, body).ledgerseq


async def race(store: Store, wishes: list[Order]) -> tuple[list[Outcome], list[Conflict]]:
    answers = await asyncio.gather(
        *(execute(store.engine, wish) for wish in wishes), return_exceptions=True
    )
    outcomes = [one for one in answers if isinstance(one, Outcome)]
    conflicts = [one for one in answers if isinstance(one, Conflict)]
    others = [one for one in answers if not isinstance(one, Outcome | Conflict)]
    assert others == []
    return outcomes, conflicts


async def test_of_twenty_forms_drawn_from_one_version_one_wins(store: Store) -> None:
    for version in range(5):
        wishes = [order(expected=version) for _ in range(RACERS)]
        outcomes, conflicts = await race(store, wishes)
        assert (len(outcomes), len(conflicts)) == (1, RACERS - 1)
        assert {(one.expected, one.found) for one in conflicts} == {(version, version + 1)}


async def race_twenty(store: Store) -> History:
    history = History()
    for _ in range(5):
        outcomes, _ = await race(store, [order(command=Add(events=2)) for _ in range(RACERS)])
        for one in outcomes:
            history.acknowledge_all(one.envelopes)
    await whole_history(store.engine, history)
    print(history.report())
    return history


async def test_twenty_at_once_on_one_stream_are_all_there(store: Store) -> None:
    history = await race_twenty(store)
    assert history.faults() == []
    assert len(history.acknowledged) == 5 * RACERS * 2


async def test_without_the_version_check_the_race_is_lost(store: Store) -> None:
    await break_store(store, "no version")
    assert "jump" in (await race_twenty(store)).kinds()


async def test_one_command_sent_twenty_times_counts_once(store: Store) -> None:
    wish = order(command_id=uuid7(), command=Add(events=3))
    outcomes, conflicts = await race(store, [wish] * RACERS)
    assert not conflicts and sum(not one.repeated for one in outcomes) == 1
    assert len({tuple(e.id for e in one.envelopes) for one in outcomes}) == 1
    assert len(await feed.page(store.engine, LEDGER, 0, 10)) == 3


class Server:
    """A PostgreSQL of this test's own, with fsync on, that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.child, self.address = start_postgres(home, free_ports(1)[0])

    def kill(self) -> None:
        """SIGKILL to the server and all its sessions at once: nothing is flushed or said."""
        family = psutil.Process(self.child.process.pid).children(recursive=True)
        for process in [psutil.Process(self.child.process.pid), *family]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)
        self.child.process.wait(10)

    def begin(self) -> None:
        self.child: Child = start(self.child.launch)
        wait_ready(self.child)


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    made = Server(tmp_path_factory.mktemp("killed"))
    yield made
    stop(made.child)


class Writing:
    """Writers that keep what was answered, and the orders that were not."""

    def __init__(self, engine: AsyncEngine, seed: int) -> None:
        self.engine, self.seed = engine, seed
        self.history, self.unknown = History(), list[Order]()
        self.done = asyncio.Event()

    async def run(self) -> None:
        rngs = [random.Random(self.seed + n) for n in range(WRITERS)]
        await asyncio.gather(*(self._writer(rng) for rng in rngs))

    async def _writer(self, rng: random.Random) -> None:
        while not self.done.is_set():
            wish = order(
                f"counter-{rng.randrange(STREAMS)}",
                Add(events=rng.randint(1, 4)),
                ledger=rng.choice(LEDGERS),
                command_id=UUID(str(uuid7())),
            )
            try:
                # Some callers do not wait for their answer, which may have been a yes.
                async with asyncio.timeout(rng.choice((None, None, None, IMPATIENT_SECONDS))):
                    outcome = await execute(self.engine, wish)
                self.history.acknowledge_all(outcome.envelopes)
            except (OSError, SQLAlchemyError):
                self.unknown.append(wish)
                await asyncio.sleep(AWAY_SECONDS)

    async def resolve(self) -> int:
        """Sends every unknown again; returns how many had been stored without an answer."""
        answers = [await execute(self.engine, wish) for wish in self.unknown]
        for one in answers:
            self.history.acknowledge_all(one.envelopes)
        return sum(one.repeated for one in answers)


async def test_a_killed_server_keeps_what_it_answered(server: Server) -> None:
    seed = secrets.randbits(32)
    rng, template = random.Random(seed), await make_template(server.address.url(), "casework")
    async with cloned(template) as store:
        await found(store, *LEDGERS)
        writing = Writing(store.engine, seed)
        load = asyncio.create_task(writing.run())
        at = 0
        for _ in range(KILLS):
            at = len(writing.history.acknowledged) + rng.randint(*EVENTS_BEFORE_KILL)
            while len(writing.history.acknowledged) < at:
                await asyncio.sleep(POLL_SECONDS)
            server.kill()
            print(f"seed {seed}: killed after {len(writing.history.acknowledged)} events")
            server.begin()
        writing.done.set()
        await load
        stored = await writing.resolve()
        await whole_history(store.engine, writing.history)
        print(
            f"unknown {len(writing.unknown)}, of which stored {stored};", writing.history.report()
        )
        assert writing.unknown
        assert writing.history.faults() == []
        assert len(writing.history.seen["store"]) == len(writing.history.acknowledged)
