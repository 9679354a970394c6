"""A whole system as real processes on the tests' servers: its own home, name and ports."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.engine import make_url

from baoxue.up import SIMULATED_FROM
from shared.settings import Settings
from tests.servers import Servers

READY = "baoxue ready"
START_SECONDS = 300.0
STOP_SECONDS = 60.0
# Far from those that free_ports hands out, and with room for the services behind it.
PORT_SPAN, LOWEST_PORT, PORTS = 8, 10000, 20000


@dataclass(slots=True)
class Running:
    """`url`: the gateway. `said`: everything that `baoxue up` wrote until it was ready."""

    url: str
    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    said: str = ""

    @property
    def settings(self) -> Settings:
        """As a program of the home reads them."""
        return Settings(
            name=self.environment["BAOXUE_NAME"],
            home=self.home,
            port=int(self.environment["BAOXUE_PORT"]),
            kafka=self.environment["BAOXUE_KAFKA"],
        )

    def cli(self, *words: str, seconds: float = 300.0) -> subprocess.CompletedProcess[str]:
        """`baoxue words…` against this system."""
        return subprocess.run(
            [sys.executable, "-m", "baoxue.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def log(self, name: str) -> str:
        """What a process has written: gateway, enrollment, casework, notify, audit, migrate."""
        file = self.home / "log" / f"{name}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""


@contextlib.contextmanager
def running(
    servers: Servers,
    *,
    sample: bool = False,
    simulated_from: datetime | None = None,
    seconds: float = START_SECONDS,
    more: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """`baoxue up` on `servers` until the block ends; its databases and home are gone afterwards.

    Empty unless `sample`; `simulated_from` lets an empty one be born simulated.
    """
    folder = Path(tempfile.mkdtemp(prefix="baoxue-journey-"))
    environment = _environment(servers, folder / "home", more)
    if simulated_from is not None:
        environment[SIMULATED_FROM] = simulated_from.isoformat()
    words = [sys.executable, "-m", "baoxue.cli", "up", "--sample" if sample else "--no-sample"]
    process = subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    url = f"http://127.0.0.1:{environment['BAOXUE_PORT']}"
    found = Running(url, folder / "home", environment, process)
    try:
        found.said = _until_ready(process, seconds)
        yield found
    finally:
        _stop(process)
        forget_databases(servers.database_url, environment["BAOXUE_NAME"])
        shutil.rmtree(folder, ignore_errors=True)


def _environment(servers: Servers, home: Path, more: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BAOXUE_")}
    return {
        **kept,
        "BAOXUE_HOME": str(home),
        "BAOXUE_NAME": f"j{secrets.token_hex(4)}",
        "BAOXUE_PORT": str(_port()),
        "BAOXUE_DATABASE_URL": servers.database_url,
        "BAOXUE_KAFKA": servers.kafka,
        **(more or {}),
    }


def _port() -> int:
    """A port with free ones behind it, drawn: two that begin together must not get the same."""
    while True:
        port = LOWEST_PORT + secrets.randbelow(PORTS // PORT_SPAN) * PORT_SPAN
        if all(_is_free(port + n) for n in range(PORT_SPAN)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _until_ready(process: subprocess.Popen[str], seconds: float) -> str:
    """Everything said up to the ready line; the rest is read away, so that nobody blocks."""
    assert process.stdout is not None
    too_late = threading.Timer(seconds, process.kill)
    too_late.start()
    said = ""
    for line in process.stdout:
        said += line
        if READY in line:
            too_late.cancel()
            threading.Thread(target=_read_away, args=(process.stdout,), daemon=True).start()
            return said
    too_late.cancel()
    raise AssertionError(f"the system did not get ready: {said}")


def _read_away(pipe: IO[str]) -> None:
    """To the end, which comes when the last process that writes has gone."""
    with pipe, contextlib.suppress(ValueError):
        for _ in pipe:
            pass


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def forget_databases(admin_url: str, name: str) -> None:
    """Drop the databases and roles that a system of this name has made on a shared server."""
    import psycopg

    url = make_url(admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    like = f"{name}\\_%"
    with psycopg.connect(url, autocommit=True) as conn:
        for database in _names(conn, "select datname from pg_database where datname like %s", like):
            drop = f'drop database if exists "{database}"'
            try:
                conn.execute(f"{drop} with (force)".encode())
            except psycopg.errors.InsufficientPrivilege:
                # An autovacuum worker is in it, whom only the plain statement sends away.
                conn.execute(drop.encode())
        for role in _names(conn, "select rolname from pg_roles where rolname like %s", like):
            with contextlib.suppress(psycopg.Error):
                conn.execute(f'drop role if exists "{role}"'.encode())


def _names(conn: Any, query: str, like: str) -> list[str]:
    return [row[0] for row in conn.execute(query, (like,)).fetchall()]
