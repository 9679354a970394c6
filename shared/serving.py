"""Runs one application on its port, until it is asked to stop."""

import uvicorn

from shared.settings import PORT_OFFSETS, Settings

KEEP_ALIVE_SECONDS = 75
STOP_SECONDS = 12


def serve(name: str, factory: str) -> None:
    """`factory`: `module:function` that makes the application."""
    settings = Settings()
    uvicorn.run(
        factory,
        factory=True,
        host=settings.host,
        port=settings.port + PORT_OFFSETS[name],
        log_level="warning",
        access_log=False,
        loop="uvloop",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
