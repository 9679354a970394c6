"""What every service process runs: HTTP, feed, relay, subscriptions, timers, health."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import structlog
from fastapi import FastAPI, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import clock, status, timer
from shared.contracts.topics import SERVICES
from shared.event_store import Aggregate
from shared.feed import FeedClient
from shared.following import Follower
from shared.kafka import Broker, Producer, broker, producer
from shared.metrics import CONTENT_TYPE, Metrics
from shared.opening import Opening
from shared.own_store import OwnStore
from shared.pace import Pace
from shared.pool import pooled_engine
from shared.reception import Reception
from shared.relay import Relay
from shared.session_http import no_cookies
from shared.settings import Settings
from shared.status import Beside
from shared.subscription import Subscription
from shared.waking import Waking

log = structlog.get_logger()

START_RETRY_SECONDS = 2.0
POOL_OVERFLOW = 20
HTTP_TIMEOUT_SECONDS = 30.0


@dataclass(slots=True)
class Service:
    """One process of one service; the composition root fills it, its application runs it."""

    name: str
    settings: Settings
    token: Callable[[str], str]
    subscriptions: Sequence[Subscription] = ()
    timers: Mapping[str, timer.Handler] = field(default_factory=dict)
    # What its streams are; the store's own check folds them.
    aggregates: Sequence[Aggregate[Any, Any, Any]] = ()
    pace: Pace = field(default_factory=Pace)
    engine: AsyncEngine = field(init=False)
    waking: Waking = field(default_factory=Waking)
    http: httpx2.AsyncClient = field(init=False)
    feeds: dict[str, FeedClient] = field(init=False)
    metrics: Metrics = field(init=False)
    opening: Opening = field(init=False)
    relay: Relay | None = None
    followers: list[Follower] = field(default_factory=list)
    # Followed beside the subscriptions: waited for and told of like them.
    beside: list[Beside] = field(default_factory=list)
    # What else a service does for ever, such as bringing in files.
    loops: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    # What status says besides; none of it makes a process unready.
    details: dict[str, Callable[[], Any]] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _broker: Broker | None = None
    _producer: Producer | None = None
    broker_state: str = "starting"

    def __post_init__(self) -> None:
        self.engine = make_engine(self.settings.database_url, self.settings.pool_size)
        self.http = httpx2.AsyncClient(timeout=HTTP_TIMEOUT_SECONDS, cookies=no_cookies())
        self.metrics = Metrics(self.name)
        self.feeds = {
            name: FeedClient(name, self.settings.url_of(name), _bound(self.token, name), self.http)
            for name in SERVICES
        }
        self.opening = Opening(self.name, self.engine, self.settings.home, self.feeds["audit"])

    def follow(self, *subscriptions: Subscription) -> None:
        """Add subscriptions before the process starts."""
        self.subscriptions = [*self.subscriptions, *subscriptions]

    async def start(self) -> None:
        """Begin everything in the background; liveness is true at once, readiness follows."""
        self.followers = [
            Follower(self.engine, self.name, one, self.feeds, self.waking)
            for one in self.subscriptions
        ]
        self._spawn(self.waking.run(self.engine))
        self._spawn(self._run())

    async def _run(self) -> None:
        await self.opening.wait_open()
        self._spawn(self.opening.remember())
        own = [one for one in self.followers if one.subscription.own]
        self._spawn(OwnStore(self.engine, self.name, own, self.waking, self.pace).run())
        for follower in self._others():
            self._spawn(follower.sweep())
        for loop in self.loops:
            self._spawn(loop())
        self._spawn(timer.run(self.engine, self.timers, self.waking))
        await self._connect_broker()

    async def _connect_broker(self) -> None:
        """Kafka may come later than we: the feed serves until it is there."""
        while True:
            try:
                await self._start_producer()
                break
            except Exception as error:
                self.broker_state = "away"
                log.warning("broker_away", reason=type(error).__name__)
                await asyncio.sleep(START_RETRY_SECONDS)
        self.relay = Relay(
            self.engine,
            self.name,
            self.settings.prefix,
            _some(self._producer),
            self.waking,
            self.pace,
        )
        self._spawn(self.relay.run())
        while True:
            try:
                await self._start_broker()
                self.broker_state = "connected"
                return
            except Exception as error:
                log.warning("broker_away", reason=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(START_RETRY_SECONDS)

    async def _start_producer(self) -> None:
        made = producer(self.settings.kafka)
        try:
            await made.start()
        except BaseException:
            await made.stop()
            raise
        self._producer = made

    async def _start_broker(self) -> None:
        kafka = broker(self.settings.kafka)
        if others := self._others():
            reception = Reception(self.engine, others, self.pace)
            reception.attach(kafka, self.settings.prefix, self.name)
        try:
            await kafka.start()
        except BaseException:
            await kafka.stop()
            raise
        self._broker = kafka

    def _others(self) -> list[Follower]:
        return [one for one in self.followers if not one.subscription.own]

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_report)
        self._tasks.append(task)

    async def stop(self) -> None:
        """Stop reading, wait for running handlers, then close what they used."""
        if self._broker:
            await self._broker.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._producer:
            await self._producer.stop()
        await self.http.aclose()
        await self.engine.dispose()


def add_health(api: FastAPI, service: Service) -> None:
    """`/health/live`, `/health/ready`, `/status`, `/metrics`."""

    @api.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "service": service.name}

    @api.get("/health/ready")
    async def ready(response: Response) -> dict[str, Any]:
        found = await status.of(service)
        response.status_code = 200 if found["ready"] else 503
        return found

    @api.get("/status")
    async def whole() -> dict[str, Any]:
        return await status.of(service)

    @api.get("/metrics")
    async def metrics() -> Response:
        await status.measure(service)
        return Response(service.metrics.render(), media_type=CONTENT_TYPE)

    @api.get("/clock")
    async def read_clock() -> dict[str, Any]:
        found = await clock.state(service.engine)
        return {"simulated": found.simulated, "running": found.running, "now": found.now}


def make_engine(url: str, pool_size: int) -> AsyncEngine:
    return pooled_engine(url, pool_size, POOL_OVERFLOW)


def _bound(token: Callable[[str], str], audience: str) -> Callable[[], str]:
    return lambda: token(audience)


def _some(made: Producer | None) -> Producer:
    assert made is not None
    return made


def _report(task: asyncio.Task[None]) -> None:
    """A background loop never ends by itself: when one does, it is a bug that must be seen."""
    if not task.cancelled() and (error := task.exception()):
        log.error("loop_died", reason=f"{type(error).__name__}: {error}"[:300])
