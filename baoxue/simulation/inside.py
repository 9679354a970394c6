"""The edges of the running services, opened a second time within the simulator's process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from shared import logs
from shared.composition import compose
from shared.edge import Edge
from shared.settings import Settings

# A service of its own home writes at information level; here only what goes wrong is of interest.
LOG_LEVEL = "ERROR"
POOL_SIZE = 6


def settings_of(service: str, settings: Settings) -> Settings:
    """The service's own credentials, out of what the migration wrote into the home."""
    file = Path(settings.home) / "secrets" / f"{service}.env"
    lines = [line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines() if line]
    values = {name.removeprefix("BAOXUE_").lower(): value for name, value in lines}
    own = Settings(**values)  # pyright: ignore[reportArgumentType]
    kept = {name: getattr(own, name) for name in values}
    return settings.model_copy(update={**kept, "log_level": LOG_LEVEL, "pool_size": POOL_SIZE})


@contextlib.asynccontextmanager
async def edge_of(service: str, settings: Settings) -> AsyncIterator[Edge]:
    """An edge for commands: its appends wake the running process, which does all the rest."""
    edge = compose(service, settings_of(service, settings))
    logs.configure("simulate", LOG_LEVEL)
    # Nobody looks at boards here: without subscriptions no command waits for them.
    edge.service.subscriptions = ()
    await edge.service.opening.wait_open()
    waking = asyncio.create_task(edge.service.waking.run(edge.service.engine))
    try:
        yield edge
    finally:
        waking.cancel()
        await asyncio.gather(waking, return_exceptions=True)
        await edge.service.http.aclose()
        await edge.service.engine.dispose()
