"""The clock of a simulated system, moved by the simulator, which knows who must have followed."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2

from baoxue.moving import NotSimulated
from baoxue.system import CLOCK_ORDER, NotQuiet, System, unfinished

# Whoever acts in a story waits for these; audit and inbox follow behind, until the end.
WAITED_FOR = ("enrollment", "casework")
POLL_SECONDS = 0.02
LIMIT_SECONDS = 300.0
AFTER_DUE = timedelta(seconds=1)
STOPS_LIMIT = 1000


@dataclass(slots=True)
class Clockwork:
    """Stands still but for `to`; every timer before it falls due at its own time."""

    system: System
    now: datetime

    @classmethod
    async def begin(cls, system: System) -> "Clockwork":
        """Halt all clocks. Raises NotSimulated."""
        state = await system.get("enrollment", "/clock")
        if not state["simulated"]:
            raise NotSimulated
        for service in CLOCK_ORDER:
            await system.post(service, "/clock/stop")
        return cls(system, datetime.fromisoformat(state["now"]))

    async def to(self, at: datetime) -> None:
        """Move on to `at`, a moment already past is none; afterwards everything has settled."""
        for _ in range(STOPS_LIMIT):
            due = await self._next_due()
            if due is None or due + AFTER_DUE >= at:
                break
            await self._set(due + AFTER_DUE)
            await self.settle()
        await self._set(at)
        await self.settle()

    async def settle(self) -> None:
        """Wait until enrollment and casework have followed everything. Raises NotQuiet."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LIMIT_SECONDS
        before: Any = None
        while True:
            found = await self._positions()
            waits = unfinished(found)
            heads = [one["heads"] for one in found.values()]
            if not waits and heads == before:
                return
            before = heads if not waits else None
            if loop.time() > until:
                raise NotQuiet("; ".join(waits[:5]))
            await asyncio.sleep(POLL_SECONDS)

    async def run_on(self) -> None:
        """Everybody follows to the end, then all clocks run with the real one."""
        await self.system.quiet()
        for service in CLOCK_ORDER:
            await self.system.post(service, "/clock/run")

    async def _positions(self) -> dict[str, Any]:
        asked = (self.system.get(name, "/positions") for name in WAITED_FOR)
        found: dict[str, Any] = dict(zip(WAITED_FOR, await asyncio.gather(*asked), strict=True))
        for one in found.values():
            kept = {name: src for name, src in one["follows"].items() if _waited(src)}
            one["follows"] = kept
        return found

    async def _next_due(self) -> datetime | None:
        found = [one["next_due"] for one in (await self._positions()).values()]
        return min((datetime.fromisoformat(text) for text in found if text), default=None)

    async def _set(self, at: datetime) -> None:
        if at <= self.now:
            return
        for service in CLOCK_ORDER:
            await self.system.post(service, "/clock/set", {"at": at.isoformat()})
        self.now = at


def _waited(sources: list[str]) -> bool:
    return all(source in WAITED_FOR for source in sources)


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
            await asyncio.sleep(POLL_SECONDS * 10)
