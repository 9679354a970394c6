"""A hint that a store has something new: at once within the process, by NOTIFY to the others."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

CHANNEL = "baoxue_appended"
SPREAD_SECONDS = 0.01
RECONNECT_SECONDS = 1.0


class Ear:
    """One loop's ear: a wake between two waits is heard by the next."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def hear(self) -> None:
        self._event.set()

    async def wait(self, limit_seconds: float) -> bool:
        """Return at the next wake, or after the limit; whether there was a wake."""
        # Not `wait_for`: before Python 3.12 it forgets to be cancelled when it is woken just then.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_seconds):
                await self._event.wait()
        heard = self._event.is_set()
        self._event.clear()
        return heard


@dataclass(slots=True)
class Waking:
    """Whoever appended calls `wake`. Losing a hint only costs a loop its idle poll."""

    _ears: list[Ear] = field(default_factory=list)
    _tell: asyncio.Event = field(default_factory=asyncio.Event)

    def ear(self) -> Ear:
        return self.lend(Ear())

    def lend(self, ear: Ear) -> Ear:
        """An ear that hears of this store too: whoever waits for more than one has a single one."""
        self._ears.append(ear)
        return ear

    def wake(self) -> None:
        self._stir()
        self._tell.set()

    def _stir(self) -> None:
        for ear in self._ears:
            ear.hear()

    async def run(self, engine: AsyncEngine) -> None:
        """Carry hints between the copies of a service; at most one NOTIFY in SPREAD_SECONDS."""
        while True:
            try:
                await self._listen_and_tell(engine)
            except asyncio.CancelledError:
                raise
            except Exception:  # the database is away; the idle poll serves until it is back
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_and_tell(self, engine: AsyncEngine) -> None:
        async with engine.connect() as raw:
            conn = await raw.execution_options(isolation_level="AUTOCOMMIT")
            await conn.exec_driver_sql("select 1")
            driver: Any = (await conn.get_raw_connection()).driver_connection
            own = driver.get_server_pid()

            def told(_connection: Any, sender: int, *_: Any) -> None:
                if sender != own:  # who was woken within the process need not hear it again
                    self._stir()

            await driver.add_listener(CHANNEL, told)
            while True:
                await self._tell.wait()
                self._tell.clear()
                await driver.execute(f"notify {CHANNEL}")
                await asyncio.sleep(SPREAD_SECONDS)
