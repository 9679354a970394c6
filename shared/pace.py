"""How long a process waits for company before it follows what came: fewer, larger transactions."""

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """`gather_seconds`: always, for a service whose effects nobody waits for within milliseconds.

    `driven_seconds`: while a program drives the simulated clock and waits for others only.
    """

    gather_seconds: float = 0.0
    driven_seconds: float = 0.0

    async def rest(self) -> None:
        """After a hint; at once unless the clock is driven."""
        if self.driven_seconds:
            await asyncio.sleep(self.driven_seconds)

    async def gather(self) -> None:
        """Between two batches that were not full."""
        await asyncio.sleep(max(self.gather_seconds, self.driven_seconds))
