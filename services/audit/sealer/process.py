"""Builds the sealer of this process from its settings, and runs it beside its HTTP."""

import asyncio
import fcntl
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import time

import httpx2
import uvicorn

from services.audit.sealer.books import Books
from services.audit.sealer.places import NAME, home_of, key_path_of, secrets_of
from services.audit.sealer.report import Report
from services.audit.sealer.sealing import Sealer
from services.audit.sealer.state import State
from services.audit.sealer.web import make_app
from shared import logs
from shared.contracts.topics import SERVICES
from shared.feed import FeedClient
from shared.session import ALL_LEDGERS, sign_call
from shared.settings import PORT_OFFSETS, Settings
from shared.signing import Signer, load_signer

HELD_POLL_SECONDS = 1.0
STOP_SECONDS = 1


async def run(settings: Settings) -> None:
    """Until it is asked to stop. Raises RolledBack, SealerKeyError."""
    logs.configure(NAME, settings.log_level)
    report = Report()
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(report),
            host=settings.host,
            port=settings.port + PORT_OFFSETS[NAME],
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve())
    sealing = asyncio.create_task(seal(settings, report))
    await asyncio.wait((serving, sealing), return_when=asyncio.FIRST_COMPLETED)
    if sealing.done():
        server.should_exit = server.force_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        sealing.result()
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)
    serving.result()


async def seal(settings: Settings, report: Report) -> None:
    """The loop over its own state, database connection and feeds."""
    folder = home_of(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with one_process(folder) as held:
        while not held():
            report.waits("another sealer works on the same state")
            await asyncio.sleep(HELD_POLL_SECONDS)
        await seal_alone(settings, report, folder)


async def seal_alone(settings: Settings, report: Report, folder: Path) -> None:
    state, books = State(folder), Books(settings.database_url)
    try:
        async with httpx2.AsyncClient() as http:
            sources = feeds(settings, load_signer(secrets_of(settings), NAME), http)
            keys = key_path_of(settings)
            await Sealer(settings.home, keys, state, books, sources, report=report).run()
    finally:
        await books.close()
        state.close()


def feeds(settings: Settings, signer: Signer, http: httpx2.AsyncClient) -> Mapping[str, FeedClient]:
    """Every producer's feed, asked as `sealer`."""

    def token(audience: str) -> Callable[[], str]:
        return lambda: sign_call(signer, audience, [ALL_LEDGERS], time())

    return {name: FeedClient(name, settings.url_of(name), token(name), http) for name in SERVICES}


@contextmanager
def one_process(folder: Path) -> Generator[Callable[[], bool]]:
    """Asks for the folder's lock; the kernel gives it back when the process dies."""
    with (folder / "lock").open("w") as file:

        def held() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield held
