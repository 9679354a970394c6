"""The clock of a simulated system, moved by the simulator, which knows who must have followed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2

from baoxue.moving import NotSimulated
from baoxue.simulation.watch import Watch
from baoxue.system import CLOCK_ORDER, NotQuiet, System
from shared import clock
from shared.edge import Edge
from shared.waking import Ear

# Set in this order, as everywhere: nobody's clock is behind those that cause its events.
FOLLOWERS, LEADERS = CLOCK_ORDER[:2], CLOCK_ORDER[2:]
# Timers tell when they are done; boards do not.
DONE_SECONDS, BEHIND_SECONDS = 0.1, 0.02
# Between two questions of a store: it answers the sooner, the less it is asked.
REST_SECONDS = 0.004
READY_POLL_SECONDS = 0.2
LIMIT_SECONDS = 300.0
AFTER_DUE = timedelta(seconds=1)
STOPS_LIMIT = 1000
# Nobody waits for the audit trail before the end, nor long for what is sent to people.
GATHER = {"audit": 1.0, "notify": 0.15}


@dataclass(slots=True)
class Clockwork:
    """Stands still but for `to`; every timer before it falls due at its own time."""

    system: System
    now: datetime
    watch: Watch
    edges: Mapping[str, Edge]
    _ear: Ear = field(default_factory=Ear)

    def __post_init__(self) -> None:
        for edge in self.edges.values():
            edge.service.waking.lend(self._ear)

    @classmethod
    async def begin(cls, system: System, edges: Mapping[str, Edge]) -> "Clockwork":
        """Halt all clocks. `edges`: of enrollment and casework. Raises NotSimulated."""
        state = await system.get("enrollment", "/clock")
        if not state["simulated"]:
            raise NotSimulated
        for service in CLOCK_ORDER:
            await system.post(service, "/clock/stop", {"gather_seconds": GATHER.get(service, 0.0)})
        engines = {name: edge.service.engine for name, edge in edges.items()}
        watch = await Watch.begin(system, engines)
        return cls(system, datetime.fromisoformat(state["now"]), watch, edges)

    async def to(self, at: datetime) -> None:
        """Move on to `at`, a moment already past is none; what falls due on the way is done.

        Nobody waits here for the followers: see `settle`.
        """
        if at > self.now:
            # Ahead of those whose events they follow, never behind: they need not stop on the way.
            await asyncio.gather(*(self._post(service, at) for service in FOLLOWERS))
        due = await self._done()
        for _ in range(STOPS_LIMIT):
            if due is None or due + AFTER_DUE >= at:
                break
            due = await self._set(due + AFTER_DUE)
        await self._set(at)

    async def settle(self) -> None:
        """Wait until enrollment and casework have followed everything. Raises NotQuiet."""
        await self._until(self.watch.behind, BEHIND_SECONDS)

    async def quiet(self) -> None:
        """Wait until everybody has followed to the end. Raises NotQuiet."""
        for service in GATHER:
            await self.system.post(service, "/clock/stop")
        await self.system.quiet()

    async def run_on(self) -> None:
        """Everybody follows to the end, then all clocks run with the real one."""
        await self.quiet()
        for service in CLOCK_ORDER:
            await self.system.post(service, "/clock/run")

    async def _set(self, at: datetime) -> datetime | None:
        """Stand at `at` until all is done that is due there; returns when the next falls due."""
        if at > self.now:
            for service in LEADERS:
                await clock.set_and_tell(self.edges[service].service.engine, at)
            self.now = at
        return await self._done()

    async def _post(self, service: str, at: datetime) -> None:
        await self.system.post(service, "/clock/set", {"at": at.isoformat()})

    async def _done(self) -> datetime | None:
        """Wait until no timer is due; returns when the next one will be. Raises NotQuiet."""
        found: list[datetime | None] = []

        async def due() -> list[str]:
            count, following = await self.watch.timers()
            found[:] = [following]
            return [f"{count} timers due"] if count else []

        await self._until(due, DONE_SECONDS)
        return found[0]

    async def _until(self, waits: Callable[[], Awaitable[list[str]]], poll_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + LIMIT_SECONDS
        while left := await waits():
            if loop.time() > until:
                raise NotQuiet("; ".join(left[:5]))
            await self._ear.wait(poll_seconds)
            await asyncio.sleep(REST_SECONDS)


async def wait_ready(system: System, limit_seconds: float = 60.0) -> None:
    """Until each service says that it is ready. Raises NotQuiet."""
    loop = asyncio.get_running_loop()
    until = loop.time() + limit_seconds
    for service in CLOCK_ORDER:
        while True:
            try:
                if (await system.get(service, "/health/ready"))["ready"]:
                    break
            except httpx2.HTTPError:
                pass
            if loop.time() > until:
                raise NotQuiet(f"{service} is not ready")
            await asyncio.sleep(READY_POLL_SECONDS)
