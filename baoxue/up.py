"""One command, the whole system: servers, migration, services, in the order that they need."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status

from baoxue.engines.child import Launch, never, require_free_port, run_once
from baoxue.engines.home import held_home
from baoxue.engines.kafka import launch_kafka
from baoxue.engines.outcome import EngineFailed
from baoxue.engines.postgres import launch_postgres
from baoxue.engines.reach import require_reachable
from baoxue.supervisor import StopAsked, Supervisor, healthy, stop_signals, supervised

DEFAULT_HOME = ".baoxue"
SIMULATED_FROM = "BAOXUE_SIMULATED_FROM"
DEFAULT_PORT = 8700
DEFAULT_NAME = "baoxue"
POSTGRES_OFFSET, KAFKA_OFFSET, CONTROLLER_OFFSET = 10, 20, 21
HIGHEST_PORT = 65535
STEP_SECONDS = 600.0
SERVICE_READY_SECONDS = 60.0
SERVICE_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Service:
    """A process of ours: its module is run by `python -m`, its port is the base plus `offset`.

    The system starts, and goes on, without one that is not `vital`.
    """

    name: str
    module: str
    offset: int
    vital: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A program that runs to its end between starts; `shown` lets it write to the terminal."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    shown: bool = False


SERVICES = (
    Service("gateway", "baoxue.gateway", 0),
    Service("enrollment", "services.enrollment", 1),
    Service("casework", "services.casework", 2),
    Service("notify", "services.notify", 3),
    Service("audit", "services.audit", 4),
    # It ends by itself where data was rolled back: people go on working while that is mended.
    Service("sealer", "services.audit.sealer", 5, vital=False),
)
BEFORE = (Step("数据库与主题", "baoxue.migrate"),)
# Looks itself whether this system has its sample already.
SAMPLE = (Step("演示数据", "baoxue.sample", shown=True),)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where this system lives. Given addresses stand for servers that somebody else runs."""

    home: Path
    port: int = DEFAULT_PORT
    name: str = DEFAULT_NAME
    database_url: str | None = None
    kafka: str | None = None

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """From BAOXUE_HOME, _PORT, _NAME, _DATABASE_URL, _KAFKA; EngineFailed names a bad one."""
        return cls(
            home=Path(environ.get("BAOXUE_HOME") or DEFAULT_HOME).resolve(),
            port=read_port(environ.get("BAOXUE_PORT") or str(DEFAULT_PORT)),
            name=read_name(environ.get("BAOXUE_NAME") or DEFAULT_NAME),
            database_url=environ.get("BAOXUE_DATABASE_URL") or None,
            kafka=environ.get("BAOXUE_KAFKA") or None,
        )


def read_port(text: str) -> int:
    highest = HIGHEST_PORT - CONTROLLER_OFFSET
    if not text.isdecimal() or not 0 < int(text) <= highest:
        raise EngineFailed(f"BAOXUE_PORT={text} 不是可用的端口：请给 1 到 {highest} 的数字。")
    return int(text)


def read_name(text: str) -> str:
    """It prefixes databases, roles and topics, so it keeps to what all of them accept."""
    if not (text.isascii() and text.isidentifier() and text == text.lower() and len(text) <= 30):
        raise EngineFailed(
            f"BAOXUE_NAME={text} 不能用：请用小写字母开头的字母、数字、下划线，不超过 30 个字符。"
        )
    return text


def up(
    settings: Settings,
    console: Console,
    *,
    services: Sequence[Service] = SERVICES,
    before: Sequence[Step] = BEFORE,
    after: Sequence[Step] = (),
    born: datetime | None = None,
) -> None:
    """Brings everything up, says so last, and watches until it is asked to stop.

    `after` runs when all services are ready (the sample). Databases that are made now are `born`
    simulated at that time, if it is given. EngineFailed carries the one line of what went wrong;
    in every case nothing is left running.
    """
    with ExitStack() as stack:
        stack.enter_context(held_home(settings.home))
        stack.enter_context(stop_signals())
        status = stack.enter_context(console.status("正在检查端口 …"))
        supervisor = stack.enter_context(supervised(teller(console)))
        try:
            require_ports(settings, services)
            servers = start_servers(supervisor, settings, status)
            birth = {**shared_environment(servers), **admin(servers), **simulated(born, os.environ)}
            run_steps(before, birth, servers, status)
            status.update("正在启动各服务 …")
            supervisor.start_group([service_launch(service, servers) for service in services])
            run_steps(after, shared_environment(servers), servers, status)
            status.stop()
            console.print(f"baoxue ready http://127.0.0.1:{settings.port}", highlight=False)
            supervisor.watch()
        except StopAsked:
            status.stop()
            console.print("正在停止 …")
    console.print("已全部停止。")


def teller(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(f"  {line}", highlight=False, markup=False)


def require_ports(settings: Settings, services: Sequence[Service]) -> None:
    """Looks at every port before anything starts, so that a taken one costs nobody a minute."""
    for service in services:
        require_free_port(settings.port + service.offset, service.name)
    if settings.database_url is None:
        require_free_port(settings.port + POSTGRES_OFFSET, "PostgreSQL")
    if settings.kafka is None:
        require_free_port(settings.port + KAFKA_OFFSET, "Kafka")
        require_free_port(settings.port + CONTROLLER_OFFSET, "Kafka 控制端口")


def start_servers(supervisor: Supervisor, settings: Settings, status: Status) -> Settings:
    """The settings with the addresses of both servers in them, each of which answers."""
    database_url, kafka = settings.database_url, settings.kafka
    if database_url:
        require_reachable(database_url, 5432, "BAOXUE_DATABASE_URL")
    else:
        status.update("正在启动 PostgreSQL …")
        launch, postgres = launch_postgres(settings.home, settings.port + POSTGRES_OFFSET)
        supervisor.start_group([launch])
        database_url = postgres.url()
    if kafka:
        require_reachable(f"kafka://{kafka}", 9092, "BAOXUE_KAFKA")
    else:
        status.update("正在准备 Kafka …")
        launch, broker = launch_kafka(
            settings.home,
            settings.port + KAFKA_OFFSET,
            settings.port + CONTROLLER_OFFSET,
            progress=fetching(status),
        )
        status.update("正在启动 Kafka …")
        supervisor.start_group([launch])
        kafka = broker.bootstrap
    return replace(settings, database_url=database_url, kafka=kafka)


def fetching(status: Status) -> Callable[[int, int], None]:
    return lambda done, total: status.update(f"正在下载 Kafka 程序包 {done}/{total} …")


def run_steps(
    steps: Sequence[Step], own: Mapping[str, str], settings: Settings, status: Status
) -> None:
    kept = {k: v for k, v in os.environ.items() if not is_database(k)}
    for step in steps:
        status.update(f"正在进行：{step.name} …")
        words = (sys.executable, "-m", step.module, *step.arguments)
        environment = {**kept, **own}
        if step.shown:
            status.stop()
            run_shown(step, words, environment)
        else:
            run_once(step_launch(step, words, environment, settings))


def run_shown(step: Step, words: Sequence[str], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(words, env=environment, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode != 0:
        raise EngineFailed(f"{step.name}没有完成(见上)：请按提示处理后重试。")


def step_launch(
    step: Step, words: tuple[str, ...], environment: Mapping[str, str], settings: Settings
) -> Launch:
    return Launch(
        name=step.name,
        argv=words,
        env=environment,
        log=settings.home / "log" / f"{step.module.rpartition('.')[2]}.log",
        ready=never,
        ready_seconds=STEP_SECONDS,
    )


def service_launch(service: Service, settings: Settings) -> Launch:
    """How a service is started: it is healthy when `/health/ready` answers 200.

    One that is not vital may have much to catch up with first: it is there when it is alive.
    """
    port = settings.port + service.offset
    asked = "ready" if service.vital else "live"
    return Launch(
        name=service.name,
        argv=(sys.executable, "-m", service.module),
        env=service_environment(service, settings, os.environ),
        log=settings.home / "log" / f"{service.name}.log",
        ready=lambda: healthy(f"http://127.0.0.1:{port}/health/{asked}"),
        ready_seconds=SERVICE_READY_SECONDS,
        stop_seconds=SERVICE_STOP_SECONDS,
        vital=service.vital,
    )


def shared_environment(settings: Settings) -> dict[str, str]:
    return {
        "BAOXUE_HOME": str(settings.home),
        "BAOXUE_PORT": str(settings.port),
        "BAOXUE_NAME": settings.name,
        "BAOXUE_KAFKA": settings.kafka or "",
        "PYTHONUNBUFFERED": "1",
    }


def admin(settings: Settings) -> dict[str, str]:
    """The databases' addresses, which the migration alone may see."""
    placed = {k: v for k, v in os.environ.items() if is_database(k)}
    return {**placed, "BAOXUE_DATABASE_URL": settings.database_url or ""}


def simulated(born: datetime | None, environ: Mapping[str, str]) -> dict[str, str]:
    """What tells the migration that new databases begin at a simulated time; a given one stays."""
    if born is None or environ.get(SIMULATED_FROM):
        return {}
    return {SIMULATED_FROM: born.isoformat()}


def service_environment(
    service: Service, settings: Settings, environ: Mapping[str, str]
) -> dict[str, str]:
    """Ours without anybody's database but the service's own, which the migration wrote down.

    It leaves `secrets/<service>.env` in the home, lines of `NAME=value`, for this service alone.
    """
    kept = {k: v for k, v in environ.items() if not is_database(k)}
    note = settings.home / "secrets" / f"{service.name}.env"
    lines = note.read_text(encoding="utf-8").splitlines() if note.exists() else []
    written = dict(line.split("=", 1) for line in lines if line)
    return {**kept, **shared_environment(settings), **written}


def is_database(name: str) -> bool:
    return name.startswith("BAOXUE_") and name.endswith("DATABASE_URL")
