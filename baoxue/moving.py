"""Moves a simulated system's clock forward, stopping wherever something falls due on the way."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from baoxue.system import CLOCK_ORDER, System

# A jump over a long break passes a few settlements and cut-offs a day; more is a bug.
STOPS_LIMIT = 2000
AFTER_DUE = timedelta(seconds=1)


class NotSimulated(Exception):
    """A real clock is not moved."""


class MovedBack(Exception):
    """The moment asked for lies before the clock."""


async def move_clock(
    system: System, to: datetime, *, run_on: bool = True, since: datetime | None = None
) -> datetime:
    """Halt all clocks, let what is due happen at its own time, stand at `to`, run on.

    With `since` the clock waits where an alert, flagged after that moment, would have to be
    reported on the way: whoever moves it sees the alert before its time is over. The answer is
    where the clock stands. Raises NotSimulated, MovedBack, NotQuiet.
    """
    state = await system.get("enrollment", "/clock")
    if not state["simulated"]:
        raise NotSimulated
    if to < datetime.fromisoformat(state["now"]):
        raise MovedBack
    for service in CLOCK_ORDER:
        await system.post(service, "/clock/stop")
    await system.quiet()
    stands = await _walk(system, to, since)
    if run_on:
        for service in CLOCK_ORDER:
            await system.post(service, "/clock/run")
    return stands


async def _walk(system: System, to: datetime, since: datetime | None) -> datetime:
    """Through everything that falls due, to the end or to where an alert waits."""
    for _ in range(STOPS_LIMIT):
        if since is not None and await waiting(system, since, to):
            return datetime.fromisoformat((await system.get("enrollment", "/clock"))["now"])
        due = await next_due(system)
        if due is None or due + AFTER_DUE >= to:
            break
        await set_all(system, due + AFTER_DUE)
        await system.quiet()
    await set_all(system, to)
    await system.quiet()
    return to


async def waiting(system: System, since: datetime, before: datetime) -> bool:
    """Whether an alert flagged since then is to be reported before the clock gets there."""
    query = urlencode({"since": since.isoformat(), "before": before.isoformat()})
    return (await system.get("casework", f"/casework/waiting?{query}"))["due_at"] is not None


async def next_due(system: System) -> datetime | None:
    """When the next timer of any service falls due."""
    found = [one["next_due"] for one in (await system.positions()).values() if one["next_due"]]
    return min((datetime.fromisoformat(text) for text in found), default=None)


async def set_all(system: System, at: datetime) -> None:
    for service in CLOCK_ORDER:
        await system.post(service, "/clock/set", {"at": at.isoformat()})
