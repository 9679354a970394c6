"""Real PostgreSQL and Kafka for the tests: given addresses, else Docker, else the wheels.

`python -m tests.servers start|stop|env` keeps one pair alive between runs for developers:
`eval "$(python -m tests.servers env)"` makes the tests use it.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import psutil
from docker.errors import DockerException

from baoxue.engines.child import stop
from baoxue.engines.home import held_home
from baoxue.engines.kafka import start_kafka
from baoxue.engines.outcome import EngineFailed
from baoxue.engines.postgres import start_postgres
from tests.containers import container_servers

DATABASE = "BAOXUE_TEST_DATABASE_URL"
BROKER = "BAOXUE_TEST_KAFKA"
TIER = "BAOXUE_TEST_TIER"
TIERS = ("given", "docker", "wheels")
PING_SECONDS = 3
START_SECONDS = 120.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.2
PORTS = range(20_000, 32_000)
KEPT = Path(os.environ.get("BAOXUE_TEST_KEPT", f"/tmp/baoxue-servers-{os.getuid()}"))

# Tests lose nothing in a power cut that they would miss; `durable_postgres` keeps fsync on.
HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True, slots=True)
class Servers:
    """Where both servers are, and which tier gave them."""

    database_url: str
    kafka: str
    tier: str


def tier() -> str:
    """The forced tier, else the first that can be had; an unknown name is refused."""
    forced = os.environ.get(TIER)
    if forced:
        if forced not in TIERS:
            raise SystemExit(f"{TIER}={forced}: one of {', '.join(TIERS)}")
        return forced
    if os.environ.get(DATABASE) and os.environ.get(BROKER):
        return "given"
    return "docker" if docker_answers() else "wheels"


def docker_answers() -> bool:
    if not docker_listens(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")):
        return False
    try:
        with contextlib.closing(docker.from_env(timeout=PING_SECONDS)) as client:
            return bool(client.ping())
    except (DockerException, OSError):
        return False


def docker_listens(address: str) -> bool:
    """Looked at first: the client leaks a socket, which is a warning, where nobody listens."""
    if not address.startswith("unix://"):
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PING_SECONDS)
        return probe.connect_ex(address.removeprefix("unix://")) == 0


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Both servers for as long as the block lasts; `folder` keeps the wheels' data."""
    chosen = tier()
    if chosen == "given":
        yield given_servers()
    elif chosen == "docker":
        with container_servers() as (database_url, kafka):
            yield Servers(database_url, kafka, chosen)
    else:
        with wheel_servers(folder) as found:
            yield found


def given_servers() -> Servers:
    missing = [name for name in (DATABASE, BROKER) if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"{TIER}=given needs {' and '.join(missing)}")
    return Servers(os.environ[DATABASE], os.environ[BROKER], "given")


@contextlib.contextmanager
def wheel_servers(folder: Path) -> Iterator[Servers]:
    with contextlib.ExitStack() as running:
        ports = free_ports(3)
        child, postgres = start_postgres(folder, ports[0], HASTY)
        running.callback(stop, child)
        child, kafka = start_kafka(folder, ports[1], ports[2])
        running.callback(stop, child)
        yield Servers(postgres.url(), kafka.bootstrap, "wheels")


def free_ports(count: int) -> list[int]:
    """Ports free at this moment, all different, below those that outgoing connections take."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports in {PORTS}")


def keep() -> None:
    """Holds the wheels' servers until SIGTERM; the body of the kept process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with held_home(KEPT), wheel_servers(KEPT) as found:
        note = {"pid": os.getpid(), "database_url": found.database_url, "kafka": found.kafka}
        (KEPT / "servers.json").write_text(json.dumps(note))
        signal.pause()


def kept() -> dict[str, str] | None:
    """The note of the kept pair when its process lives."""
    note = KEPT / "servers.json"
    if not note.exists():
        return None
    found = json.loads(note.read_text())
    return found if psutil.pid_exists(found["pid"]) else None


def begin() -> None:
    if kept():
        return
    KEPT.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (KEPT / "keep.log").open("ab") as log:
        words = [sys.executable, "-m", "tests.servers", "keep"]
        subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    limit = time.monotonic() + START_SECONDS
    while not kept():
        # Where another terminal began a moment earlier, ours ends at once and theirs serves.
        if time.monotonic() > limit:
            raise SystemExit(f"the servers did not start: see {KEPT / 'keep.log'}")
        time.sleep(POLL_SECONDS)


def end() -> None:
    found = kept()
    if found:
        process = psutil.Process(int(found["pid"]))
        process.terminate()
        process.wait(STOP_SECONDS)


def print_environment() -> None:
    found = kept()
    if not found:
        raise SystemExit("no servers are kept: python -m tests.servers start")
    print(f"export {DATABASE}='{found['database_url']}'")
    print(f"export {BROKER}='{found['kafka']}'")


def main(words: list[str]) -> None:
    actions = {"start": begin, "stop": end, "env": print_environment, "keep": keep}
    if len(words) != 1 or words[0] not in actions:
        raise SystemExit("python -m tests.servers start|stop|env")
    try:
        actions[words[0]]()
    except EngineFailed as failed:
        raise SystemExit(failed.line) from failed
    if words[0] == "start":
        print_environment()


if __name__ == "__main__":
    main(sys.argv[1:])
