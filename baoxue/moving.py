"""Moves a simulated system's clock forward, stopping wherever something falls due on the way."""

from datetime import datetime, timedelta

from baoxue.system import CLOCK_ORDER, System

# A jump over a long break passes a few settlements and cut-offs a day; more is a bug.
STOPS_LIMIT = 2000
AFTER_DUE = timedelta(seconds=1)


class NotSimulated(Exception):
    """A real clock is not moved."""


class MovedBack(Exception):
    """The moment asked for lies before the clock."""


async def move_clock(system: System, to: datetime, *, run_on: bool = True) -> datetime:
    """Halt all clocks, let what is due happen at its own time, stand at `to`, run on.

    Raises NotSimulated, MovedBack, NotQuiet.
    """
    state = await system.get("enrollment", "/clock")
    if not state["simulated"]:
        raise NotSimulated
    if to < datetime.fromisoformat(state["now"]):
        raise MovedBack
    for service in CLOCK_ORDER:
        await system.post(service, "/clock/stop")
    await system.quiet()
    for _ in range(STOPS_LIMIT):
        due = await next_due(system)
        if due is None or due + AFTER_DUE >= to:
            break
        await set_all(system, due + AFTER_DUE)
        await system.quiet()
    await set_all(system, to)
    await system.quiet()
    if run_on:
        for service in CLOCK_ORDER:
            await system.post(service, "/clock/run")
    return to


async def next_due(system: System) -> datetime | None:
    """When the next timer of any service falls due."""
    found = [one["next_due"] for one in (await system.positions()).values() if one["next_due"]]
    return min((datetime.fromisoformat(text) for text in found), default=None)


async def set_all(system: System, at: datetime) -> None:
    for service in CLOCK_ORDER:
        await system.post(service, "/clock/set", {"at": at.isoformat()})
