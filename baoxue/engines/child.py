"""A child process that dies with us: started in a session of its own, waited for, stopped."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from baoxue.engines.outcome import EngineFailed

GUARD = Path(__file__).with_name("guard.py")
POLL_SECONDS = 0.05
CONNECT_SECONDS = 0.5
KILL_WAIT_SECONDS = 5.0
LOG_LIMIT_BYTES = 16 * 1024 * 1024
LOG_TAIL_BYTES = 8 * 1024
LINE_LIMIT = 200
SPACE_NEEDED_BYTES = 256 * 1024 * 1024


def never() -> bool:
    return False


def nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a child is started: program, environment, log, and what tells that it is ready.

    `ready` must answer within a second and never raise; `prepare` runs before each start, also
    after a crash. `stop_signal` asks for an orderly end, also when the parent dies. `uid` is the
    unprivileged user to become (root only). The others go on without a child that is not `vital`.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    ready: Callable[[], bool]
    ready_seconds: float = 60.0
    prepare: Callable[[], None] = nothing
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    uid: int | None = None
    vital: bool = True


@dataclass(frozen=True, slots=True)
class Child:
    """A started process with the launch that made it."""

    launch: Launch
    process: subprocess.Popen[bytes]

    @property
    def running(self) -> bool:
        return self.process.poll() is None


def start(launch: Launch) -> Child:
    """Starts the process; its death with us is the kernel's promise.

    Call it from a thread that lives as long as the child shall: the kernel watches that thread.
    """
    launch.prepare()
    keep_short(launch.log)
    with launch.log.open("ab") as log:
        process = subprocess.Popen(
            guarded(launch),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(launch.env),
            cwd=launch.cwd,
            # Ctrl-C reaches the foreground group only: the parent stops its children in order.
            start_new_session=True,
        )
    return Child(launch, process)


def guarded(launch: Launch) -> list[str]:
    uid = "-" if launch.uid is None else str(launch.uid)
    parent = [str(os.getpid()), str(int(launch.stop_signal)), uid]
    return [sys.executable, "-I", "-S", str(GUARD), *parent, *launch.argv]


def wait_ready(child: Child, cancelled: Callable[[], bool] = never) -> bool:
    """True when it is ready, False when `cancelled`; EngineFailed when it ends or takes too long.

    A child that failed is stopped before the error rises.
    """
    limit = time.monotonic() + child.launch.ready_seconds
    while not child.launch.ready():
        if cancelled():
            return False
        if not child.running:
            raise EngineFailed(why_ended(child.launch))
        if time.monotonic() > limit:
            stop(child)
            raise EngineFailed(
                f"{child.launch.name} 在 {child.launch.ready_seconds:.0f} 秒内没有就绪，"
                f"请查看日志 {child.launch.log} 后重试。"
            )
        time.sleep(POLL_SECONDS)
    return True


def stop(child: Child) -> None:
    """Asks for an orderly end, waits, then kills the whole group: nothing is left running."""
    if child.running:
        signal_group(child, child.launch.stop_signal)
        try:
            child.process.wait(child.launch.stop_seconds)
        except subprocess.TimeoutExpired:
            signal_group(child, signal.SIGKILL)
            child.process.wait(KILL_WAIT_SECONDS)
    signal_group(child, signal.SIGKILL)


def stop_all(children: Sequence[Child]) -> None:
    """Asks all at once, then waits for each: as slow as the slowest, not as their sum."""
    for child in children:
        if child.running:
            signal_group(child, child.launch.stop_signal)
    for child in children:
        stop(child)


def signal_group(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def run_once(launch: Launch, stdin: bytes = b"") -> None:
    """Runs a preparing program to its end; EngineFailed with one line when it fails."""
    keep_short(launch.log)
    with launch.log.open("ab") as log:
        done = subprocess.run(
            guarded(launch),
            input=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(launch.env),
            cwd=launch.cwd,
            timeout=launch.ready_seconds,
            check=False,
        )
    if done.returncode != 0:
        raise EngineFailed(why_ended(launch))


def why_ended(launch: Launch) -> str:
    tail = log_tail(launch.log)
    if "No space left on device" in tail:
        return f"磁盘已满，{launch.name} 无法写入：请清理磁盘后重试。"
    if "Address already in use" in tail:
        return f"{launch.name} 的端口已被占用：请停止占用它的程序，或设 BAOXUE_PORT 换一组端口。"
    last = next((line for line in reversed(tail.splitlines()) if line.strip()), "")
    said = f"({last.strip()[:LINE_LIMIT]})" if last else ""
    return f"{launch.name} 意外退出{said}，请查看日志 {launch.log} 后重试。"


def log_tail(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")


def keep_short(log: Path) -> None:
    """Keeps one older log beside the present one, so that logs never fill the disk."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def require_free_port(port: int, name: str) -> None:
    """EngineFailed when something listens on the loopback port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "已被占用" if taken else f"不能使用({error.strerror})"
            advice = "请停止占用它的程序，或设 BAOXUE_PORT 换一组端口。"
            raise EngineFailed(f"端口 {port}({name}){why}：{advice}") from error


def require_space(home: Path) -> None:
    """EngineFailed when the disk of `home` has less room than a first start takes."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    if free < SPACE_NEEDED_BYTES:
        raise EngineFailed(
            f"磁盘空间不足：{home} 所在磁盘只剩 {free // 2**20} MiB，"
            f"至少需要 {SPACE_NEEDED_BYTES // 2**20} MiB，请清理后重试。"
        )


def answers(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS):
            return True
    except OSError:
        return False
