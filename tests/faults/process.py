"""Real processes for the fault tests: relay, follower, timers; killed, stopped, started again."""

import asyncio
import ctypes
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared import kafka as broker_client
from shared import timer
from shared.kafka import broker, producer
from shared.relay import Relay
from shared.subscription import Subscription
from shared.waking import Waking
from tests.faults.feeds import feed_of
from tests.faults.followers import KINDS, Position, Positions

PR_SET_PDEATHSIG = 1
SESSION_MILLISECONDS = 6_000  # the shortest that a broker allows by default
REPORT_SECONDS = 0.2
JOIN_SECONDS = 20.0
SOURCES = ("casework", "casework.access")

REPORT = text(
    "insert into report values (:copy, :trimmed_empty, :state) on conflict (copy) do update"
    " set trimmed_empty = excluded.trimmed_empty, state = excluded.state"
)
FIRED = text("insert into fired select unnest(cast(:keys as text[]))")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class RelaySpec:
    """A relay of a store of casework's."""

    url: str
    kafka: str
    prefix: str


@dataclass(frozen=True, slots=True)
class FollowerSpec:
    """One copy of a reader; `fatal` is where it kills or stops itself."""

    url: str
    source_url: str
    kafka: str
    prefix: str
    reader: str
    copy: str
    kind: str = "locked"
    fatal: Position | None = None


@dataclass(frozen=True, slots=True)
class TimerSpec:
    """A copy that does what falls due, by writing its key down."""

    url: str


Spec = RelaySpec | FollowerSpec | TimerSpec


@dataclass(slots=True)
class Running:
    """A process that is started again with the same words after it was killed."""

    name: str
    spec: Spec
    killed: int = 0
    _process: BaseProcess | None = field(default=None)

    def start(self) -> None:
        self._process = _context.Process(target=run, args=(self.spec,), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """SIGKILL, whatever it is doing, and wait until it is gone."""
        process = self._process
        if process is not None:
            process.kill()
            process.join(JOIN_SECONDS)
            process.close()
            self._process = None
            self.killed += 1

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        assert self._process is not None and self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def stopped(self) -> bool:
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as status:
            return status.read().rpartition(")")[2].split()[0] == "T"


def start_all(crew: Sequence[Running]) -> None:
    for one in crew:
        one.start()


def kill_all(crew: Sequence[Running]) -> None:
    for one in crew:
        one.kill()


def run(spec: Spec) -> None:
    """The body of each process. It dies with its parent, also when it is stopped."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    broker_client.SESSION_MILLISECONDS = SESSION_MILLISECONDS
    # Rebalances are what these tests provoke: a line for each would bury seeds and positions.
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    match spec:
        case RelaySpec():
            asyncio.run(_relay(spec))
        case FollowerSpec():
            asyncio.run(_follow(spec))
        case TimerSpec():
            asyncio.run(_timers(spec))


async def _relay(spec: RelaySpec) -> None:
    made = producer(spec.kafka)
    await made.start()
    engine = create_async_engine(spec.url)
    await Relay(engine, "casework", spec.prefix, made, Waking()).run()


async def _follow(spec: FollowerSpec) -> None:
    engine, source = create_async_engine(spec.url), create_async_engine(spec.source_url)
    positions = Positions(spec.fatal)
    subscription = Subscription(spec.reader, SOURCES, _effect(spec, positions))
    async with feed_of(source, Waking()) as client:
        follower = KINDS[spec.kind](
            engine, "reader", subscription, {"casework": client}, Waking(), positions=positions
        )
        kafka = broker(spec.kafka)
        follower.follow_through(kafka, spec.prefix)
        await kafka.start()
        sweeping = follower.sweep() if spec.kind == "locked" else asyncio.sleep(0)
        await asyncio.gather(sweeping, _report(engine, spec.copy, follower))


def _effect(spec: FollowerSpec, positions: Positions) -> Callable[..., Any]:
    write = text(
        "insert into seen (reader, copy, body)"
        " select :reader, :copy, unnest(cast(:bodies as text[]))"
    )

    async def apply(conn: AsyncConnection, entries: Sequence[Any]) -> None:
        positions.reach("read")
        bodies = [one.body.decode() for one in entries]
        values = {"reader": spec.reader, "copy": spec.copy, "bodies": bodies}
        await conn.execute(write, values)
        positions.reach("applied")

    return apply


async def _report(engine: AsyncEngine, copy: str, follower: Any) -> None:
    while True:
        found = {"trimmed_empty": follower.subscription.trimmed_empty, "state": follower.state}
        async with engine.begin() as conn:
            await conn.execute(REPORT, {"copy": copy, **found})
        await asyncio.sleep(REPORT_SECONDS)


async def _timers(spec: TimerSpec) -> None:
    async def fire(conn: AsyncConnection, due: Sequence[timer.Timer]) -> None:
        await conn.execute(FIRED, {"keys": [one.key for one in due]})

    engine = create_async_engine(spec.url)
    await timer.run(engine, {"test": fire}, Waking())
