"""What a service process says of itself: health, lags, parked, clock."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import timer
from shared.following import Follower
from shared.metrics import Metrics
from shared.opening import Opening
from shared.relay import Relay

CLOCK_BEHIND_LIMIT_SECONDS = 60

RELAY = text(
    "select coalesce(sum(l.last_seq - p.seq), 0) from ledger l join published p using (ledger)"
)
PARKED = text("select subscription, count(*) as n from parked group by subscription")
BEHIND = text(
    "select coalesce(extract(epoch from max(last_at) - clock()), 0)::bigint from ledger"
    " where last_at > '-infinity' and not (select simulated from clock)"
)


class Beside(Protocol):
    """Something that keeps checkpoints like a subscription but reads own tables."""

    @property
    def name(self) -> str: ...
    @property
    def sources(self) -> tuple[str, ...]: ...
    @property
    def state(self) -> str: ...
    @property
    def lag(self) -> int: ...


class Process(Protocol):
    """What is asked of a service process."""

    @property
    def name(self) -> str: ...
    @property
    def engine(self) -> AsyncEngine: ...
    @property
    def broker_state(self) -> str: ...
    @property
    def followers(self) -> Sequence[Follower]: ...
    @property
    def beside(self) -> Sequence[Beside]: ...
    @property
    def relay(self) -> Relay | None: ...
    @property
    def opening(self) -> Opening: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def details(self) -> Mapping[str, Callable[[], Any]]: ...


async def of(service: Process) -> dict[str, Any]:
    """Ready means: the store answers and is open, the broker is there, nothing is halted."""
    found: dict[str, Any] = {"service": service.name, "problems": []}
    try:
        found |= await _store(service)
    except Exception as error:
        found["problems"].append(f"database: {type(error).__name__}")
        found |= {"relay_lag": None, "parked": {}}
    url = service.engine.url
    found["postgresql"] = f"{url.host}:{url.port}"
    found["broker"] = service.broker_state
    found["subscriptions"] = {
        follower.subscription.name: {
            "state": follower.state,
            "lag": follower.lag,
            "applied": follower.subscription.applied,
            "trimmed": follower.subscription.trimmed,
            "trimmed_empty": follower.subscription.trimmed_empty,
            "healed": follower.healed,
            "strangers": follower.strangers,
        }
        for follower in service.followers
    } | {one.name: {"state": one.state, "lag": one.lag} for one in service.beside}
    found["details"] = {name: told() for name, told in service.details.items()}
    found["problems"] += _problems(service)
    found["ready"] = not found["problems"]
    return found


def _problems(service: Process) -> list[str]:
    problems = [f"opening: {service.opening.why}"] if not service.opening.is_open else []
    if service.broker_state != "connected":
        problems.append("kafka: not connected")
    if service.relay and service.relay.failing:
        problems.append(f"relay: {service.relay.failing}"[:200])
    problems += [
        f"{follower.subscription.name}: {follower.state}"
        for follower in service.followers
        if follower.state in {"upgrade_needed", "halted"}
    ]
    return problems


async def _store(service: Process) -> dict[str, Any]:
    async with service.engine.connect() as conn:
        lag = (await conn.execute(RELAY)).scalar_one()
        parked = {row.subscription: row.n for row in await conn.execute(PARKED)}
        behind = (await conn.execute(BEHIND)).scalar_one()
    due = await timer.due(service.engine)
    problems = []
    if behind > CLOCK_BEHIND_LIMIT_SECONDS:
        problems.append(f"clock: this host is {behind} s behind its ledger")
    return {"relay_lag": int(lag), "parked": parked, "timers_due": due, "problems": problems}


async def measure(service: Process) -> None:
    """Set the gauges for a scrape."""
    found = await of(service)
    if found["relay_lag"] is not None:
        service.metrics.relay_lag.labels(service.name).set(found["relay_lag"])
        service.metrics.timers_due.labels(service.name).set(found["timers_due"])
    for name, one in found["subscriptions"].items():
        service.metrics.consumer_lag.labels(name).set(one["lag"])
        service.metrics.strangers.labels(name).set(one.get("strangers", 0))
        service.metrics.parked.labels(name).set(found["parked"].get(name, 0))
